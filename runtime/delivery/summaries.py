"""What the explorer and the charts read: an event's summary row, and the minute's counters. Once per hit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

import msgspec

from runtime.delivery.settle import Ledger
from runtime.model.event import EventRun, Outcome, TagRun
from runtime.model.hit import LoggedHit
from runtime.store.delivery_rows import NOT_SENT, SENT_ONCE, DeadRow, EventFlag, EventRow, storable
from runtime.text.redaction import environment_redactor

_FLAGS = {"denied": EventFlag.DENIED.value, "dropped": EventFlag.DROPPED.value, "failed": EventFlag.FAILED.value}


def script_fault(reason: str) -> tuple[str, str]:
    """Returns a dead letter's reason and message for a failed run: `kind: message`, or the same after
    `transformation ID: ` where that kept the tag from firing."""
    where, _, rest = reason.partition(": ")
    if where.startswith("transformation "):
        kind, _, message = rest.partition(":")
        return f"script_{kind.strip()}", f"{where}: {message.strip()}"
    kind, _, message = reason.partition(":")
    return f"script_{kind.strip()}", message.strip()


def bury_script(
    ledger: Ledger, logged: LoggedHit, place: tuple[str, int], reason: str, message: str, event_id: str = ""
) -> None:
    """Writes the dead letter of what a script did not make, for a tag ("" = the pipeline) and a position."""
    tag, pos = place
    reason, message = storable(masked(reason), 100), storable(masked(message), 2000)
    # No payload: the hit itself is in the log, and a replay starts from it.
    ledger.dead(
        DeadRow(tag, logged.seq, pos, reason, message, 0, 0, ledger.now_ms(), logged.hit.version, event_id, b"")
    )


def event_id_of(event: EventRun) -> str:
    """Returns the event's id as rows keep it."""
    return storable(str(event.event.get("event_id", "")), 200)


def _state(run: TagRun) -> str:
    return f"{run.state}: {masked(run.reason)[:200]}" if run.reason else run.state


@lru_cache(maxsize=1024)
def masked(text: str) -> str:
    """Returns text without personal data and secrets, which stand in the hit alone, in the log: reasons are a script's
    words, and names may be anybody's."""
    return environment_redactor().text(text[:4000])


class Summaries:
    """Writes to the ledger what the pipeline decided about a hit."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def take(self, logged: LoggedHit, outcome: Outcome, removed: Collection[str] = ()) -> None:
        """Notes a hit's events, tag states, repairs and what was given up before any tag ran. What fired for a tag that
        was `removed` is discarded."""
        hit = logged.hit
        minute = hit.received_us // 60_000_000
        count = self._ledger.count
        count("received", hit.client, minute=minute)
        for code, n in outcome.repairs.items():
            count("repaired", code, n, minute=minute)
        repaired = EventFlag.REPAIRED.value if outcome.repairs else 0
        for event in outcome.events:
            count("events", masked(str(event.event["event_name"])), minute=minute)
            self._event(logged, event, minute, repaired, removed)
        for dead in outcome.dead:
            self._violated(dead.violations, minute)
            flags, client = repaired | EventFlag.DEAD, hit.client
            row = EventRow(logged.seq, dead.position, hit.received_us, "", client, "", "{}", flags)
            self._ledger.pending.events.append(row)
            self._dead(logged, "", dead.position, dead.reason, dead.message)

    def take_aside(self, logged: LoggedHit, outcome: Outcome) -> None:
        """Notes a hit that is not live: rows that say so, and nothing counted or given up."""
        hit, fired = logged.hit, SENT_ONCE if logged.hit.sends else NOT_SENT
        always = EventFlag.PREVIEW.value | (EventFlag.REPAIRED.value if outcome.repairs else 0)
        rows = self._ledger.pending.events
        for event in outcome.events:
            runs = [run for run in event.tags if run.state != "not_triggered"]
            states = {run.tag: fired if run.state == "fired" else _state(run) for run in runs}
            flags = always | (EventFlag.VIOLATED.value if event.violations else 0)
            for run in runs:
                flags |= _FLAGS.get(run.state, 0)
            rows.append(self._row(logged, event, msgspec.json.encode(states).decode(), flags))
        for dead in outcome.dead:
            flags = always | EventFlag.DEAD.value
            rows.append(EventRow(logged.seq, dead.position, hit.received_us, "", hit.client, "", "{}", flags))

    def revive(self, logged: LoggedHit, events: Iterable[EventRun], removed: Collection[str]) -> None:
        """Notes events of a hit that had been given up before any tag ran."""
        minute = logged.hit.received_us // 60_000_000
        for event in events:
            self._ledger.count("events", masked(str(event.event["event_name"])), minute=minute)
            self._event(logged, event, minute, 0, removed)

    def restate(self, logged: LoggedHit, event: EventRun, run: TagRun) -> None:
        """Notes that one tag, run again, did something else with the event than its summary says."""
        row = self._ledger.summary(logged.seq, event.position) or self._row(logged, event, "{}", 0)
        states = msgspec.json.decode(row.tags, type=dict[str, str])
        if states.get(run.tag) == _state(run):
            return
        states[run.tag] = _state(run)
        flags = row.flags & ~sum(_FLAGS.values())
        for state in states.values():
            flags |= _FLAGS.get(state.partition(":")[0], 0)
        row = row._replace(tags=msgspec.json.encode(states).decode(), flags=flags)
        self._ledger.pending.restated[row.seq, row.pos] = row

    def _event(self, logged: LoggedHit, event: EventRun, minute: int, flags: int, removed: Collection[str]) -> None:
        states: dict[str, str] = {}
        self._violated(event.violations, minute)
        flags |= EventFlag.VIOLATED.value if event.violations else 0
        for run in event.tags:
            if run.state == "not_triggered":
                continue
            states[run.tag] = "discarded" if run.state == "fired" and run.tag in removed else _state(run)
            flags |= _FLAGS.get(run.state, 0)
            self._count(run, minute)
            if run.state == "failed":
                self._dead(logged, run.tag, event.position, *script_fault(run.reason), event)
        self._ledger.pending.events.append(self._row(logged, event, msgspec.json.encode(states).decode(), flags))

    def _violated(self, labels: Iterable[str], minute: int) -> None:
        for label in labels:
            self._ledger.count("violated", label, minute=minute)

    def _count(self, run: TagRun, minute: int) -> None:
        if run.state == "denied":
            for purpose in run.reason.replace(",", " ").split():
                self._ledger.count("denied", f"{run.tag} {purpose}", minute=minute)
        else:
            self._ledger.count(run.state, run.tag, minute=minute)

    def _row(self, logged: LoggedHit, event: EventRun, tags: str, flags: int) -> EventRow:
        hit = logged.hit
        name, event_id = storable(masked(str(event.event["event_name"])), 200), event_id_of(event)
        return EventRow(logged.seq, event.position, hit.received_us, name, hit.client, event_id, tags, flags)

    def _dead(
        self, logged: LoggedHit, tag: str, pos: int, reason: str, message: str, event: EventRun | None = None
    ) -> None:
        event_id = event_id_of(event) if event else ""
        bury_script(self._ledger, logged, (tag, pos), reason, message, event_id)
