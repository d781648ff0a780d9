"""Publishes, listens, forks everything, and supervises it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from runtime import demo
from runtime.app.admin import admin_process
from runtime.app.edge import edge_process
from runtime.app.router import Watched, router_process
from runtime.app.shared import Shared, store_of_secrets
from runtime.containers.policy import policy_in_force
from runtime.containers.publish import publish_file, require_secrets
from runtime.edge.geo import make_locator
from runtime.errors import OperatorError
from runtime.explain.programs import Programs
from runtime.lua.script_check import ScriptCheck
from runtime.model.policy import Policy
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import control_path, shards
from runtime.store.quarantine import read_quarantine
from runtime.supervise.lock import lock_folder
from runtime.supervise.process import Process
from runtime.supervise.quarantine import Board
from runtime.supervise.sockets import Wire, listen
from runtime.supervise.supervisor import AlivePipe, Supervisor
from runtime.supervise.watchdog import Watchdog
from runtime.telemetry import log
from runtime.text.domains import is_loopback

FIRST_LINK_S = 86400
EDGES_STOP, ROUTERS_STOP, ADMIN_STOPS = range(3)


@dataclass(frozen=True)
class Listen:
    """Where the server listens."""

    host: str
    port: int
    admin_host: str
    admin_port: int


def start(settings: Settings, container: Path | None, where: Listen, workers: int) -> int:
    """Publishes, listens, and runs the server until it is told to stop. Returns the exit code."""
    if not (is_loopback(where.admin_host) or settings.admin_hosts):
        raise OperatorError(
            f"The admin port would listen on {where.admin_host}, and no name is allowed there.",
            hint="Set FIRSTHAND_ADMIN_HOSTS to its name, behind a proxy with TLS, or keep --admin-host on 127.0.0.1"
            " and reach it through an SSH tunnel.",
        )
    policy = policy_in_force(settings)
    make_locator(settings)  # A database of places that cannot be read stops the start, not each edge after it.
    lock_folder(settings.data_dir)
    is_demo = _publish(settings, container, policy)
    collector, admin = listen(where.host, where.port), listen(where.admin_host, where.admin_port)
    alive = AlivePipe()
    shared = Shared(settings, alive.reader, is_demo, policy)
    processes = [Process("admin", partial(admin_process, shared, admin, _address(collector)), ADMIN_STOPS, admin)]
    board = Board()
    for entry in read_quarantine(settings.data_dir):
        board.post(entry)
    watchdog = Watchdog(board)
    for shard in sorted({*range(workers), *shards(settings.data_dir)}):
        wire = Wire() if shard < workers else None
        router = f"router-{shard}"
        watched = Watched(watchdog.marker(router, shard), board)
        processes.append(Process(router, partial(router_process, shared, shard, wire, watched), ROUTERS_STOP))
        if wire:
            edge = partial(edge_process, shared, shard, wire, collector)
            processes.append(Process(f"edge-{shard}", edge, EDGES_STOP, collector))
    print(f"Firsthand listens on {_url(collector)}, for its operator on {_url(admin)}", flush=True)
    _invite_first_admin(settings, admin)
    return Supervisor(processes, alive, watchdog, (collector, admin)).run()


def _invite_first_admin(settings: Settings, admin: socket.socket) -> None:
    """Where there is no user yet, prints the link that makes one; it holds for a day, and once."""
    with Control(control_path(settings.data_dir)) as control:
        if not control.accounts.users():
            secret = control.accounts.invite("admin", valid_s=FIRST_LINK_S)
            print(f"Make the first admin: {_admin_url(settings, admin)}/welcome/{secret}", flush=True)


def _admin_url(settings: Settings, admin: socket.socket) -> str:
    """Returns an address under which the admin port may be opened: the operator's name for it, else where it is
    bound, which is loopback then."""
    return f"https://{settings.admin_hosts[0]}" if settings.admin_hosts else _url(admin)


def _address(sock: socket.socket) -> tuple[str, int]:
    host, port, *_ = sock.getsockname()
    return host, port


def _url(sock: socket.socket) -> str:
    host, port = _address(sock)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _publish(settings: Settings, container: Path | None, policy: Policy) -> bool:
    """Makes the right version live; tells whether it is the demo's."""
    with Control(control_path(settings.data_dir)) as control:
        store_of_secrets(control, settings)()
        if container is None and control.live() is None:
            container = demo.CONTAINER
        if container is not None:
            before = control.live()
            number, warnings = publish_file(control, container, ScriptCheck)
            for problem in warnings:
                log().warning("container_problem", path=problem.path, problem=problem.message, hint=problem.hint)
            if before is None or before[0] != number:
                log().info("container_live", file=str(container), version=number)
    live = Programs(control_path(settings.data_dir), policy=policy).live()
    require_secrets(live)
    return live.container.container == demo.NAME
