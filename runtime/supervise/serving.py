"""Serves an ASGI application until the process is told to stop, and drains it in order.

SIGTERM: say "not ready" and go on accepting for `drain_s`, so that a load balancer can turn away; then accept no more,
finish what is under way, return. SIGINT, or a supervisor that is gone: the same without the wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

FINISH_S = 10
"""Requests under way get so many seconds to end."""


class Stopping:
    """Whether, and how fast, this process is to stop. Made on the process's loop."""

    def __init__(self, alive_fd: int) -> None:
        self._asked = asyncio.Event()
        self.hurried = False
        """No time for load balancers: an interrupt, or the supervisor is gone."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._ask, False)
        loop.add_signal_handler(signal.SIGINT, self._ask, True)
        loop.add_reader(alive_fd, self._abandoned, alive_fd)

    @property
    def reasons(self) -> list[str]:
        """Why the process is not ready, for /readyz."""
        return ["stopping"] if self._asked.is_set() else []

    async def wait(self) -> None:
        """Returns when the process is to stop."""
        await self._asked.wait()

    def _ask(self, hurried: bool) -> None:
        self.hurried = self.hurried or hurried
        self._asked.set()

    def _abandoned(self, alive_fd: int) -> None:
        asyncio.get_running_loop().remove_reader(alive_fd)
        self._ask(True)


class _Server(uvicorn.Server):
    """Signals are `Stopping`'s."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_http(app: ASGIApp, sock: socket.socket, stopping: Stopping, *, drain_s: float, **options: Any) -> None:
    """Serves on a listening socket until told to stop, then drains. `options` are uvicorn's."""
    quiet: dict[str, Any] = {
        "lifespan": "off",
        "access_log": False,
        "log_config": None,
        "proxy_headers": False,
        "server_header": False,
    }
    server = _Server(uvicorn.Config(app, **quiet | {"timeout_graceful_shutdown": FINISH_S} | options))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    await stopping.wait()
    if not stopping.hurried:
        await asyncio.sleep(drain_s)
    server.should_exit = True
    await serving
