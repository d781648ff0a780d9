"""Hits that are not live: those of previews, and of environments beside live.

They are run once, by their own version, for the summary that the explorer shows. No counter, no dead letter and no
tag's queue knows of them, and a mistake in a draft stops nobody: what cannot be run is a summary that says so.

Where such a hit sends, each of its items goes out alone and once, by the plan, request, endpoint and verdict of the
hit's own version: no batch, no second try, no throttle, and whatever came of it is an attempt. It goes after the
settlement that says so, so that a crash may lose it, and never sends it twice. A few go at a time, beside the queues of
the tags; where too many wait, the rest is not sent, and the attempt says why.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from runtime.delivery.attempt import attempt
from runtime.delivery.batch import Bunch
from runtime.delivery.lane import item_of
from runtime.delivery.ports import Outlet
from runtime.delivery.settle import Ledger
from runtime.delivery.summaries import Summaries
from runtime.errors import FirsthandError
from runtime.model.delivery import Item, TagPlan
from runtime.model.event import EventRun, Outcome, TagRun
from runtime.model.hit import LoggedHit
from runtime.store.delivery_rows import AttemptRow
from runtime.telemetry import log

AT_ONCE = 4
WAITING = 500
"""Items of previews that may wait to be sent."""
MOST_S = 15.0
"""What one may take, whatever its version says."""

PlanOf = Callable[[int, str], TagPlan]
"""Returns how a tag delivers by a version. Raises OperatorError where that version cannot be loaded."""

LIVE = "live"


class Sending(NamedTuple):
    """An item that is to go out once."""

    plan: TagPlan
    item: Item


def is_live(logged: LoggedHit) -> bool:
    """Tells that a hit is one of those that count."""
    return logged.hit.environment == LIVE


class Previews:
    """What becomes of hits that are not live. Loop thread only."""

    def __init__(self, ledger: Ledger, outlet: Outlet, plan_of: PlanOf | None) -> None:
        """Without `plan_of` nothing is ever sent."""
        self._ledger, self._outlet, self._plan_of = ledger, outlet, plan_of
        self._summaries = Summaries(ledger)
        self._made: list[Sending] = []
        """Of hits that the settlement at hand is to tell of."""
        self._queue: deque[Sending] = deque()
        self._flight: set[asyncio.Task[None]] = set()
        self._stopping = False

    def take(self, logged: LoggedHit, outcome: Outcome) -> None:
        """Notes a hit, and what of it is to be sent after the settlement."""
        self._summaries.take_aside(logged, outcome)
        if logged.hit.sends and self._plan_of is not None:
            for event in outcome.events:
                for run in event.tags:
                    if run.state == "fired":
                        self._make(logged, event, run)

    def release(self) -> None:
        """Sends what was noted. Called right after a settlement."""
        made, self._made = self._made, []
        for sending in made:
            if len(self._queue) < WAITING and not self._stopping:
                self._queue.append(sending)
            else:
                self._unsent(sending, "too_many_previews" if not self._stopping else "stopped")
        self._launch()

    async def finish(self, deadline_s: float) -> None:
        """Sends nothing more and waits for what is in flight; the last settlement says what was not sent."""
        self._stopping = True
        left, self._made = [*self._queue, *self._made], []
        self._queue.clear()
        for sending in left:
            self._unsent(sending, "stopped")
        if self._flight:
            _, late = await asyncio.wait(self._flight, timeout=deadline_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _make(self, logged: LoggedHit, event: EventRun, run: TagRun) -> None:
        assert self._plan_of is not None
        try:
            plan = self._plan_of(logged.hit.version, run.tag)
        except FirsthandError as error:
            log().error("preview_failed", hit=logged.id, tag=run.tag, message=error.message)
            return
        self._made.append(Sending(plan, item_of(logged, event, run, plan, logged.hit.version)))

    def _launch(self) -> None:
        while self._queue and len(self._flight) < AT_ONCE:
            task = asyncio.create_task(self._send(self._queue.popleft()))
            self._flight.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flight.discard(task)
        self._launch()

    async def _send(self, sending: Sending) -> None:
        plan, item = sending
        if 0 < item.expires_s <= self._outlet.clock():
            self._unsent(sending, "expired")
            return
        logger = log()
        try:
            async with asyncio.timeout(min(plan.timeout_s, MOST_S) + 1):
                tried = await attempt(plan, item.version, Bunch([item]), self._outlet)
        except TimeoutError:
            self._unsent(sending, "timeout")
        except asyncio.CancelledError:
            self._unsent(sending, "stopped")
            raise
        except Exception:
            logger.exception("preview_failed", tag=plan.tag)
            self._unsent(sending, "internal_error")
        else:
            self._ledger.pending.attempts.append(tried.row)

    def _unsent(self, sending: Sending, reason: str) -> None:
        """Notes why an item did not go out, or that nobody knows whether it arrived."""
        plan, item = sending
        row = AttemptRow(
            tag=plan.tag, started_ms=self._ledger.now_ms(), ms=0, status=0, disposition="reject", reason=reason,
            version=item.version, members=msgspec.msgpack.encode([item.seq, item.pos]), first_seq=item.seq,
            last_seq=item.seq, count=1, body_sha256=b"", answer="", dry_run=int(plan.dry_run),
        )  # fmt: skip
        self._ledger.pending.attempts.append(row)
