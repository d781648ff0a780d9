"""Works off replays: a slice at a time, behind live traffic, from where a restart left them.

A replay has one part a tag, each with a cursor of its own in the delivery file. What goes out again is written as retry
rows that are due, in the settlement that moves the part's cursor and removes the dead letters: a crash repeats nothing
and loses nothing. From there on an item is one like any other that waits for its turn.

Live traffic goes first. A part hands over only while its tag sends, has less than a batch of live items waiting, and
has sent most of what replays handed over before; and never more than the replay's rate.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from runtime.delivery.lane import Lane
from runtime.delivery.lookups import Lookups
from runtime.delivery.ports import Source, Tuning
from runtime.delivery.replay import Walk
from runtime.delivery.replay_task import Decision, Step, Task, Unanswered, task_of_job
from runtime.delivery.settle import Ledger
from runtime.delivery.summaries import Summaries, event_id_of
from runtime.delivery.throttle import Bucket
from runtime.delivery.wake import Wake
from runtime.model.command import Replay, Reroute
from runtime.store.delivery_replay import REPLAY
from runtime.store.delivery_rows import DeadRow, JobRow, RetryRow, storable
from runtime.telemetry import log

REROUTE_RATE = 100.0
"""Items a second that a reroute gives back of what the rerouted version's script had failed on."""

_counts = msgspec.json.Decoder(dict[str, int])


@dataclass(slots=True)
class Part:
    """One tag's part of a replay, in memory."""

    row: JobRow
    task: Task
    counts: Counter[str]
    rate: Bucket
    """Shared by all parts of the replay."""
    answers: asyncio.Task[None] | None = None
    """What is to be recorded before it goes on."""
    rounds: int = 0
    """Of look-ups for the hit that comes next."""


