"""What a replay would do, counted without doing it: the same walk as the router's, over files opened to look."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.delivery.ports import Source
from runtime.delivery.replay import Walk
from runtime.delivery.replay_task import WORDS, Step, tags_of, task_of
from runtime.delivery.reroutes import Reroutes
from runtime.errors import OperatorError
from runtime.explain.programs import Programs
from runtime.explain.put_away import careful_sandbox
from runtime.explain.selection import PIPELINE
from runtime.explain.shard import Shard, open_shards
from runtime.model.command import Replay
from runtime.model.event import Outcome
from runtime.model.hit import LoggedHit
from runtime.model.lookup import Answer, encode_answer
from runtime.pipeline.run import run
from runtime.store.files import control_path

MOST_S = 10.0
"""How long a count may take; what it found by then is told with "at least"."""

_NOT_ASKED = encode_answer(Answer(0, failed="not_asked"))

Row = dict[str, Any]


def count(data_dir: Path, replay: Replay, *, most_s: float = MOST_S) -> Row:
    """Returns, by tag, how many items a replay is about and what would become of them.

    `{"complete": false, …}` where it ran out of time: then there are at least so many.
    """
    programs = Programs(control_path(data_dir), careful_sandbox(data_dir))
    live = programs.live()
    counter = _Counter(programs, replay, live.number, set(live.container.tags), time.monotonic() + most_s)
    for shard in open_shards(data_dir):
        if shard.delivery and replay.selection.shard in (None, shard.number):
            counter.add(shard)
    return {"complete": counter.complete, "tags": counter.rows()}


def require_tag(data_dir: Path, tag: str | None) -> None:
    """Raises OperatorError where a tag is neither the live version's nor that of any dead letter."""
    if not tag or tag in Programs(control_path(data_dir)).live().container.tags:
        return
    if not any(shard.delivery and tag in shard.delivery.replay.dead_tags() for shard in open_shards(data_dir)):
        raise OperatorError(f"There is no tag {tag}.", hint="`deliveries list --state backlog` shows the tags.")


class _Counter:
    def __init__(self, programs: Programs, replay: Replay, live: int, tags: set[str], until: float) -> None:
        self.complete = True
        self._programs, self._replay, self._live, self._tags, self._until = programs, replay, live, tags, until
        self._now_s = time.time()
        self._counts: dict[str, Counter[str]] = {}
        self._recorded: Callable[[int], dict[str, bytes]] = lambda seq: {}

    def rows(self) -> list[Row]:
        """Returns one row a tag, with every word of a decision and `matched`."""
        return [
            {"tag": tag or PIPELINE, "matched": found.total(), **{word: found[word] for word in WORDS}}
            for tag, found in sorted(self._counts.items())
        ]

    def add(self, shard: Shard) -> None:
        """Counts one shard."""
        assert shard.delivery is not None
        kept, self._recorded = shard.delivery.replay, shard.delivery.lookups
        tags = tags_of(self._replay.selection, self._tags, self._tags, kept.dead_tags())
        reroutes = Reroutes(Source(shard.log.read, self._run), kept.reroutes(), lambda: self._live)
        at_us = int(self._now_s * 1e6)
        last_hit = shard.delivery.cursors().get("", 0)
        for tag in tags:
            task = task_of(self._replay, tag, at_us)
            walk = Walk(task, reroutes.source, kept, live=self._live, tags=self._tags, now_s=self._now_s)
            place, last, lost = walk.span(last_hit)
            self._note(tag, "gone", lost)
            for step in walk.steps(place, last):
                self._step(tag, step)
                if time.monotonic() > self._until:
                    self.complete = False
                    return

    def _step(self, tag: str, step: Step) -> None:
        self._note(tag, "gone", step.lost)
        for decision in step.decisions:
            self._note(decision.tag, decision.word, 1)

    def _note(self, tag: str, word: str, n: int) -> None:
        if n:
            self._counts.setdefault(tag, Counter())[word] += n

    def _run(self, logged: LoggedHit, only: frozenset[str] | None) -> Outcome:
        """Runs a hit with its recorded look-ups. Nobody is asked for others: here they count as failed."""
        program = self._programs.program(logged.hit.version)
        recorded = self._recorded(logged.seq) if program.looks_up else {}
        outcome = run(logged, program, only=only, recorded=recorded)
        while outcome.needs:
            recorded |= dict.fromkeys((lookup.key for lookup in outcome.needs), _NOT_ASKED)
            outcome = run(logged, program, only=only, recorded=recorded)
        return outcome
