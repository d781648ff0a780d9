"""One hit through two versions: what each tag does otherwise, event by event. The ground of a look at one hit
(beside.py) and of a dry run over many (dry_run.py).

Whose hit it is, is not decided again: client, cookies, consent and facts are the stored ones, as the edge decided them
by the version that took the hit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from runtime.delivery.envelope import Masked, mask
from runtime.delivery.reroutes import by_version
from runtime.errors import ScriptFault
from runtime.model.delivery import Batch, Envelope
from runtime.model.event import EventRun, Outcome, TagRun
from runtime.model.hit import LoggedHit
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.tag import describe_request

_ENVELOPES = 512

Word = Literal["newly_fires", "stops_firing", "changed", "new_error", "newly_denied", "other"]
"""What the second version does otherwise: it makes an item where the first made none · it makes none · its item or its
request differs · a script fails that did not · consent keeps the tag from running · none of these, for example blocked
in place of not triggered."""

NO_TAG = "no_tag"
NO_EVENT = "no_event"
"""States in the place of a tag's: the version lacks the tag, or makes no such event."""


class Change(NamedTuple):
    """What one tag does otherwise with one event."""

    position: int
    tag: str
    word: Word
    before: TagRun | None
    after: TagRun | None
    reason: str
    """In words: the state that the tag is in now, or why its request cannot be described."""


class Ran(NamedTuple):
    """What a version made of a hit, and how long it took."""

    outcome: Outcome
    nanoseconds: int
    """CPU time of this thread."""


class Side:
    """A version, ready to run stored hits."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._envelopes: dict[tuple[str, str], Envelope | ScriptFault] = {}

    def run(self, logged: LoggedHit, recorded: Mapping[str, bytes]) -> Ran:
        """Runs one hit as if it had arrived on this version, all tags."""
        chosen = by_version(logged, self.program.number)
        began = time.thread_time_ns()
        outcome = run(chosen, self.program, recorded=recorded)
        return Ran(outcome, time.thread_time_ns() - began)

    def envelope(self, tag: str, key: str) -> Envelope | ScriptFault:
        """Returns the request of one item of that batch key, or why it cannot be described."""
        if (tag, key) not in self._envelopes:
            if len(self._envelopes) >= _ENVELOPES:
                self._envelopes.clear()
            try:
                described: Envelope | ScriptFault = describe_request(
                    self.program, tag, Batch(key, 1, self.program.number)
                )
            except ScriptFault as fault:
                described = fault
            self._envelopes[tag, key] = described
        return self._envelopes[tag, key]

    def request(self, made: TagRun, item: bytes, at_s: int) -> Masked | ScriptFault:
        """Returns the request that carries an item alone at that time, with names in place of secrets."""
        envelope = self.envelope(made.tag, made.key)
        if isinstance(envelope, ScriptFault):
            return envelope
        try:
            return mask(envelope, [item], at_s=at_s)
        except ScriptFault as fault:
            return fault


def changes(before: Side, was: Outcome, after: Side, now: Outcome) -> Iterator[Change]:
    """Yields what tags do otherwise, events in their order."""
    old, new = ({event.position: event for event in outcome.events} for outcome in (was, now))
    for position in sorted(old.keys() | new.keys()):
        runs, others = (_runs(events.get(position)) for events in (old, new))
        for tag in dict.fromkeys([*runs, *others]):
            change = _change(before, runs.get(tag), after, others.get(tag))
            if change is not None:
                yield Change(position, tag, change[0], runs.get(tag), others.get(tag), change[1])


def new_dead(was: Outcome, now: Outcome) -> list[tuple[int, str, str]]:
    """Returns position, reason and message of what only the second version gives up before any tag ran."""
    known = {(dead.position, dead.reason) for dead in was.dead}
    return [
        (dead.position, dead.reason, dead.message) for dead in now.dead if (dead.position, dead.reason) not in known
    ]


def state_of(run: TagRun | None) -> str:
    """Returns a tag's state with its reason; `no_tag` where the version did not run it for the event."""
    if run is None:
        return NO_TAG
    return f"{run.state}: {run.reason}" if run.reason else run.state


def _runs(event: EventRun | None) -> dict[str, TagRun]:
    return {run.tag: run for run in event.tags} if event else {}


def _change(before: Side, was: TagRun | None, after: Side, now: TagRun | None) -> tuple[Word, str] | None:
    old, new = was.state if was else NO_TAG, now.state if now else NO_TAG
    if now is not None and new == "fired":
        return _fired(before, was, after, now)
    if new == old:
        return None
    if new == "failed":
        return "new_error", now.reason if now else ""
    if new == "denied":
        return "newly_denied", now.reason if now else ""
    return ("stops_firing" if old == "fired" else "other"), state_of(now)


def _fired(before: Side, was: TagRun | None, after: Side, now: TagRun) -> tuple[Word, str] | None:
    described = after.envelope(now.tag, now.key)
    known = before.envelope(was.tag, was.key) if was and was.state == "fired" else None
    if isinstance(described, ScriptFault) and not isinstance(known, ScriptFault):
        return "new_error", f"request: {described.kind}: {described.message}"
    if was is None or was.state != "fired":
        return "newly_fires", ""
    if was.item != now.item:
        return "changed", "item"
    return ("changed", "request") if _differ(known, described) else None


def _differ(known: Envelope | ScriptFault | None, described: Envelope | ScriptFault) -> bool:
    return isinstance(known, Envelope) and isinstance(described, Envelope) and known != described
