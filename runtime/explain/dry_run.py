"""What a draft would do otherwise than the live version: the last stored hits through both, nothing sent.

Scripts that hang are not stopped here: who calls this for a draft that nobody has run yet gives it a process of its own
(cli/dry_run.py).

Claims are not decided again: a hit that was refused, or that the draft's clients would take otherwise, is not told of.
Look-ups are answered as they were recorded; a hit that asks for anything else is counted and left out.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from runtime.explain.beside import change_details, program_of
from runtime.explain.dry_run_figures import PIPELINE, DryRun, TagFigures, block
from runtime.explain.newest import newest_hits
from runtime.explain.programs import Programs
from runtime.explain.put_away import careful_sandbox
from runtime.explain.sides import Change, Ran, Side, changes, new_dead
from runtime.lua.values import Unwatched, Watch
from runtime.model.event import Outcome
from runtime.model.hit import LoggedHit
from runtime.model.snapshot import Snapshot
from runtime.store.files import control_path
from runtime.text.redaction import environment_redactor, mask_line

LAST = 1000
MOST_S = 20.0
EXAMPLES = 3
"""Of each tag and each word."""
SLOWER = 1.5
"""How many times as long the draft must take for an event before it is told."""
SLOWER_US = 50.0
"""How much longer it must take besides: next to nothing times two is nothing."""
_WARM = 20
"""Hits whose time is not counted: each script is compiled at its first call."""
_MEASURED = 50
"""Events without which no time is told."""

Record = dict[str, Any]
WatchSide = Callable[[str], Watch]
"""Makes the watch that is told of calls, for `live` and for `draft`."""


def dry_run(
    data_dir: Path, draft: Snapshot, last: int = LAST, *, most_s: float = MOST_S, watch: WatchSide | None = None
) -> DryRun:
    """Returns what the draft would do otherwise with the last stored hits, personal data masked and secrets named.

    OperatorError where nothing is live.
    """
    make = watch or (lambda side: Unwatched())
    live = _programs(data_dir, make("live"))
    before = Side(live.program(live.live().number))
    after = Side(program_of(_programs(data_dir, make("draft")), data_dir, draft, number=before.program.number))
    comparer = _Comparer(before, after, DryRun(live=before.program.number, asked=last))
    until = time.monotonic() + most_s
    for shard, logged in islice(newest_hits(data_dir), last):
        if time.monotonic() > until:
            comparer.found.complete = False
            break
        comparer.take(logged, shard.delivery.lookups(logged.seq) if shard.delivery else {})
    return comparer.summary()


def _programs(data_dir: Path, watch: Watch) -> Programs:
    return Programs(control_path(data_dir), partial(careful_sandbox(data_dir), watch=watch))


class _Comparer:
    def __init__(self, before: Side, after: Side, found: DryRun) -> None:
        self.found = found
        self._before, self._after = before, after
        self._taken = 0
        self._spent, self._measured = [0, 0], [0, 0]

    def take(self, logged: LoggedHit, recorded: dict[str, bytes]) -> None:
        """Runs one hit through both and notes what differs."""
        was, now = self._both(logged, recorded)
        if was.outcome.needs or now.outcome.needs:
            self.found.lookups_not_recorded += 1
            return
        self.found.hits += 1
        self.found.events += len(now.outcome.events)
        self._measure(was, now)
        self._events(was.outcome, now.outcome)
        for position, reason, message in new_dead(was.outcome, now.outcome):
            self._note(PIPELINE, "new_error", _place(logged, max(position, 0)), f"{reason}: {message}")
        for variable, reason in sorted(_faults(now.outcome) - _faults(was.outcome)):
            self._note(f"variable {variable}", "new_error", logged.id, reason)
        for change in changes(self._before, was.outcome, self._after, now.outcome):
            if change.word != "other":
                self._change(logged, change)

    def summary(self) -> DryRun:
        """Returns what was found, the verdict with it."""
        found = self.found
        if min(self._measured) >= _MEASURED:
            live, draft = (spent / events / 1000 for spent, events in zip(self._spent, self._measured, strict=True))
            found.us_per_event = round(live, 1), round(draft, 1)
            if draft >= SLOWER * live and draft - live >= SLOWER_US:
                found.slower = round(draft / live, 1)
        found.blocks = tuple(block(tag, figures) for tag, figures in found.tags.items() if figures.new_errors)
        clean: Record = environment_redactor().shown(found.as_dict())
        return msgspec.convert(clean, DryRun)

    def _both(self, logged: LoggedHit, recorded: dict[str, bytes]) -> tuple[Ran, Ran]:
        """Runs them in turns first: the second one finds the processor's caches warm."""
        self._taken += 1
        if self._taken % 2:
            was = self._before.run(logged, recorded)
            return was, self._after.run(logged, recorded)
        now = self._after.run(logged, recorded)
        return self._before.run(logged, recorded), now

    def _measure(self, was: Ran, now: Ran) -> None:
        if self._taken > _WARM:
            for place, ran in enumerate((was, now)):
                self._spent[place] += ran.nanoseconds
                self._measured[place] += max(1, len(ran.outcome.events))

    def _events(self, was: Outcome, now: Outcome) -> None:
        old, new = ({event.position: event.event for event in outcome.events} for outcome in (was, now))
        self.found.events_changed += sum(old.get(place) != new.get(place) for place in old.keys() | new.keys())

    def _change(self, logged: LoggedHit, change: Change) -> None:
        place = _place(logged, change.position)
        example = self._note(change.tag, change.word, place, change.reason)
        if example is not None and change.word == "changed":
            example |= change_details(logged, self._before, self._after, change)

    def _note(self, tag: str, word: str, place: str, reason: str) -> Record | None:
        """Counts one event of a tag; returns its example, where there are not enough yet."""
        figures = self.found.tags.setdefault(tag, TagFigures())
        name = "new_errors" if word == "new_error" else word
        setattr(figures, name, getattr(figures, name) + 1)
        reason = mask_line(reason)[:300]
        if reason and word not in ("changed", "newly_fires"):
            figures.reasons[reason] = figures.reasons.get(reason, 0) + 1
        if Counter(example["change"] for example in figures.examples)[word] >= EXAMPLES:
            return None
        figures.examples.append({"event": place, "change": word, "reason": reason})
        return figures.examples[-1]


def _place(logged: LoggedHit, position: int) -> str:
    return f"{logged.id}/{position}"


def _faults(outcome: Outcome) -> set[tuple[str, str]]:
    """Returns variables whose scripts failed, with the fault: nothing else is told of them than a line of the log."""
    found = set()
    for line in outcome.logs:
        who, _, rest = line.partition(": ")
        kind, colon, message = rest.partition(": ")
        if who.startswith("variable ") and colon and kind in ("error", "cpu", "memory", "permission", "result"):
            found.add((who.removeprefix("variable "), f"{kind}: {message}"))
    return found