class Replayer:
    """All replays of one router. Loop thread only."""

    def __init__(
        self, source: Source, ledger: Ledger, lanes: Mapping[str, Lane], tuning: Tuning, lookups: Lookups,
        *, live: Callable[[], int],
    ) -> None:  # fmt: skip
        """`live` gives the number of the live version."""
        self._source, self._ledger, self._lanes, self._tuning, self._live = source, ledger, lanes, tuning, live
        self._lookups = lookups
        self._summaries = Summaries(ledger)
        self._rates: dict[int, Bucket] = {}
        self._parts: list[Part] = []
        for row in ledger.store.replay.jobs(running=True):
            self._take_up(row)
        self._wake = Wake()
        self._stopping = False

    def walk(self, task: Task) -> Walk:
        """Returns the way through a task, by what the delivery file says now."""
        kept, now_s = self._ledger.store.replay, self._ledger.now_ms() / 1000
        return Walk(task, self._source, kept, live=self._live(), tags=self._lanes, now_s=now_s)

    def add(self, row: JobRow) -> None:
        """Takes up a new part; the settlement at hand writes it."""
        self._ledger.pending.jobs[row.number, row.tag] = row
        self._take_up(row)
        self._wake.call()

    def cancel(self, number: int) -> int:
        """Ends the parts of a command; returns how many were under way."""
        ended = [part for part in self._parts if part.row.number == number]
        for part in ended:
            self._note(part, state="cancelled")
        return len(ended)

    def stop(self) -> None:
        """Ends `run` after the slice at hand."""
        self._stopping = True
        self._wake.call()

    async def run(self) -> None:
        """Works until `stop`."""
        while not self._stopping:
            worked = False
            for part in tuple(self._parts):
                if self._stopping:
                    return
                began = time.monotonic()
                if self._slice(part):
                    worked = True
                    spent = time.monotonic() - began
                    await asyncio.sleep(spent * (1 / self._tuning.replay_share - 1))
            if not worked:
                await self._wake.wait(self._tuning.replay_s if self._parts else None)

    def _take_up(self, row: JobRow) -> None:
        command = msgspec.json.decode(row.command, type=Replay | Reroute)
        per_s = command.rate if isinstance(command, Replay) else REROUTE_RATE
        rate = self._rates.setdefault(row.number, Bucket(per_s, time.monotonic()))
        self._parts.append(Part(row, task_of_job(row), Counter(_counts.decode(row.counts)), rate))

    def _slice(self, part: Part) -> bool:
        """Does some of a part's work, in one settlement; returns whether there was any."""
        if part not in self._parts or not self._ledger.settle():
            return False  # Cancelled in between, or the file cannot be written now.
        logger = log()
        try:
            budget = self._budget(part)
            if budget > 0:
                self._work(part, budget)
            return budget > 0
        except sqlite3.Error as error:
            logger.warning("replay_waits", command=part.row.number, tag=part.row.tag, error=str(error))
        except Exception:
            # A mistake of ours must not end the other replays.
            logger.exception("replay_failed", command=part.row.number, tag=part.row.tag)
            self._note(part, state="failed")
        return False

    def _work(self, part: Part, budget: int) -> None:
        began, state = time.monotonic(), "done"
        try:
            for step in self.walk(part.task).steps(part.row.place, part.row.last):
                budget -= self._take(part, step)
                part.row, part.rounds = part.row._replace(place=step.place), 0
                now = time.monotonic()
                if budget < 1 or part.rate.wait(now) or now - began > self._tuning.slice_s:
                    state = "running"
                    break
        except Unanswered as missing:
            state = "running"
            part.rounds += 1
            part.answers = self._lookups.record(missing.seq, missing.needs, part.rounds)
        self._note(part, state=state)

    def _take(self, part: Part, step: Step) -> int:
        """Applies one step; returns how many items go out again."""
        sent = 0
        if step.lost:
            part.counts["gone"] += step.lost
        if step.logged is not None and step.letter is not None:
            self._revive(step)
        for decision in step.decisions:
            part.counts[decision.word] += 1
            if decision.word == "replayed":
                self._hand_over(step, decision)
                sent += 1
            elif decision.word == "too_old":
                self._expire(decision)
        part.rate.take(time.monotonic(), sent)
        return sent

    def _revive(self, step: Step) -> None:
        assert step.logged is not None
        assert step.letter is not None
        pending, letter = self._ledger.pending, step.letter
        pending.revived.add((letter.tag, letter.seq, letter.pos))
        pending.gone.add((letter.seq, letter.pos))
        removed = {run.tag for event in step.revived for run in event.tags} - self._lanes.keys()
        self._summaries.revive(step.logged, step.revived, removed)

    def _hand_over(self, step: Step, decision: Decision) -> None:
        event, run, logged = decision.event, decision.run, step.logged
        assert event is not None
        assert run is not None
        assert logged is not None
        lane, place = self._lanes[decision.tag], (decision.tag, decision.seq, decision.pos)
        now_ms = self._ledger.now_ms()
        expires_s = run.expires_s or now_ms // 1000 + lane.dispatcher.plan.backlog_age_s
        self._ledger.pending.retries[place] = RetryRow(
            decision.tag, decision.seq, decision.pos, now_ms, 0, run.key, decision.version, event_id_of(event),
            expires_s, run.item, REPLAY,
        )  # fmt: skip
        self._unbury(decision)
        if step.letter is None:
            self._summaries.restate(logged, event, run)
        self._ledger.count("replayed", decision.tag)
        lane.decide(decision.seq, decision.pos)
        lane.dispatcher.fates.expect(now_ms)

    def _expire(self, decision: Decision) -> None:
        """Gives an item up that the vendor would no longer take; one that it has already is left alone."""
        letter, event = decision.letter, decision.event
        delivered = letter is None and self._ledger.store.replay.fired(decision.tag, decision.seq, decision.pos)
        if delivered or (letter is not None and letter.reason == "expired"):
            return
        assert event is not None
        assert decision.run is not None
        self._unbury(decision)
        before = f" It had been given up before: {letter.reason}" if letter else ""
        row = DeadRow(
            decision.tag, decision.seq, decision.pos, "expired",
            storable(f"Too old for the vendor when it was replayed.{before}", 2000), letter.status if letter else 0,
            letter.attempts if letter else 0, self._ledger.now_ms(), decision.version, event_id_of(event),
            decision.run.item,
        )  # fmt: skip
        if letter is None:
            self._ledger.dead(row)
        else:
            self._ledger.pending.dead[row.tag, row.seq, row.pos] = row  # It was counted when it was given up first.

    def _unbury(self, decision: Decision) -> None:
        if decision.letter is not None and decision.letter.tag:
            self._ledger.pending.revived.add((decision.letter.tag, decision.letter.seq, decision.letter.pos))

    def _note(self, part: Part, *, state: str) -> None:
        counts = msgspec.json.encode(dict(part.counts)).decode()
        part.row = part.row._replace(state=state, counts=counts, changed_ms=self._ledger.now_ms())
        self._ledger.pending.jobs[part.row.number, part.row.tag] = part.row
        if state != "running" and part in self._parts:
            self._parts.remove(part)
            log().info("replay_ended", command=part.row.number, tag=part.row.tag, state=state, **part.counts)

    def _budget(self, part: Part) -> int:
        """Returns how many items the part may hand over now."""
        most = self._tuning.replay_items
        if part.rate.wait(time.monotonic()) or (part.answers and not part.answers.done()):
            return 0
        if part.row.tag:
            lane = self._lanes.get(part.row.tag)
            return self._room(lane) if lane else most
        # Hits that the pipeline gave up are for every tag: those that cannot send keep what they get until they can.
        return min([most, *(self._room(lane) for lane in self._lanes.values() if _sends(lane))])

    def _room(self, lane: Lane) -> int:
        dispatcher, plan = lane.dispatcher, lane.dispatcher.plan
        outstanding = self._ledger.store.replay.outstanding(lane.tag)
        if _sends(lane):
            return 0 if lane.live_waiting >= plan.max_items else self._tuning.replay_items - outstanding
        # A destination that failed, and has nothing left to be tried again with, is tried with a batch of the replay.
        idle = not (outstanding or dispatcher.backlog or dispatcher.in_flight)
        return plan.max_items if idle and not plan.paused else 0


def _sends(lane: Lane) -> bool:
    return lane.dispatcher.circuit.state == "closed" and not lane.dispatcher.plan.paused
