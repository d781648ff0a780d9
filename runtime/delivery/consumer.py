"""Reads the log once, in order, runs the pipeline on each hit, and hands what it made to the tags that are in step.

It owns the pipeline's cursor and what is counted once per hit: dead letters of parse, summaries, minute counters. Its
steps are small, so that the loop stays free for deliveries. A hit that needs an answer nobody has yet waits, see
waiting.py, and comes back to `go_on`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from runtime.delivery.lane import Lane, item_of
from runtime.delivery.lookups import Lookups
from runtime.delivery.ports import Source, Tuning
from runtime.delivery.previews import Previews, is_live
from runtime.delivery.run_hit import run_hit
from runtime.delivery.settle import Ledger
from runtime.delivery.summaries import Summaries
from runtime.delivery.waiting import Waiting
from runtime.delivery.wake import Wake
from runtime.model.delivery import Item
from runtime.model.event import EventRun, Outcome, TagRun
from runtime.model.hit import LoggedHit
from runtime.store.delivery_rows import RetryRow

LOOKED_UP = "lookup"
"""Reason of a retry row of a hit that waited for look-ups; it was not tried yet."""


class Consumer:
    """The pipeline's place in the log. Loop thread only."""

    def __init__(
        self, source: Source, ledger: Ledger, lanes: Mapping[str, Lane], tuning: Tuning,
        *, after: int, told: Callable[[], int], lookups: Lookups, previews: Previews,
    ) -> None:  # fmt: skip
        """`told` gives the highest version that the router knows of."""
        self.place = after
        """The last hit taken."""
        self._source, self._ledger, self._lanes, self._tuning, self._told = source, ledger, lanes, tuning, told
        self.waiting = Waiting(source, ledger, lookups, tuning, self.go_on)
        self.waiting.on_room = self.wake
        self._lookups, self._previews = lookups, previews
        self._summaries = Summaries(ledger)
        self._wake = Wake()
        self._stopping = False

    def wake(self) -> None:
        """Tells that the log has grown."""
        self._wake.call()

    def stop(self) -> None:
        """Ends `run` after the hit at hand."""
        self._stopping = True
        self._wake.call()

    async def run(self) -> None:
        """Reads until `stop`."""
        while not self._stopping:
            more = not self._ledger.broken and await self._read()
            if not (more or self._stopping):
                await self._wake.wait(self._tuning.poll_s)
                await asyncio.sleep(self._tuning.coalesce_s)

    async def _read(self) -> bool:
        """Takes the next hits; returns whether there may be more at once."""
        hits = self._source.read(self.place, self._tuning.read_hits)
        began = time.monotonic()
        for logged in hits:
            if self._stopping or self.waiting.full or not self._take(logged):
                return False
            if time.monotonic() - began > self._tuning.slice_s:
                await asyncio.sleep(0)
                began = time.monotonic()
        await asyncio.sleep(0)
        return len(hits) == self._tuning.read_hits

    def _take(self, logged: LoggedHit) -> bool:
        """Takes one hit, whole: no commit can fall into the middle of it. Returns False where it must wait."""
        outcome = run_hit(self._source, logged, None)
        while outcome is not None and outcome.needs and self._lookups.refuse(logged.seq, outcome.needs):
            outcome = run_hit(self._source, logged, None)
        if outcome is None:
            return False
        if outcome.needs:
            self._let_wait(logged, outcome)
        elif is_live(logged):
            self._summaries.take(logged, outcome, self._removed(logged, outcome))
            self._route(logged, outcome)
        else:
            self._previews.take(logged, outcome)
        self.place = logged.seq
        return not self._ledger.full or self._ledger.settle()

    def _let_wait(self, logged: LoggedHit, outcome: Outcome) -> None:
        if is_live(logged):
            for tag in {run.tag for event in outcome.events for run in event.tags if run.tag not in self._lanes}:
                self._unknown(logged, tag, fired=False)
        self.waiting.add(logged.seq, outcome.needs)

    def go_on(self, logged: LoggedHit, outcome: Outcome) -> None:
        """Takes a hit that has waited: what it makes goes out of turn. A tag that has not come to it yet gets nothing,
        and runs the hit itself."""
        if not is_live(logged):
            self._previews.take(logged, outcome)
            self._ledger.go_on(logged.seq)
            return
        self._summaries.take(logged, outcome, self._removed(logged, outcome))
        handed_over: set[str] = set()
        for event in outcome.events:
            for run in event.tags:
                lane = self._lanes.get(run.tag)
                if lane is not None and (lane.place is None or lane.place >= logged.seq):
                    handed_over.add(run.tag)
                    if run.state == "fired":
                        self._hand_over(logged, event, run, lane)
                elif lane is None and run.state == "fired" and logged.hit.version <= self._told():
                    self._ledger.count("discarded", run.tag)
        self._ledger.go_on(logged.seq, handed_over)

    def _hand_over(self, logged: LoggedHit, event: EventRun, run: TagRun, lane: Lane) -> None:
        item = item_of(logged, event, run, lane.dispatcher.plan, self._source.version(run.tag, logged.hit.version))
        now_ms, place = self._ledger.now_ms(), (run.tag, item.seq, item.pos)
        self._ledger.pending.retries[place] = RetryRow(
            run.tag, item.seq, item.pos, now_ms, 0, item.key, item.version, item.event_id, item.expires_s, item.data,
            LOOKED_UP,
        )  # fmt: skip
        lane.dispatcher.fates.expect(now_ms)

    def _route(self, logged: LoggedHit, outcome: Outcome) -> None:
        by_tag: dict[str, list[Item]] = {}
        for event in outcome.events:
            for run in event.tags:
                lane = self._lanes.get(run.tag)
                if lane is None:
                    self._unknown(logged, run.tag, fired=run.state == "fired")
                elif run.state == "fired" and lane.place is None:
                    version = self._source.version(run.tag, logged.hit.version)
                    item = item_of(logged, event, run, lane.dispatcher.plan, version)
                    by_tag.setdefault(run.tag, []).append(item)
        for tag, items in by_tag.items():
            self._lanes[tag].take(logged.seq, items)

    def _removed(self, logged: LoggedHit, outcome: Outcome) -> set[str]:
        """Returns tags of the hit that the live version lacks; empty for a version that was not heard of yet."""
        if logged.hit.version > self._told():
            return set()
        return {run.tag for event in outcome.events for run in event.tags if run.tag not in self._lanes}

    def _unknown(self, logged: LoggedHit, tag: str, *, fired: bool) -> None:
        """A tag of a version not heard of yet gets its cursor here; one that was removed is counted and let go."""
        if logged.hit.version > self._told():
            self._ledger.pending.starts.setdefault(tag, logged.seq - 1)
        elif fired:
            self._ledger.count("discarded", tag)
