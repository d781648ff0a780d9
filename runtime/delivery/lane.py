"""One tag's way through the log.

In step: the consumer offers it what each new hit made. Behind (after a start, an outage, a pause): it reads the log
again from its own place and runs the hits for its own output only, until it has caught up with the consumer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from runtime.delivery.dispatcher import Dispatcher
from runtime.delivery.ports import Source, Tuning
from runtime.delivery.run_hit import run_hit
from runtime.delivery.wake import Wake
from runtime.model.delivery import Item, TagPlan
from runtime.model.event import EventRun, TagRun
from runtime.model.hit import LoggedHit


def item_of(logged: LoggedHit, event: EventRun, run: TagRun, plan: TagPlan) -> Item:
    """Returns the item that goes into the queue. It expires by the vendor's limit or the tag's backlog age, whichever
    comes first, so that a tag which cannot send never fills the disk."""
    oldest = logged.hit.received_us // 1_000_000 + plan.backlog_age_s
    return Item(
        seq=logged.seq,
        pos=event.position,
        version=logged.hit.version,
        data=run.item,
        key=run.key,
        event_id=str(event.event.get("event_id", "")),
        expires_s=min(run.expires_s, oldest) if run.expires_s else oldest,
    )


class Lane:
    """A dispatcher and its place in the log. `place` is the last hit offered, None while in step."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        source: Source,
        tuning: Tuning,
        *,
        place: int | None,
        decided: set[tuple[str, int, int]],
    ) -> None:
        self.dispatcher = dispatcher
        self.place = place
        self._source, self._tuning = source, tuning
        self._decided = decided
        """Items past the cursor that were parked or dead before the restart."""
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
            taken = self._rerun(logged)
            if taken is not True or self._stopping:
                return taken is not None
            self.place = logged.seq
            if time.monotonic() - began > self._tuning.slice_s:
                await asyncio.sleep(0)
                began = time.monotonic()
        if not hits:
            self.place = None  # What lay between was trimmed.
        return True

    def _rerun(self, logged: LoggedHit) -> bool | None:
        """Offers one hit's items; False where the queue is full, None where the hit cannot be run now."""
        outcome = run_hit(self._source, logged, frozenset((self.tag,)))
        if outcome is None:
            return None
        plan = self.dispatcher.plan
        runs = ((event, run) for event in outcome.events for run in event.tags)
        items = [
            item_of(logged, event, run, plan) for event, run in runs if run.tag == self.tag and run.state == "fired"
        ]
        return not items or self._offer(logged.seq, items)

    def _offer(self, seq: int, items: Sequence[Item]) -> bool:
        fresh = [item for item in items if (self.tag, seq, item.pos) not in self._decided] if self._decided else items
        return not fresh or self.dispatcher.offer(seq, fresh)
