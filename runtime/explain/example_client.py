"""Runs a client's example: the request through a collector, the hit through `parse`.

`explain` lies below the edge, so the way in is handed to it: a `Receive` takes a request through a collector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import orjson

from runtime.errors import OperatorError
from runtime.explain.example import Example
from runtime.model.event import Event
from runtime.model.hit import Hit, LoggedHit
from runtime.model.snapshot import Snapshot
from runtime.pipeline.enrich import Visitor
from runtime.pipeline.parse import parse
from runtime.pipeline.program import Program

Result = dict[str, Any]


class Received(Protocol):
    """What a collector did with a request."""

    status: int
    headers: dict[str, str]
    """Of the answer, names in lower case."""
    body: bytes
    hit: Hit | None
    """The hit, where it was accepted."""
    reason: str
    """Why it was not."""


class Receive(Protocol):
    """Takes a request through a collector that serves a snapshot."""

    def __call__(
        self,
        snapshot: Snapshot,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        client_ip: str,
        at_us: int,
        secrets: Callable[[str], str],
    ) -> Received:
        """Returns what the collector did; `at_us` is the request's arrival, `secrets` returns a secret by name."""
        ...


def run_client(program: Program, client: str, example: Example, receive: Receive) -> Result:
    """Returns what came of the example, in the words of its expectation: the outcome, and what else it asks for."""
    received = _received(program.snapshot, example, receive)
    wanted = example.expect
    asked = {} if wanted.answer is None else {"answer": _answer(received, wanted.answer)}
    if received.hit is None:
        return asked | {"refused": {"status": received.status, "reason": received.reason}}
    if wanted.hit is not None:
        facts = msgspec.structs.asdict(received.hit)
        asked["hit"] = {name: facts[name] for name in wanted.hit if name in facts}
    return asked | _parse(LoggedHit(0, 1, received.hit), program, client, wanted.events or ())


def _received(snapshot: Snapshot, example: Example, receive: Receive) -> Received:
    hit = example.hit
    if hit is None or example.event is not None:
        hint = "Describe the request that a sender makes."
        raise OperatorError("An example of a client needs `hit`, and no `event`.", hint=hint)
    return receive(
        snapshot,
        method=hit.method,
        url=hit.url,
        headers=hit.all_headers(),
        body=hit.encoded()[0],
        client_ip=hit.client_ip,
        at_us=example.at * 1_000_000,
        secrets=example.secret,
    )


def _answer(received: Received, wanted: Result) -> Result:
    parts: dict[str, Callable[[], Any]] = {
        "status": lambda: received.status,
        "type": lambda: received.headers.get("content-type", ""),
        "body": lambda: received.body.decode("utf-8", "replace"),
        "json": lambda: orjson.loads(received.body),
    }
    return {name: parts[name]() for name in wanted if name in parts}


def _parse(logged: LoggedHit, program: Program, client: str, wanted: Sequence[Result]) -> Result:
    parsed = parse(logged, program.clients[client])
    whole = [dead for dead in parsed.dead if dead.position < 0]
    if whole:
        return {"dead": whole[0].reason}
    entries: dict[int, Result] = {dead.position: {"dead": dead.reason} for dead in parsed.dead}
    for position, event in parsed.events:
        named = wanted[position] if position < len(wanted) else {}
        entries[position] = _own(event, Visitor(logged).enrich({}, position), named)
    return {"events": [entries[position] for position in sorted(entries)], "repairs": parsed.repairs}


def _own(event: Event, filled: Event, named: Result) -> Result:
    """Returns an event without what the host filled in from the hit, unless the example names it."""
    return {name: value for name, value in event.items() if name in named or filled.get(name) != value}
