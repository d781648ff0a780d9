"""The only wiring: what each kind of process is made of. One function a kind.

The supervisor forks an edge and a router per worker, a router alone for a shard that lost its worker, and one admin
process. Nothing here decides anything; it hands each part what it needs.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import Coroutine
from contextlib import aclosing, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from admin_ui.app import make_admin
from runtime import demo
from runtime.containers.publish import publish_file, require_secrets
from runtime.delivery.ports import Outlet, Source
from runtime.delivery.router import Router
from runtime.edge.collector import make_collector
from runtime.edge.config import EdgeConfig
from runtime.edge.guard import uvicorn_options
from runtime.edge.served import ServedFile
from runtime.errors import OperatorError
from runtime.explain.programs import Programs
from runtime.http.transport import Sender
from runtime.log.reader import SqliteReader
from runtime.log.sqlite import SqliteLog
from runtime.log.writer import Writer
from runtime.lua.sandbox import Sandbox
from runtime.model.delivery import Batch, Envelope, Response, Verdict
from runtime.model.event import Outcome
from runtime.model.hit import LoggedHit
from runtime.pipeline.run import run
from runtime.pipeline.tag import describe_request, judge, plan
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.delivery import DeliveryStore
from runtime.store.files import control_path, delivery_path, log_path, shards
from runtime.supervise.lock import lock_folder
from runtime.supervise.process import Process
from runtime.supervise.serving import Stopping, serve_http
from runtime.supervise.sockets import Wire, listen
from runtime.supervise.supervisor import AlivePipe, Supervisor
from runtime.supervise.trimming import drop_old, read_trims, send_trims
from runtime.telemetry import configure, log
from runtime.text.domains import is_loopback
from runtime.text.secrets import secret_value

SWITCH_INTERVAL_S = 0.0005
"""Bounds how long a busy Python thread keeps the log's writer thread waiting: the default 5 ms is felt in the ack."""

Retention = Coroutine[Any, Any, None]

GC_THRESHOLDS = (50_000, 50, 50)
"""Collections are rare: a request makes hundreds of objects, and hardly any of them lies in a cycle."""

EDGES_STOP, ROUTERS_STOP, ADMIN_STOPS = range(3)


@dataclass(frozen=True)
class Listen:
    """Where the server listens."""

    host: str
    port: int
    admin_host: str
    admin_port: int


@dataclass(frozen=True)
class Shared:
    """What every process knows."""

    settings: Settings
    alive_fd: int
    demo: bool


def start(settings: Settings, container: Path | None, where: Listen, workers: int) -> int:
    """Publishes, listens, and runs the server until it is told to stop. Returns the exit code."""
    if not is_loopback(where.admin_host):
        raise OperatorError(
            f"The admin port cannot listen on {where.admin_host}: it has no sign-in in this release.",
            hint="Keep --admin-host on 127.0.0.1 and reach it through an SSH tunnel.",
        )
    lock_folder(settings.data_dir)
    is_demo = _publish(settings.data_dir, container)
    collector, admin = listen(where.host, where.port), listen(where.admin_host, where.admin_port)
    alive = AlivePipe()
    shared = Shared(settings, alive.reader, is_demo)
    processes = [Process("admin", partial(admin_process, shared, admin), ADMIN_STOPS)]
    for shard in sorted({*range(workers), *shards(settings.data_dir)}):
        wire = Wire() if shard < workers else None
        processes.append(Process(f"router-{shard}", partial(router_process, shared, shard, wire), ROUTERS_STOP))
        if wire:
            processes.append(
                Process(f"edge-{shard}", partial(edge_process, shared, shard, wire, collector), EDGES_STOP)
            )
    print(f"Firsthand listens on {_url(collector)}, for its operator on {_url(admin)}", flush=True)
    return Supervisor(processes, alive).run()


def _url(sock: socket.socket) -> str:
    host, port, *_ = sock.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _publish(data_dir: Path, container: Path | None) -> bool:
    """Makes the right version live; tells whether it is the demo's."""
    with Control(control_path(data_dir)) as control:
        if container is None and control.live() is None:
            container = demo.CONTAINER
        if container is not None:
            before = control.live()
            number, warnings = publish_file(control, container, Sandbox().script)
            for problem in warnings:
                log().warning("container_problem", path=problem.path, problem=problem.message, hint=problem.hint)
            if before is None or before[0] != number:
                log().info("container_live", file=str(container), version=number)
    live = Programs(control_path(data_dir)).live()
    require_secrets(live)
    return live.container.container == demo.NAME


