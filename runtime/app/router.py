"""The router process: reads the log, runs scripts, delivers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import ExitStack, aclosing, closing
from dataclasses import dataclass
from functools import partial

from runtime.app.following import Follower
from runtime.app.retention import keep_to_days
from runtime.app.shared import Shared, run_process, secret, settle_memory, store_of_secrets
from runtime.delivery.ports import Inbox, Outlet, Source
from runtime.delivery.router import Router
from runtime.explain.programs import Programs
from runtime.http.transport import Sender
from runtime.log.damaged import outcome_of_damage, passing_damage
from runtime.log.reader import SqliteReader
from runtime.lua.sandbox import Sandbox
from runtime.model.delivery import Batch, Envelope, Response, TagPlan, Verdict
from runtime.model.event import Outcome
from runtime.model.hit import LoggedHit
from runtime.model.snapshot import Snapshot
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.script_log import public_lines
from runtime.pipeline.tag import describe_request, judge, plan
from runtime.store.control import CommandRow, Control, Environment
from runtime.store.delivery import DeliveryStore
from runtime.store.files import control_path, delivery_path, log_path
from runtime.supervise.quarantine import Board, Quarantine
from runtime.supervise.serving import FINISH_S, HURRIED_S, Stopping
from runtime.supervise.sockets import Wire
from runtime.supervise.watch import Marker
from runtime.telemetry import log
from runtime.text.basis import encode_basis


@dataclass(frozen=True)
class Watched:
    """What a router has in memory with the supervisor and the other routers."""

    marker: Marker
    board: Board


def router_process(shared: Shared, shard: int, wire: Wire | None, watched: Watched) -> int:
    """Delivers until it is told to stop."""
    return run_process(shared, f"router-{shard}", _route(shared, shard, wire, watched))


class _Versions:
    """The versions as a router runs them: hits by the one that they arrived on, batches by the live one."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self.recall: Callable[[int], Mapping[str, bytes]] = lambda seq: {}
        """Gives the answers of a hit's look-ups: the router's."""
        self.live: Program = programs.program(programs.live().number)

    def run_hit(self, logged: LoggedHit, only: frozenset[str] | None) -> Outcome:
        damaged = outcome_of_damage(logged)
        if damaged is not None:
            return damaged
        program = self._programs.program(logged.hit.version)
        recorded = self.recall(logged.seq) if program.looks_up else {}
        outcome = run(logged, program, only=only, recorded=recorded)
        if only is None and not outcome.needs:  # Else it was run before, and a tag that lags behind runs it again.
            for script, line in public_lines(outcome, program.speakers):
                log().info("script_log", script=script, hit=logged.id, line=line)
        return outcome

    def request(self, tag: str, batch: Batch) -> Envelope:
        return describe_request(self._programs.program(batch.version), tag, batch)

    def verdict(self, tag: str, response: Response, batch: Batch) -> Verdict:
        return judge(self._programs.program(batch.version), tag, response, batch)

    def plan(self, version: int, tag: str) -> TagPlan:
        return plan(self._programs.program(version), tag)

    def publish(self, router: Router) -> None:
        """Tells the router of the live version."""
        router.publish(self.live.number, {tag: plan(self.live, tag) for tag in self.live.tags})

    def take(self, router: Router, _: Environment, snapshot: Snapshot) -> None:
        """Makes another version the live one."""
        self.live = self._programs.program(snapshot.number)
        self.publish(router)


async def _route(shared: Shared, shard: int, wire: Wire | None, watched: Watched) -> None:
    data_dir = shared.settings.data_dir
    stopping = Stopping(shared.alive_fd)
    with ExitStack() as files:
        reader = files.enter_context(closing(SqliteReader(log_path(data_dir, shard), shard)))
        store = files.enter_context(closing(DeliveryStore(delivery_path(data_dir, shard))))
        control = files.enter_context(closing(Control.read(control_path(data_dir))))
        quarantine = Quarantine(watched.board, shard, store)
        costs: dict[str, list[int]] = {}
        sandbox = partial(Sandbox, watch=watched.marker, quarantined=quarantine.refused, costs=costs)
        programs = Programs(control_path(data_dir), sandbox, policy=shared.policy)
        versions = _Versions(programs)
        async with aclosing(Sender(shared.settings.allow_addresses)) as sender:
            outlet = Outlet(versions.request, versions.verdict, sender.send, secret, basis=encode_basis(programs.basis))
            source = Source(passing_damage(reader.read), versions.run_hit, costs=costs)
            inbox = Inbox(shard, control.stamp, partial(_next_command, control), quarantine.lift)
            router = Router(store=store, source=source, outlet=outlet, inbox=inbox, plan_of=versions.plan)
            versions.recall = router.recall
            versions.publish(router)
            settle_memory()
            await router.start()
            if wire:
                wire.on_commit(router.wake)
            take = partial(versions.take, router)
            work = [
                *keep_to_days(shared, shard, wire, store, router),
                quarantine.follow(),
                Follower(
                    control, programs, versions.live.number, take, secrets=store_of_secrets(control, shared.settings)
                ).run(),
            ]
            helpers = [asyncio.create_task(each) for each in work]
            failed = await _stopped_or_failed(stopping, router, helpers)
            for helper in helpers:
                helper.cancel()
            await _finish(router, stopping)
    if failed:
        raise RuntimeError("the router cannot go on and starts anew: see the lines before")


def _next_command(control: Control, after: int) -> CommandRow | None:
    return next(iter(control.commands(after, 1)), None)


async def _stopped_or_failed(stopping: Stopping, router: Router, helpers: list[asyncio.Task[None]]) -> bool:
    """Waits until the process is to stop; tells whether a part of it ended by itself, which none ever should."""
    asked, broken = asyncio.create_task(stopping.wait()), asyncio.create_task(router.failed.wait())
    done, _ = await asyncio.wait({asked, broken, *helpers}, return_when=asyncio.FIRST_COMPLETED)
    for helper in done & {*helpers}:
        log().error("router_task_failed", exc_info=helper.exception())
    asked.cancel()
    broken.cancel()
    return asked not in done


async def _finish(router: Router, stopping: Stopping) -> None:
    """Waits for the batches in flight; in a hurry hardly: those cut off go again after the start."""
    orderly = asyncio.create_task(router.stop(FINISH_S))
    await stopping.patience(FINISH_S, orderly)
    if not orderly.done():
        await router.stop(HURRIED_S)
    await orderly
