"""One tag's way through the log.

In step: the consumer offers it what each new hit made. Behind (after a start, an outage, a pause): it reads the log
again from its own place and runs the hits for its own output only, until it has caught up with the consumer.

Running a hit again makes the same items, with one exception: a script that was quarantined in between makes none. What
it made the first time may not have been sent yet, so each such place becomes a dead letter of the tag.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from runtime.delivery.dispatcher import Dispatcher
from runtime.delivery.fates import LATER, Later, Unmade
from runtime.delivery.lookups import Lookups
from runtime.delivery.ports import Source, Tuning
from runtime.delivery.run_hit import run_again, run_hit
from runtime.delivery.settle import Ledger
from runtime.delivery.summaries import Summaries, bury_script, event_id_of, masked, script_fault
from runtime.delivery.wake import Wake
from runtime.model.delivery import Item, TagPlan
from runtime.model.event import EventRun, Outcome, TagRun
from runtime.model.fingerprint import fingerprint
from runtime.model.hit import LoggedHit
from runtime.store.delivery_rows import RetryRow

QUARANTINED = "script_quarantined"


def item_of(logged: LoggedHit, event: EventRun, run: TagRun, plan: TagPlan, version: int) -> Item:
    """Returns the item that goes into the queue; `version` made it. It expires by the vendor's limit or the tag's
    backlog age, whichever comes first, so that a tag which cannot send never fills the disk."""
    oldest = logged.hit.received_us // 1_000_000 + plan.backlog_age_s
    return Item(
        seq=logged.seq,
        pos=event.position,
        version=version,
        data=run.item,
        key=run.key,
        event_id=str(event.event.get("event_id", "")),
        expires_s=min(run.expires_s, oldest) if run.expires_s else oldest,
        received_us=logged.hit.received_us,
        own=version == logged.hit.version,
        check=fingerprint(logged.hit),
    )


class Landed(NamedTuple):
    """What a lane that is started anew, while its router runs, knows of the one before."""

    upto: int
    """The last hit that was offered."""
    open: frozenset[int]
    """Hits up to there that had items on their way. What fired for others has its fate, also past the cursor."""


class Lane:
    """A dispatcher and its place in the log. `place` is the last hit offered, None while in step."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        source: Source,
        ledger: Ledger,
        tuning: Tuning,
        lookups: Lookups,
        *,
        place: int | None,
        decided: set[tuple[str, int, int]],
        landed: Landed | None = None,
    ) -> None:
        self.dispatcher = dispatcher
        self.place = place
        self._source, self._ledger, self._tuning, self._lookups = source, ledger, tuning, lookups
        self._rounds: dict[int, int] = {}
        """Of look-ups, by hit of a parked item that is to be made anew."""
        self._summaries = Summaries(ledger)
        dispatcher.fates.remake = self.remake
        self._decided = decided
        """Items past the cursor that were parked or dead before the restart, or that a replay took in hand."""
        self._landed = landed
        self._behind = Wake()
        self._stopping = False

    @property
    def tag(self) -> str:
        """The tag's id."""
        return self.dispatcher.plan.tag

    def upto(self, read: int) -> int:
        """Returns the tag's cursor, if `read` is the last hit that the consumer took."""
        return self.dispatcher.fates.watermark.upto(read if self.place is None else self.place)

    def take(self, seq: int, items: Sequence[Item]) -> None:
        """Offers a new hit's items, in step only; where the queue is full, the tag falls behind."""
        if self.place is None and items and not self._offer(seq, items):
            self.place = seq - 1
            self._behind.call()

    def decide(self, seq: int, pos: int) -> None:
        """Tells that an item is taken care of elsewhere."""
        if self.place is not None and seq > self.place:
            self._decided.add((self.tag, seq, pos))

    @property
    def live_waiting(self) -> int:
        """Items of the log that wait to be sent, up to those that fill a batch."""
        most = self.dispatcher.plan.max_items
        if self.place is not None:
            return most
        fresh = (item for item in self.dispatcher.backlog if not self.dispatcher.fates.is_taken(item))
        return sum(1 for _ in islice(fresh, most))

    def landed(self, read: int) -> Landed:
        """Returns what the lane that takes its place must know, once nothing of this one is in flight."""
        return Landed(read if self.place is None else self.place, self.dispatcher.fates.watermark.open())

    def stop(self) -> None:
        """Ends `follow`."""
        self._stopping = True
        self._behind.call()
        self.dispatcher.stop()

    async def follow(self, read: Callable[[], int]) -> None:
        """Catches up whenever the tag is behind the consumer, which has taken the hits up to `read()`."""
        while not self._stopping:
            if self.place is None:
                await self._behind.wait()
            elif self.dispatcher.backlog.room <= 0:
                await self.dispatcher.room()
            elif not await self._catch_up(read):
                await asyncio.sleep(self._tuning.poll_s)

    async def _catch_up(self, read: Callable[[], int]) -> bool:
        """Offers the next hits; returns False where that is impossible now."""
        place = self.place or 0
        if place > read():
            return False  # Its first hit is yet to come.
        if place == read():
            self.place = None  # In step, with no await between this test and the consumer's next hit.
            return True
        hits = [logged for logged in self._source.read(place, self._tuning.read_hits) if logged.seq <= read()]
        began = time.monotonic()
        for logged in hits:
            taken = await self._rerun(logged)
            if taken is not True or self._stopping:
                return taken is not None
            self.place = logged.seq
            if time.monotonic() - began > self._tuning.slice_s:
                await asyncio.sleep(0)
                began = time.monotonic()
        if not hits:
            self.place = None  # What lay between was trimmed.
        return True

    async def _rerun(self, logged: LoggedHit) -> bool | None:
        """Offers one hit's items; False where the queue is full, None where the hit cannot be run now."""
        if logged.hit.environment != "live":
            return True  # No queue has it, see previews.py.
        if self._ledger.is_elsewhere(self.tag, logged.seq):
            return True
        outcome = await run_again(self._source, self._lookups, logged, frozenset((self.tag,)))
        if outcome is None:
            return None
        plan, version = self.dispatcher.plan, self._source.version(self.tag, logged.hit.version)
        runs = [(event, run) for event in outcome.events for run in event.tags if run.tag == self.tag]
        items = [item_of(logged, event, run, plan, version) for event, run in runs if run.state == "fired"]
        taken = not items or self._offer(logged.seq, items)
        if taken:
            self._bury_unmade(logged, outcome)
        if taken and version != logged.hit.version:
            self._restate(logged, runs)
        return taken

    def _restate(self, logged: LoggedHit, runs: Sequence[tuple[EventRun, TagRun]]) -> None:
        """Notes what the live version made of a rerouted hit, where its own had made something else."""
        for event, run in runs:
            if self._has_fate(logged.seq, event.position):
                continue
            self._summaries.restate(logged, event, run)
            if run.state == "failed":
                reason, message = script_fault(run.reason)
                self._bury(logged, event.position, reason, message, event_id_of(event))

    def remake(self, row: RetryRow) -> Item | Unmade | Later | None:
        """Makes a parked item anew by the live version where its backlog was rerouted."""
        version = self._source.version(self.tag, row.version)
        if version == row.version:
            return None
        found = self._source.read(row.seq - 1, 1)
        outcome = run_hit(self._source, found[0], frozenset((self.tag,))) if found and found[0].seq == row.seq else None
        if outcome is None:
            return None  # The hit is past retention, or cannot be run now: better as it is than not at all.
        if outcome.needs:
            rounds = self._rounds[row.seq] = self._rounds.get(row.seq, 0) + 1
            self._lookups.record(row.seq, outcome.needs, rounds)
            return LATER
        self._rounds.pop(row.seq, None)
        for event in outcome.events:
            for run in event.tags:
                if run.tag == self.tag and event.position == row.pos:
                    self._summaries.restate(found[0], event, run)
                    return self._made(found[0], event, run, version)
        return Unmade("not_made", f"Version {version}, to which the backlog was rerouted, makes no such event.")

    def _made(self, logged: LoggedHit, event: EventRun, run: TagRun, version: int) -> Item | Unmade:
        if run.state == "fired":
            return item_of(logged, event, run, self.dispatcher.plan, version)
        if run.state == "failed":
            return Unmade(*map(masked, script_fault(run.reason)))
        told = f"By version {version}, to which the backlog was rerouted: {run.state} {masked(run.reason)}"
        return Unmade("not_made", told)

    def _bury_unmade(self, logged: LoggedHit, outcome: Outcome) -> None:
        """Gives up what a quarantined script no longer makes, unless its fate was written at the first run."""
        for dead in outcome.dead:
            if dead.reason == QUARANTINED and not self._ledger.is_dead("", logged.seq, dead.position):
                self._bury(logged, dead.position, dead.reason, dead.message)
        for event in outcome.events:
            for run in event.tags:
                if run.tag == self.tag and run.state == "failed":
                    reason, message = script_fault(run.reason)
                    if reason == QUARANTINED:
                        self._bury(logged, event.position, reason, message, event_id_of(event))

    def _bury(self, logged: LoggedHit, pos: int, reason: str, message: str, event_id: str = "") -> None:
        place = (self.tag, logged.seq, pos)
        if place not in self._decided and not self._ledger.is_dead(*place):
            bury_script(self._ledger, logged, (self.tag, pos), reason, message, event_id)

    def _offer(self, seq: int, items: Sequence[Item]) -> bool:
        known = self._decided or self._landed
        fresh = [item for item in items if not self._has_fate(seq, item.pos)] if known else items
        return not fresh or self.dispatcher.offer(seq, fresh)

    def _has_fate(self, seq: int, pos: int) -> bool:
        """Tells that an item past the cursor needs nothing more of this lane."""
        if (self.tag, seq, pos) in self._decided:
            return True
        landed = self._landed
        if landed is None or seq > landed.upto or seq in landed.open:
            return False
        return self._ledger.state(self.tag, seq, pos) == "fired"
