"""What the explorer and the charts read: an event's summary row, and the minute's counters. Once per hit."""

from __future__ import annotations

import msgspec

from runtime.delivery.settle import Ledger
from runtime.model.event import EventRun, Outcome, TagRun
from runtime.model.hit import LoggedHit
from runtime.store.delivery_rows import DeadRow, EventFlag, EventRow, storable

_FLAGS = {"denied": EventFlag.DENIED.value, "dropped": EventFlag.DROPPED.value, "failed": EventFlag.FAILED.value}


class Summaries:
    """Writes to the ledger what the pipeline decided about a hit."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def take(self, logged: LoggedHit, outcome: Outcome) -> None:
        """Notes a hit's events, tag states, repairs and what was given up before any tag ran."""
        hit = logged.hit
        minute = hit.received_us // 60_000_000
        count = self._ledger.count
        count("received", hit.client, minute=minute)
        for code, n in outcome.repairs.items():
            count("repaired", code, n, minute=minute)
        repaired = EventFlag.REPAIRED.value if outcome.repairs else 0
        for event in outcome.events:
            count("events", str(event.event["event_name"]), minute=minute)
            self._event(logged, event, minute, repaired)
        for dead in outcome.dead:
            self._event_row(logged, dead.position, "", "", "{}", repaired | EventFlag.DEAD)
            self._dead(logged, "", dead.position, dead.reason, dead.message)

    def _event(self, logged: LoggedHit, event: EventRun, minute: int, flags: int) -> None:
        states: dict[str, str] = {}
        for run in event.tags:
            if run.state == "not_triggered":
                continue
            states[run.tag] = f"{run.state}: {run.reason[:200]}" if run.reason else run.state
            flags |= _FLAGS.get(run.state, 0)
            self._count(run, minute)
            if run.state == "failed":
                kind, _, message = run.reason.partition(":")
                self._dead(logged, run.tag, event.position, f"script_{kind.strip()}", message.strip(), event)
        name, event_id = str(event.event["event_name"]), str(event.event.get("event_id", ""))
        self._event_row(logged, event.position, name, event_id, msgspec.json.encode(states).decode(), flags)

    def _count(self, run: TagRun, minute: int) -> None:
        if run.state == "denied":
            for purpose in run.reason.replace(",", " ").split():
                self._ledger.count("denied", f"{run.tag} {purpose}", minute=minute)
        else:
            self._ledger.count(run.state, run.tag, minute=minute)

    def _event_row(self, logged: LoggedHit, pos: int, name: str, event_id: str, tags: str, flags: int) -> None:
        hit = logged.hit
        name, event_id = storable(name, 200), storable(event_id, 200)
        row = EventRow(logged.seq, pos, hit.received_us, name, hit.client, event_id, tags, flags)
        self._ledger.pending.events.append(row)

    def _dead(
        self, logged: LoggedHit, tag: str, pos: int, reason: str, message: str, event: EventRun | None = None
    ) -> None:
        event_id = storable(str(event.event.get("event_id", "")), 200) if event else ""
        reason, message = storable(reason, 100), storable(message, 2000)
        now, version = self._ledger.now_ms(), logged.hit.version
        # No payload: the hit itself is in the log, and a replay starts from it.
        self._ledger.dead(DeadRow(tag, logged.seq, pos, reason, message, 0, 0, now, version, event_id, b""))
