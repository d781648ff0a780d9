"""The first stage: the client's script turns a hit into events.

What cannot be read becomes a dead letter with a stable reason and is never an error: of the whole hit, or of one event
where only that one is at fault. A batch reaches the script in slices; a slice that fails is tried again an event at a
time. An event's position counts what `parse` returned, dead entries included, and is its name for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Pushed, Returned
from runtime.model.event import Dead, Event
from runtime.model.hit import LoggedHit
from runtime.model.manifest import ClientSpec
from runtime.model.reach import Readable
from runtime.pipeline.encode import clean
from runtime.pipeline.enrich import Visitor
from runtime.pipeline.given import Given
from runtime.pipeline.hit_table import Repairs, base_table, batch, payload, without_holes
from runtime.pipeline.script import Code
from runtime.pipeline.trace import Trace
from runtime.text.batches import Batch
from runtime.text.malformed import Malformed

SLICE = 25
"""Events of a batch that one call of `parse` receives."""
MAX_EVENTS = 1000
"""Events that one call of `parse` may return."""
MOST_EXHAUSTED = 10
"""Calls of one hit that may end at a limit of the sandbox. Each costs as much as a thousand sound ones, so a batch
whose every event does would keep its router from all others for minutes."""

_REASON = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MESSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class CompiledClient:
    """One client of a version."""

    id: str
    template: str
    spec: ClientSpec
    priority: int
    code: Code
    settings: Given
    parts: tuple[str, ...]
    """Parts of the hit that the script may read."""
    readable: Readable
    """Which headers and cookies those hold."""


@dataclass(slots=True)
class Parsed:
    """A hit's events by position, and what was given up."""

    events: list[tuple[int, Event]] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    repairs: Repairs = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)


class _GivenUp(Exception):
    """A hit, a slice or an event that becomes a dead letter."""

    def __init__(self, reason: Any, message: Any) -> None:
        """Takes whatever a script gave; a reason that is no code becomes `rejected`."""
        known = isinstance(reason, str) and _REASON.fullmatch(reason)
        self.reason: str = reason if known else "rejected"
        text = message if isinstance(message, str) else "" if known else str(reason)
        self.message = text.replace("\0", "")[:_MESSAGE_LENGTH]
        super().__init__(self.reason)


def parse(logged: LoggedHit, client: CompiledClient | None, trace: Trace | None = None) -> Parsed:
    """Returns the events of a hit, enriched; `client` is the one that claimed it."""
    parsed = Parsed(repairs=dict(logged.hit.repairs))
    visitor = Visitor(logged)
    try:
        if client is None:
            raise _GivenUp("unknown_client", f"version {logged.hit.version} has no client {logged.hit.client}")
        for entry in _Parser(logged, client, parsed, trace).entries():
            _place(entry, parsed, visitor)
    except Malformed as error:
        parsed.dead.append(Dead(error.reason, error.message))
    except _GivenUp as given_up:
        parsed.dead.append(Dead(given_up.reason, given_up.message))
    return parsed


def _place(entry: Any, parsed: Parsed, visitor: Visitor) -> None:
    """Files one entry of what `parse` returned under the next position."""
    position = len(parsed.events) + len(parsed.dead)
    try:
        event = visitor.enrich(_checked(entry), position)
        parsed.events.append((position, event))
    except _GivenUp as given_up:
        parsed.dead.append(Dead(given_up.reason, given_up.message, position))


def _checked(entry: Any) -> Event:
    """Returns an entry that is an event, without NULs; anything else is given up with its reason."""
    if isinstance(entry, _GivenUp):
        raise entry
    if not isinstance(entry, dict):
        raise _GivenUp("not_an_event", "`parse` returned something in its list that is no table")
    if "dead" in entry:
        raise _GivenUp(entry["dead"], entry.get("message"))
    name = entry.get("event_name")
    if not isinstance(name, str) or not name:
        raise _GivenUp("no_event_name", "the event has no `event_name`, or one that is no text")
    try:
        return clean(entry)
    except ScriptFault as fault:
        raise _GivenUp("not_json", fault.message) from fault