def edge_process(shared: Shared, shard: int, wire: Wire, sock: socket.socket) -> int:
    """Takes hits, makes them durable, answers. No Lua."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return _run(shared, f"edge-{shard}", _edge(shared, shard, wire, sock))


async def _edge(shared: Shared, shard: int, wire: Wire, sock: socket.socket) -> None:
    snapshot = Programs(control_path(shared.settings.data_dir)).live()
    stopping = Stopping(shared.alive_fd)
    writer = Writer(SqliteLog(log_path(shared.settings.data_dir, shard), shard), on_commit=wire.committed)
    app = make_collector(
        EdgeConfig.build(snapshot, _secret),
        writer,
        shared.settings,
        served=_demo_files() if shared.demo else {},
        reasons=lambda: [*(["the log cannot be written"] if writer.failing else []), *stopping.reasons],
        shard=shard,
    )
    trims = asyncio.create_task(read_trims(wire, writer.trim))
    options = uvicorn_options(shared.settings, writer.count)
    _settle_memory()
    await serve_http(app, sock, stopping, drain_s=shared.settings.drain_s, **options)
    trims.cancel()
    await writer.close()


def router_process(shared: Shared, shard: int, wire: Wire | None) -> int:
    """Reads the log, runs scripts, delivers."""
    return _run(shared, f"router-{shard}", _route(shared, shard, wire))


async def _route(shared: Shared, shard: int, wire: Wire | None) -> None:
    data_dir = shared.settings.data_dir
    stopping = Stopping(shared.alive_fd)
    reader, store = SqliteReader(log_path(data_dir, shard), shard), DeliveryStore(delivery_path(data_dir, shard))
    programs = Programs(control_path(data_dir))
    live = programs.program(programs.live().number)

    def run_hit(logged: LoggedHit, only: frozenset[str] | None) -> Outcome:
        return run(logged, programs.program(logged.hit.version), only=only)

    def request(tag: str, batch: Batch) -> Envelope:
        return describe_request(live, tag, batch)

    def verdict(tag: str, response: Response, batch: Batch) -> Verdict:
        return judge(live, tag, response, batch)

    async with aclosing(Sender(shared.settings.allow_addresses)) as sender:
        outlet = Outlet(request=request, judge=verdict, send=sender.send, secret=_secret)
        router = Router(store=store, source=Source(reader.read, run_hit), outlet=outlet)
        router.publish(live.number, {tag: plan(live, tag) for tag in live.tags})
        _settle_memory()
        await router.start()
        if wire:
            wire.on_commit(router.wake)
        helpers = [asyncio.create_task(work) for work in _retention(shared, shard, wire, store, router)]
        await stopping.wait()
        for helper in helpers:
            helper.cancel()
        await router.stop()
    store.close()
    reader.close()


def _retention(shared: Shared, shard: int, wire: Wire | None, store: DeliveryStore, router: Router) -> list[Retention]:
    """Returns what keeps a shard's two files to their days. The log is its edge's to trim; without one it is ours."""
    days, upto = shared.settings.retention_days, router.upto

    def prune(last: int, before_us: int) -> int:
        return store.prune(before_us // 1000, last)

    def trim(last: int, before_us: int) -> int:
        with closing(SqliteLog(log_path(shared.settings.data_dir, shard), shard)) as orphan:
            return orphan.trim(last, before_us)

    return [drop_old(prune, upto, days), send_trims(wire, upto, days) if wire else drop_old(trim, upto, days)]


def admin_process(shared: Shared, sock: socket.socket) -> int:
    """Shows figures and traces. Reads only."""
    return _run(shared, "admin", _admin(shared, sock))


async def _admin(shared: Shared, sock: socket.socket) -> None:
    await serve_http(make_admin(shared.settings.data_dir), sock, Stopping(shared.alive_fd), drain_s=0)


def _run(shared: Shared, name: str, main: Coroutine[Any, Any, None]) -> int:
    configure(shared.settings.log_level, process=name)
    uvloop.run(main)
    return 0


def _settle_memory() -> None:
    """Called once all is loaded: that lives as long as the process, so collections need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _secret(name: str) -> str:
    return secret_value(name).reveal()


def _demo_files() -> dict[str, ServedFile]:
    return {
        path: ServedFile(file.read_bytes(), demo.TYPES[file.suffix], demo.POLICY, "no-cache")
        for path, file in demo.pages().items()
    }
