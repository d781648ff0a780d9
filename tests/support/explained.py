"""A shop with a past to explain: random hits on random versions, really run and really sent, by a router that restarts,
to vendors that fail, refuse, and are down for a while; with items that were replayed and rerouted.

Files, sandbox, pipeline, delivery and HTTP are the real ones; only the processes around them are not there.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from runtime.containers.snapshot import build_snapshot, encode_snapshot
from runtime.containers.templates import BUILT_IN, Templates, load_templates
from runtime.delivery.ports import Inbox, Outlet, Source
from runtime.delivery.router import Router
from runtime.edge.collector import make_collector
from runtime.edge.config import EdgeConfig
from runtime.explain.programs import Programs
from runtime.http.transport import Sender
from runtime.log.reader import SqliteReader
from runtime.log.sqlite import SqliteLog
from runtime.model.command import Command, Replay, Reroute, Selection
from runtime.model.container import Container
from runtime.model.delivery import Batch, Envelope, Response, Verdict
from runtime.model.event import Outcome
from runtime.model.hit import Hit, LoggedHit
from runtime.model.policy import NO_POLICY
from runtime.model.snapshot import Snapshot
from runtime.pipeline.run import run
from runtime.pipeline.tag import describe_request, judge, plan
from runtime.settings import Settings
from runtime.store.control import CommandRow, Control
from runtime.store.delivery import DeliveryStore
from runtime.store.files import control_path, delivery_path, log_path
from runtime.text.basis import encode_basis
from tests.delivery.rig import LOOPBACK, QUICK, until
from tests.support.edge import MemoryWriter, call
from tests.support.random_shop import TAGS, Plain, random_container, random_request
from tests.support.vendor import Answer, Received, Vendor

PATIENCE_S = 120.0
_UNAVAILABLE_EACH, _REFUSED_EACH = 9, 23
"""Of so many requests one is answered so."""


class Vendors(Vendor):
    """All four vendors and a shop's stock, which changes with every answer."""

    def __init__(self) -> None:
        super().__init__()
        self.stock = 0

    def answer(self, request: Received) -> Answer:
        """Is content mostly."""
        if request.target.startswith("/stock"):
            self.stock += 1
            return Answer(200, json.dumps({"left": self.stock}).encode())
        count = len(self.requests)
        if count % _UNAVAILABLE_EACH == 0:
            return Answer(503, b'{"error": {"message": "later", "is_transient": true}}')
        if count % _REFUSED_EACH == 0:
            return Answer(400, b'{"error": {"code": 100, "message": "bad"}, "code": 40002, "message": "bad"}')
        return Answer(200, b'{"code": 0, "message": "OK", "events_received": 1}')


@dataclass
class Past:
    """What is done to it, step by step. Hits are made beforehand, because an edge of its own loop takes them."""

    folder: Path
    vendors: Vendors
    rng: Random = field(default_factory=lambda: Random(20_260_921))
    templates: Templates = field(default_factory=lambda: load_templates(BUILT_IN))
    hits: int = 0
    _commands: list[CommandRow] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def publish(self, container: Plain | None = None, templates: Templates | None = None) -> Snapshot:
        """Publishes a container, a random one where none is given, and returns the version."""
        data = container or random_container(self.rng, self.vendors.endpoint)
        parsed = Container.model_validate(data, by_alias=True, by_name=False)
        snapshot = build_snapshot(parsed, templates or self.templates, 0)
        with Control(control_path(self.folder)) as control:
            number = control.publish(encode_snapshot(snapshot), snapshot.hash, environment="live")
        return build_snapshot(parsed, templates or self.templates, number)

    async def arrive(self, snapshot: Snapshot, count: int) -> None:
        """Takes so many random requests by a collector that serves the version, into the log."""
        hits = [hit async for hit in self._taken(snapshot, count)]
        with closing(SqliteLog(log_path(self.folder, 0), 0)) as log:
            log.append(hits)
        self.hits += len(hits)

    @asynccontextmanager
    async def router(self, live: int) -> AsyncIterator[_Running]:
        """A router on the files as they are, until it is stopped, drained."""
        self.folder.mkdir(exist_ok=True)
        with ExitStack() as files:
            store = files.enter_context(closing(DeliveryStore(delivery_path(self.folder, 0))))
            reader = files.enter_context(closing(SqliteReader(log_path(self.folder, 0), 0)))
            programs = Programs(control_path(self.folder), policy=NO_POLICY)
            sender = Sender(LOOPBACK)
            running = _Running(programs, reader, live)
            outlet = Outlet(
                running.request, running.judge, sender.send, lambda name: f"value-of-{name}",
                basis=encode_basis(programs.basis),
            )  # fmt: skip
            inbox = Inbox(0, lambda: len(self._commands), self._command_after)
            source = Source(reader.read, running.run)
            running.router = Router(store=store, source=source, outlet=outlet, tuning=QUICK, inbox=inbox)
            running.recall = running.router.recall
            running.publish(live)
            await running.router.start()
            try:
                yield running
            finally:
                await running.router.stop(10.0)
                await sender.aclose()

    def ask(self, command: Command) -> None:
        """Gives the router a command."""
        self._commands.append(CommandRow(len(self._commands) + 1, time.time(), command))

    def _command_after(self, number: int) -> CommandRow | None:
        return self._commands[number] if number < len(self._commands) else None

    async def _taken(self, snapshot: Snapshot, count: int) -> AsyncIterator[Hit]:
        writer = MemoryWriter()
        config = EdgeConfig.build(snapshot, lambda name: "intake-token")
        collector = make_collector(config, writer, Settings.model_construct())
        for _ in range(count):
            method, target, headers, body = random_request(self.rng, next(self._numbers), int(time.time()))
            got = await call(collector, _scope(method, target, headers, body), body)
            assert got.status < 300, (method, target, got)
        for hit in writer.hits:
            yield hit


