"""The last stored events, each with the variables of a draft or of a version: what conditions and completion ask.

Events are those of the version that each hit arrived on. A draft's scripts may hang: who calls this for a draft that
nobody has run yet gives it a process of its own (cli/container_match.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from runtime.explain.newest import newest_hits
from runtime.explain.programs import Programs
from runtime.explain.put_away import careful_sandbox
from runtime.explain.recent_events import runs
from runtime.lua.values import Watch
from runtime.model.event import EventRun
from runtime.model.hit import LoggedHit
from runtime.model.snapshot import Snapshot
from runtime.pipeline.answers import Answers
from runtime.pipeline.consent import decide_consent
from runtime.pipeline.program import Program
from runtime.pipeline.scope import Scope
from runtime.pipeline.trace import EventTrace
from runtime.store.files import control_path


class DraftScopes:
    """Goes through the events once, the newest first."""

    def __init__(
        self, data_dir: Path, draft: Snapshot, *, last: int, most_s: float, watch: Watch | None = None
    ) -> None:
        """`last` bounds hits and events; `watch` is told of each call."""
        programs = Programs(control_path(data_dir), partial(careful_sandbox(data_dir), watch=watch))
        self.program = programs.build(draft)
        self.partial = ""
        """Why it came to an end before all was seen; "" where it did not."""
        self._programs = programs
        self._data_dir = data_dir
        self._last = last
        self._most_s = most_s

    def __iter__(self) -> Iterator[Scope]:
        """Yields the scope of each event, its seed being the event's id; with a trace of what variables did."""
        until, left = time.monotonic() + self._most_s, self._last
        for shard, logged in islice(newest_hits(self._data_dir), self._last):
            recorded = shard.delivery.lookups(logged.seq) if self.program.looks_up and shard.delivery else {}
            for made in islice(runs(logged, self._programs), left):
                if time.monotonic() > until:
                    self.partial = f"the time of {self._most_s:g} s ran out"
                    return
                left -= 1
                yield _scope(logged, made, self.program, recorded)
            if not left:
                return


def undecided(scope: Scope) -> bool:
    """Tells whether a variable that was asked waits for a look-up whose answer is not recorded."""
    return scope.answers is not None and bool(scope.answers.needs)


def faults(scope: Scope) -> Iterator[str]:
    """Yields what went wrong with the variables that were asked: `<variable>: <kind>: <message>`."""
    assert scope.trace is not None
    for variable, record in scope.trace.variables.items():
        if "fault" in record:
            yield f"{variable}: {record['fault']}"


def _scope(logged: LoggedHit, made: EventRun, program: Program, recorded: dict[str, bytes]) -> Scope:
    scope = Scope(
        program.sandbox,
        made.event,
        seed=f"{logged.id}/{made.position}",
        at_us=logged.hit.received_us,
        variables=program.variables,
        logs=[],
        trace=EventTrace(made.position, made.event),
        hit=logged,
        answers=Answers(recorded),
    )
    decide_consent(scope, logged.hit.consent, program.snapshot.container.consent)
    return scope
