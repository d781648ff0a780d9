"""The router: everything between the log and the vendors, in one object that the app wires.

    router = Router(store=…, source=Source(read, run), outlet=Outlet(request, judge, send, secret))
    router.publish(version, plans)      # at the start, and whenever a version goes live
    await router.start()
    router.wake()                       # after each commit of the edge
    await router.stop(deadline_s)       # drain: stops reading, ends what is in flight, settles

Tasks: one consumer for the log, one for hits that wait for look-ups, one for replays, one for commands, and per tag one
that sends and one that catches up. All on one loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Set
from typing import Any, Literal

import msgspec

from runtime.delivery.commands import Answer, Commands, nothing
from runtime.delivery.consumer import Consumer
from runtime.delivery.dispatcher import Dispatcher
from runtime.delivery.lane import Landed, Lane
from runtime.delivery.lookups import Lookups
from runtime.delivery.ports import Inbox, Outlet, Source, Tuning
from runtime.delivery.previews import PlanOf, Previews
from runtime.delivery.replayer import Replayer
from runtime.delivery.reroutes import Reroutes
from runtime.delivery.settle import Ledger, Settler
from runtime.model.delivery import TagPlan
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_rows import Settlement
from runtime.telemetry import log

FINISH_S = 5.0
"""More than a vendor's time limit: a request that takes longer is cut off, and its items go again."""


class TagStatus(msgspec.Struct, frozen=True):
    """How one tag is doing."""

    state: Literal["closed", "open", "stopped", "paused"]
    """closed: it sends · open: the destination fails · stopped: a person must act · paused: by its settings."""
    reason: str
    upto: int
    """Its cursor: every hit up to here is delivered, parked or dead."""
    lag: int
    """Hits between its cursor and the last one the pipeline took."""
    queued: int
    in_flight: int


