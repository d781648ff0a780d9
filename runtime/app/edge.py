"""The edge process: takes hits, makes them durable, answers. No Lua."""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import closing

from runtime import demo
from runtime.app.places import Places, make_previews
from runtime.app.shared import Shared, open_log, run_process, secret, settle_memory, store_of_secrets
from runtime.edge.collector import make_collector
from runtime.edge.config import EdgeConfig
from runtime.edge.guard import uvicorn_options
from runtime.edge.served import ServedFile
from runtime.explain.programs import Programs
from runtime.log.disk import DiskWatch
from runtime.log.writer import Writer
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.supervise.serving import Stopping, serve_http
from runtime.supervise.sockets import Wire
from runtime.supervise.trimming import read_trims

SWITCH_INTERVAL_S = 0.0005
"""Bounds how long a busy Python thread keeps the log's writer thread waiting: the default 5 ms is felt in the ack."""


def edge_process(shared: Shared, shard: int, wire: Wire, sock: socket.socket) -> int:
    """Takes hits until it is told to stop."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return run_process(shared, f"edge-{shard}", _edge(shared, shard, wire, sock))


async def _edge(shared: Shared, shard: int, wire: Wire, sock: socket.socket) -> None:
    settings = shared.settings
    programs = Programs(control_path(settings.data_dir), policy=shared.policy)
    live = programs.live()
    stopping, disk = Stopping(shared.alive_fd), _disk(settings)
    # An edge that cannot open its log says so to every sender. One that ended would leave them without an answer.
    hits = open_log(settings, shard, must_open=False)
    writer = Writer(hits, on_commit=wire.committed, is_full=lambda: disk.full)

    def reasons() -> list[str]:
        return [*(["the log cannot be written"] if writer.failing else []), *disk.reasons, *stopping.reasons]

    with closing(Control.read(control_path(settings.data_dir))) as control:
        app = make_collector(
            EdgeConfig.build(live, secret),
            writer,
            settings,
            served=_demo_files() if shared.demo else {},
            previews=make_previews(shared, control),
            reasons=reasons,
            shard=shard,
        )
        follower = Places(app).follower(control, programs, store_of_secrets(control, settings))
        follower.look()  # Before the first hit: no environment's may go live.
        helpers = [asyncio.create_task(each) for each in (read_trims(wire, writer.trim), disk.run(), follower.run())]
        options = uvicorn_options(settings, writer.count)
        settle_memory()
        await serve_http(app, sock, stopping, drain_s=settings.drain_s, **options)
        for helper in helpers:
            helper.cancel()
    await writer.close()


def _disk(settings: Settings) -> DiskWatch:
    return DiskWatch(settings.data_dir, high=settings.disk_high_percent, low=settings.disk_low_percent)


def _demo_files() -> dict[str, ServedFile]:
    return {
        path: ServedFile(file.read_bytes(), demo.TYPES[file.suffix], demo.POLICY, "no-cache")
        for path, file in demo.pages().items()
    }