class _Parser:
    """Calls a client's `parse` for one hit."""

    def __init__(self, logged: LoggedHit, client: CompiledClient, parsed: Parsed, trace: Trace | None) -> None:
        self._logged = logged
        self._client = client
        self._parsed = parsed
        self._trace = trace
        self._base = base_table(logged, client.parts, client.readable)
        self._exhausted = 0

    def entries(self) -> Iterator[Any]:
        """Yields what `parse` returned, in order; a `_GivenUp` in place of an event that cost its slice the call."""
        hit, spec, repairs = self._logged.hit, self._client.spec, self._parsed.repairs
        decoded = batch(hit, spec, repairs)
        if decoded is None:
            yield from self._call(payload(hit, spec, repairs), 0)
            return
        for start in range(0, len(decoded.events), SLICE):
            yield from self._slice(decoded, start, start + SLICE)

    def _slice(self, decoded: Batch, start: int, stop: int) -> list[Any]:
        part = without_holes(decoded.events[start:stop])
        if self._exhausted >= MOST_EXHAUSTED:
            message = f"{MOST_EXHAUSTED} calls for this hit ended at a limit; the rest of it was not tried"
            return [_GivenUp("script_cpu", message)] * len(part)
        try:
            return self._call({"events": part, "fields": decoded.fields, "index": start}, start)
        except _GivenUp as given_up:
            if len(part) == 1:
                return [given_up]
        return [entry for place in range(start, start + len(part)) for entry in self._slice(decoded, place, place + 1)]

    def _call(self, given: dict[str, Any], index: int) -> list[Any]:
        """Returns the list that one call of `parse` gave; raises `_GivenUp`."""
        table = self._base | given
        client = self._client
        seed = f"{self._logged.id}/{index}/{client.id}/parse"
        try:
            pushed = self._push(table)
            at_us = self._logged.hit.received_us
            settings, hit = client.settings.pushed(), self._logged
            returned = client.code.call("parse", pushed, settings, at_us=at_us, seed=seed, last=True, hit=hit)
            entries = self._read(returned)
        except ScriptFault as fault:
            self._exhausted += fault.kind in ("cpu", "memory")
            self._parsed.logs.extend(f"client {self._client.id}: {line}" for line in fault.logs)
            self._record(table, fault=f"{fault.kind}: {fault.message}")
            raise _GivenUp(f"script_{fault.kind}", fault.message) from fault
        except _GivenUp as given_up:
            self._record(table, dead=given_up.reason, message=given_up.message)
            raise
        if self._trace is not None:
            self._record(table, returned=entries, logs=list(returned.logs))
        return entries

    def _push(self, table: dict[str, Any]) -> Pushed:
        try:
            # Fresh: decoded for this hit alone; `base_table` copies what the hit keeps.
            return self._client.code.sandbox.push(table, fresh=True)
        except TypeError as error:
            # All of it is JSON data by now, whose integers may still be longer than any script could hold.
            raise _GivenUp("number_out_of_range", f"a number is too large: {error}") from error

    def _read(self, returned: Returned) -> list[Any]:
        entries, second, third, *_ = (*returned.values, None, None, None)
        if returned.logs:
            self._parsed.logs.extend(f"client {self._client.id}: {line}" for line in returned.logs)
        if entries is None:
            raise _GivenUp(second, third)
        # An empty Lua table arrives as an empty object; here it is an empty list.
        if not isinstance(entries, list) and entries != {}:
            raise ScriptFault("result", "`parse` must return a list of events, or nil, a reason and a message")
        if len(entries) > MAX_EVENTS:
            raise _GivenUp("too_many_events", f"`parse` returned {len(entries)} events; {MAX_EVENTS} are allowed")
        self._count(second)
        return list(entries)

    def _count(self, repairs: Any) -> None:
        """Adds the script's own repairs, a table of code to count."""
        for code, count in repairs.items() if isinstance(repairs, dict) else ():
            if isinstance(code, str) and isinstance(count, int) and count > 0:
                self._parsed.repairs[code] = self._parsed.repairs.get(code, 0) + count

    def _record(self, table: dict[str, Any], **decided: Any) -> None:
        if self._trace is not None:
            # Copied, because events are filled in where they lie.
            self._trace.calls.append(deepcopy({"input": table, **decided}))
