"""One tag's way out: batches its items, keeps K batches in flight, and decides what becomes of each item.

An item is collected (in memory), then in flight, then delivered, parked (a retry row) or dead (a dead letter). The
tag's cursor stands before the first hit with an item that is collected or in flight: a crash repeats those with the
same event ids and loses none.

- The whole destination fails (no answer, or a verdict `retry`): the batch comes back, the circuit opens, one batch at a
  time probes with full-jitter backoff. Nothing is written per item: the log is the backlog.
- Credential, settings or script at fault: the same, loudly, with a steady probe. A published change probes at once.
- Some items fail: those alone are parked or dead. A refused batch is halved until the bad items are alone.
- A batch that fails again and again while others pass is parked, so that it cannot hold the cursor for ever.
- Before each send, items past their time become dead letters, reason `expired`; a tag that cannot send sweeps them.
- A throttled tag waits before a send; its batches fill up meanwhile, and the rest stays in the queue.
- The queue takes `queue_items` or `queue_bytes`; then `offer` refuses and the tag lags behind the log.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial

import msgspec

from runtime.delivery.attempt import Tried, attempt, stop
from runtime.delivery.backlog import Backlog
from runtime.delivery.batch import Bunch
from runtime.delivery.circuit import Circuit, State
from runtime.delivery.fates import Fates
from runtime.delivery.ports import Outlet, Tuning
from runtime.delivery.settle import Ledger
from runtime.delivery.throttle import Throttle
from runtime.delivery.verdict import divide
from runtime.delivery.wake import Wake
from runtime.model.delivery import Item, TagPlan, Verdict
from runtime.telemetry import log

_WARN_AFTER = 3
"""Failures in a row before a line is logged: one lost connection is daily life."""

_TICK_S = 0.001


class Dispatcher:
    """Delivers one tag's items. Loop thread only."""

    def __init__(self, plan: TagPlan, version: int, outlet: Outlet, ledger: Ledger, tuning: Tuning) -> None:
        self.plan, self.version = plan, version
        self.circuit = Circuit(tuning.backoff, tuning.stopped_probe_s)
        self.fates = Fates(plan.tag, ledger, tuning.backoff)
        self.backlog = Backlog(plan, tuning)
        self.throttle = Throttle()
        self.throttle.configure(plan, time.monotonic())
        self._outlet, self._ledger, self._tuning = outlet, ledger, tuning
        self._flight: set[asyncio.Task[Tried]] = set()
        self._wake = Wake()
        self._roomy = Wake()
        self._swept = 0.0
        self._stopping = False

    def configure(self, plan: TagPlan, version: int) -> None:
        """Takes over the live version's figures; a tag whose circuit is open is tried again at once."""
        self.plan, self.version = plan, version
        self.backlog.configure(plan)
        self.throttle.configure(plan, time.monotonic())
        self.circuit.probe_now()
        self._wake.call()

    @property
    def in_flight(self) -> int:
        """Batches on their way."""
        return len(self._flight)

    def offer(self, seq: int, items: Sequence[Item]) -> bool:
        """Takes all items of one hit, or none of them and returns False: then the tag lags.

        Hits are offered in the order of the log, each once.
        """
        if self._stopping or self.backlog.room <= 0:
            return False
        self.fates.watermark.add(seq, len(items))
        self._collect(items)
        return True

    async def room(self) -> None:
        """Waits until the queue is half empty, or for a moment."""
        await self._roomy.wait(self._tuning.poll_s)

    def load_due(self) -> None:
        """Takes up parked items whose time has come. Call it right after a commit, while file and memory agree.

        While the circuit is open they are taken up only where nothing else is left to probe with.
        """
        wanted = self.circuit.state == "closed" or not (self.backlog or self._flight)
        if wanted and not (self._stopping or self.plan.paused):
            self._collect(self.fates.due(self.backlog.room))

    async def run(self) -> None:
        """Sends until `stop`."""
        while not self._stopping:
            self._launch_ready()
            await self._wake.wait(self._delay())

    def stop(self) -> None:
        """Starts nothing more; what is in flight goes on."""
        self._stopping = True
        self._wake.call()
        self._roomy.call()

    def abandon(self) -> None:
        """Cuts off what is in flight and settles none of it."""
        self.stop()
        for task in self._flight:
            task.cancel()

    async def finish(self, deadline_s: float) -> None:
        """Waits for what is in flight, then cuts off the rest: it counts as not sent and goes again after a restart."""
        flight = list(self._flight)
        if flight:
            await asyncio.wait(flight, timeout=max(0.0, deadline_s))
        for task in flight:
            task.cancel()
        await asyncio.gather(*flight, return_exceptions=True)

    def _collect(self, items: Sequence[Item]) -> None:
        # The loop sleeps until the oldest batch has lingered: it need not hear of each item.
        if items and self.backlog.add(items, time.monotonic()):
            self._wake.call()

    def _launch_ready(self) -> None:
        while self._may_launch():
            bunch = self.backlog.next(time.monotonic())
            if bunch is None:
                break
            if not self._ledger.answers_written():
                self.backlog.hold(bunch, first=True)
                break
            self._drop_expired(bunch)
            if bunch.items:
                self._launch(bunch)
        if self._blocked and time.monotonic() - self._swept >= self._tuning.sweep_s:
            self._sweep()

    def _may_launch(self) -> bool:
        if self.plan.paused or self._stopping:
            return False
        now = time.monotonic()
        return self.circuit.room(now, self.plan.concurrency, len(self._flight)) > 0 and not self.throttle.wait(now)

    @property
    def _blocked(self) -> bool:
        return self.plan.paused or self.circuit.state != "closed"

    def _launch(self, bunch: Bunch) -> None:
        bunch.attempts += 1
        self.throttle.take(time.monotonic(), len(bunch.items))
        task = asyncio.create_task(attempt(self.plan, self.version, bunch, self._outlet))
        self._flight.add(task)
        task.add_done_callback(partial(self._landed, bunch, time.monotonic()))

    def _landed(self, bunch: Bunch, started: float, task: asyncio.Task[Tried]) -> None:
        self._flight.discard(task)
        if task.cancelled():
            return  # Not settled: its items go again after a restart.
        error = task.exception()
        if error is None:
            self._apply(bunch, started, task.result())
        else:
            # A mistake of ours must neither pass for a delivery nor end the dispatcher.
            log().error("attempt_failed", tag=self.plan.tag, exc_info=error)
            self._outage(bunch, started, stop("internal_error"))
        self._wake.call()
        self._tell_room()

    def _apply(self, bunch: Bunch, started: float, tried: Tried) -> None:
        self._ledger.attempt(tried.row, stopped=tried.verdict.stop)
        division = divide(bunch, tried.verdict)
        if division.outage:
            self._outage(bunch, started, tried.verdict, tried.message)
            return
        self._answered()
        self.fates.deliver(division.delivered, dry_run=tried.disposition == "dry_run")
        for item, verdict in division.parked:
            self.fates.park(item, verdict, bunch.attempts)
        for item, verdict in division.dead:
            reason = verdict.reason or tried.verdict.reason or f"status {tried.status}"
            self.fates.bury(item, reason, tried.row.answer, status=tried.status, attempts=bunch.attempts)
        for part in reversed(division.again):
            self.backlog.hold(part, first=True)

    def _outage(self, bunch: Bunch, started: float, verdict: Verdict, message: str = "") -> None:
        before, now = self.circuit.state, time.monotonic()
        self.circuit.fail(now, started, verdict.reason, retry_after_s=verdict.retry_after_s, stop=verdict.stop)
        self._tell_failure(before, message)
        bunch.failures += 1
        if bunch.failures == 1:
            bunch.delivered_before = self.fates.delivered
        others_pass = self.fates.delivered > bunch.delivered_before and not verdict.stop
        park = others_pass and bunch.failures >= self._tuning.park_after
        kept = [] if park else [item for item in bunch.items if not self.fates.is_taken(item)]
        for item in bunch.items if park else filter(self.fates.is_taken, bunch.items):
            self.fates.park(item, verdict, bunch.attempts)
        if kept:
            bunch.items = kept
            self.backlog.hold(bunch)

    def _drop_expired(self, bunch: Bunch) -> None:
        now = self._outlet.clock()
        old = [item for item in bunch.items if 0 < item.expires_s <= now]
        if old:
            bunch.items = [item for item in bunch.items if not 0 < item.expires_s <= now]
            self._bury_expired(old, bunch.attempts)

    def _sweep(self) -> None:
        self._swept, now = time.monotonic(), self._outlet.clock()
        self._bury_expired(self.backlog.remove(lambda item: 0 < item.expires_s <= now), 0)
        self._tell_room()

    def _bury_expired(self, items: Sequence[Item], attempts: int) -> None:
        words = "Too old for the vendor, or for the tag's backlog age."
        for item in items:
            # Without its payload: a tag that is paused for long must not fill this file in place of the log.
            self.fates.bury(msgspec.structs.replace(item, data=b""), "expired", words, attempts=attempts)

    def _delay(self) -> float | None:
        """Seconds until something is to be done without being called."""
        now = time.monotonic()
        if not self.backlog:
            return None
        if self._blocked:
            return max(_TICK_S, min(self._until_probe(now), self._swept + self._tuning.sweep_s - now))
        if len(self._flight) >= self.plan.concurrency:
            return None  # A landing calls.
        if self._ledger.broken:
            return self._tuning.settle_s
        due = self.backlog.due()
        return None if due is None else max(_TICK_S, due - now, self.throttle.wait(now))

    def _until_probe(self, now: float) -> float:
        waiting = self.plan.paused or self._flight
        return self._tuning.sweep_s if waiting else max(self.circuit.until - now, self.throttle.wait(now))

    def _tell_room(self) -> None:
        if self.backlog.room * 2 >= self._tuning.queue_items:
            self._roomy.call()

    def _answered(self) -> None:
        if self.circuit.state == "stopped" or self.circuit.failures >= _WARN_AFTER:
            log().info("tag_resumed", tag=self.plan.tag)
        self.circuit.succeed()

    def _tell_failure(self, before: State, message: str) -> None:
        facts = {"tag": self.plan.tag, "reason": self.circuit.reason[:100], "message": message[:200]}
        if self.circuit.state == "stopped" and before != "stopped":
            log().error("tag_stopped", **facts, probe_s=self._tuning.stopped_probe_s)
        elif self.circuit.state == "open" and self.circuit.failures == _WARN_AFTER:
            log().warning("destination_failing", **facts)