@dataclass
class _Running:
    """A router and what it is wired to."""

    programs: Programs
    reader: SqliteReader
    live: int
    router: Any = None
    recall: Callable[[int], Mapping[str, bytes]] = lambda seq: {}

    def publish(self, version: int) -> None:
        """Makes a version live."""
        self.live = version
        program = self.programs.program(version)
        self.router.publish(version, {tag: plan(program, tag) for tag in program.tags})

    def run(self, logged: LoggedHit, only: frozenset[str] | None) -> Outcome:
        recorded = self.recall(logged.seq)
        return run(logged, self.programs.program(logged.hit.version), only=only, recorded=recorded)

    def request(self, tag: str, batch: Batch) -> Envelope:
        return describe_request(self.programs.program(batch.version), tag, batch)

    def judge(self, tag: str, response: Response, batch: Batch) -> Verdict:
        return judge(self.programs.program(batch.version), tag, response, batch)

    async def taken(self) -> None:
        """Waits until the pipeline has taken all hits."""
        self.router.wake()
        await until(lambda: self.router.place == self.reader.last_seq(), PATIENCE_S)

    async def idle(self) -> None:
        """Waits until nothing is left to be sent."""
        await self.taken()
        await until(self._idle, PATIENCE_S)

    def _idle(self) -> bool:
        waiting = sum(self.router._store.replay.parked(tag) for tag in TAGS)
        statuses = self.router.status().values()
        return not (waiting or any(one.lag or one.queued or one.in_flight for one in statuses))


def _scope(method: str, target: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    path, _, query = target.partition("?")
    given = {"host": "t.shop.example", **headers} | ({"content-length": str(len(body))} if body else {})
    return {
        "type": "http", "method": method, "path": path, "query_string": query.encode("latin-1"), "scheme": "https",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
        "client": ("203.0.113.9", 40000),
    }  # fmt: skip


async def live_through(past: Past, versions: int, hits: int) -> None:
    """Lets so many versions go live one after the other, each with its hits; one restart, one replay, one reroute."""
    snapshot = past.publish()
    for part in range(2):
        async with past.router(snapshot.number) as running:
            for _ in range(versions // 2):
                snapshot = past.publish()
                await past.arrive(snapshot, hits // versions)
                running.publish(snapshot.number)
                await running.taken()
            if part:
                await running.idle()
                await _again(past, running, snapshot)


async def _again(past: Past, running: _Running, snapshot: Snapshot) -> None:
    """Replays by the current version, and reroutes a backlog that built up while the vendors were down."""
    past.ask(Replay(selection=Selection(which="all", tag="hook", event_name="purchase"), version="current", rate=1e5))
    await asyncio.sleep(0.2)
    await running.idle()
    past.vendors.down()
    await past.arrive(snapshot, 60)
    await running.taken()
    later = past.publish()
    running.publish(later.number)
    past.ask(Reroute(of="meta", version=snapshot.number))
    await asyncio.sleep(0.2)
    past.vendors.up()
    await running.idle()