class Router:
    """Reads hits, delivers items, settles. Every method is to be called on the loop's thread."""

    def __init__(
        self,
        *,
        store: DeliveryStore,
        source: Source,
        outlet: Outlet,
        tuning: Tuning | None = None,
        inbox: Inbox | None = None,
        plan_of: PlanOf | None = None,
    ) -> None:
        """`store` stays the caller's to close, after `stop`. Without an inbox nobody can ask anything of the router;
        without `plan_of` nothing of previews is sent."""
        self._tuning = tuning or Tuning()
        self._live = 0
        self._reroutes = Reroutes(source, store.replay.reroutes(), lambda: self._live)
        self._store, self._source, self._outlet = store, self._reroutes.source, outlet
        self._cursors = store.cursors()
        self._told = store.told()
        self._ledger = Ledger(store, outlet.clock, self._tuning.settle_rows, costs=source.costs)
        self._ledger.before, self._ledger.after = self._move_cursors, self._load_due
        self._lookups = Lookups(outlet, self._ledger, self._tuning)
        self._lanes: dict[str, Lane] = {}
        self._removed: dict[str, Lane] = {}
        after = self._cursors.get("", 0)
        self._previews = Previews(self._ledger, outlet, plan_of)
        self._consumer = Consumer(
            self._source, self._ledger, self._lanes, self._tuning,
            after=after, told=lambda: self._told, lookups=self._lookups, previews=self._previews,
        )  # fmt: skip
        self._settler = Settler(self._ledger, self._tuning.settle_s)
        self._waiting = store.lookups.waiting()
        """Hits that wait for look-ups, by the file."""
        self._replayer = Replayer(
            self._source, self._ledger, self._lanes, self._tuning, self._lookups, live=lambda: self._live
        )
        every_s = self._tuning.commands_s
        self._commands = Commands(inbox, self, self._ledger, self._replayer, every_s) if inbox else None
        self.failed = asyncio.Event()
        """Set where a task ended by an error of ours: the process is to start anew, or a tag would stand still."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = False

    def publish(self, version: int, plans: Mapping[str, TagPlan], starts: Mapping[str, int] | None = None) -> None:
        """Makes a version live: its plans hold from the next batch on.

        A tag without a cursor starts after `starts[tag]`, else where the router first met its version, else at the
        pipeline's place. A tag that the version lacks stops: its cursor stays, and holds the log, until `discard`.
        """
        self._ledger.settle()
        self._live, self._told = version, max(self._told, version)
        self._ledger.pending.told = self._told
        for tag in [tag for tag in self._lanes if tag not in plans]:
            self._removed[tag] = self._lanes.pop(tag)
            self._removed[tag].stop()
        for tag, plan in plans.items():
            if tag in self._lanes:
                self._lanes[tag].dispatcher.configure(plan, version)
            else:
                self._add(plan, version, (starts or {}).get(tag))

    def discard(self, tag: str) -> int:
        """Gives up a removed tag: deletes its cursor and what it had parked; returns how many items that gave up."""
        self._ledger.settle()
        if tag in self._removed:
            self._removed.pop(tag).dispatcher.abandon()
        after = self._cursors.pop(tag, self.place)
        made, decided = self._store.replay.undecided(tag, after), len(self._store.decided_above(tag, after))
        given_up = self._store.replay.parked(tag) + max(0, made - decided)
        self._ledger.pending.forgotten.add(tag)
        if given_up:
            self._ledger.count("discarded", tag, given_up)
        self._ledger.settle()
        return given_up

    def reroute(self, tag: str, version: int) -> Answer:
        """Releases a tag's backlog of a version with the live one: what waits in memory is made anew once what is in
        flight has landed, parked items when their time comes. Written with the next settlement; others are untouched.
        """
        lane = self._lanes.get(tag)
        if lane is None:
            return nothing(f"the live version has no tag {tag}")
        if version == self._live:
            return nothing(f"version {version} is the live one")
        backlog = self.place - lane.upto(self.place)
        self._ledger.pending.reroutes.add((tag, version))
        self._reroutes.add(tag, version)
        lane.stop()
        if self._running:
            self._spawn(self._restart(lane))
        return {"hits_behind": backlog, "live": self._live}

    def wake(self) -> None:
        """Tells that the log has grown."""
        self._consumer.wake()

    async def start(self) -> None:
        """Starts all tasks."""
        self._running = True
        self._spawn(self._consumer.run())
        self._spawn(self._consumer.waiting.run())
        self._spawn(self._settler.run())
        self._spawn(self._replayer.run())
        if self._commands:
            self._spawn(self._commands.run())
        for lane in self._lanes.values():
            self._run(lane)

    async def stop(self, deadline_s: float = 10.0) -> None:
        """Drains: reads no more, waits for batches in flight up to the deadline, settles what is known."""
        self._running = False
        lanes = [*self._lanes.values(), *self._removed.values()]
        self._consumer.stop()
        self._consumer.waiting.stop()
        self._replayer.stop()
        if self._commands:
            self._commands.stop()
        for lane in lanes:
            lane.stop()
        aside = self._previews.finish(deadline_s)
        await asyncio.gather(aside, *(lane.dispatcher.finish(deadline_s) for lane in lanes))
        self._settler.stop()
        await self._lookups.close()
        await asyncio.gather(*self._tasks)
        self._ledger.settle()

    def upto(self) -> int:
        """Returns the last hit that nobody needs any more, by the file: the edge may trim the log up to here."""
        upto = min(self._cursors.values(), default=0)
        return min(upto, min(self._waiting) - 1) if self._waiting else upto

    def recall(self, seq: int) -> Mapping[str, bytes]:
        """Returns the answers of a hit's look-ups that are there, for whoever runs it here."""
        return self._lookups.recall(seq)

    def status(self) -> dict[str, TagStatus]:
        """Returns how each tag is doing."""
        return {tag: self._status(lane) for tag, lane in self._lanes.items()}

    @property
    def tags(self) -> Set[str]:
        """The live version's tags."""
        return self._lanes.keys()

    @property
    def place(self) -> int:
        """The last hit that the pipeline took."""
        return self._consumer.place

    def _status(self, lane: Lane) -> TagStatus:
        dispatcher, upto = lane.dispatcher, lane.upto(self.place)
        state = "paused" if dispatcher.plan.paused else dispatcher.circuit.state
        lag, queued = max(0, self.place - upto), len(dispatcher.backlog)
        return TagStatus(state, dispatcher.circuit.reason, upto, lag, queued, dispatcher.in_flight)

    def _add(self, plan: TagPlan, version: int, start: int | None, landed: Landed | None = None) -> None:
        met = self._ledger.pending.starts
        default = met.get(plan.tag, self.place if start is None else start)
        after = self._cursors.get(plan.tag, default)
        met.setdefault(plan.tag, after)
        dispatcher = Dispatcher(plan, version, self._outlet, self._ledger, self._tuning)
        decided = self._store.decided_above(plan.tag, after)
        place = None if after == self.place else after
        lane = Lane(
            dispatcher, self._source, self._ledger, self._tuning, self._lookups,
            place=place, decided=decided, landed=landed,
        )  # fmt: skip
        self._lanes[plan.tag] = lane
        self._removed.pop(plan.tag, None)
        if self._running:
            self._run(lane)

    def _run(self, lane: Lane) -> None:
        self._spawn(lane.dispatcher.run())
        self._spawn(lane.follow(lambda: self._consumer.place))

    async def _restart(self, lane: Lane) -> None:
        """Starts a tag anew from its cursor, once what is in flight has landed and is written down."""
        await lane.dispatcher.finish(lane.dispatcher.plan.timeout_s + FINISH_S)
        while self._running and self._lanes.get(lane.tag) is lane:
            if self._ledger.settle():
                self._add(lane.dispatcher.plan, self._live, None, lane.landed(self.place))
                return
            await asyncio.sleep(self._tuning.poll_s)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log().error("router_task_failed", exc_info=error)
            self.failed.set()

    def _move_cursors(self) -> None:
        """Puts every cursor that moved into the settlement."""
        moved = {"": self.place}
        for lane in [*self._lanes.values(), *self._removed.values()]:
            moved[lane.tag] = lane.upto(self.place)
        pending = self._ledger.pending
        pending.cursors = {tag: upto for tag, upto in moved.items() if upto > self._cursors.get(tag, -1)}

    def _load_due(self, settled: Settlement) -> None:
        self._cursors = settled.starts | self._cursors | settled.cursors
        for seq, since_ms in settled.waiting.items():
            if since_ms is None:
                self._waiting.pop(seq, None)
            else:
                self._waiting[seq] = since_ms
        for lane in self._lanes.values():
            lane.dispatcher.load_due()
        self._previews.release()
