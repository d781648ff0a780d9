"""Serves an ASGI application until the process is told to stop, and drains it in order.

SIGTERM: say "not ready" and go on accepting for `drain_s`, so that a load balancer can turn away; then let no
connection begin, finish what is under way, return. SIGINT, or a supervisor that is gone: hurry. There is no wait for
load balancers, and who has not sent a whole request a second later is cut off; what was accepted whole is committed and
answered all the same. From the first signal on, each answer is its connection's last: who has more to send opens
another connection, here or elsewhere, instead of finding an old one closed in the middle of a request.
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

from runtime.supervise.sockets import turn_away

FINISH_S = 10
"""What is under way gets so many seconds to end."""
HURRIED_S = 1.0
"""The same when in a hurry."""
LINGER_S = 1.0
"""While no connection begins any more, those that have begun and requests that are on their way may still arrive."""
HURRIED_LINGER_S = 0.25

_LAST = (b"connection", b"close")


class Stopping:
    """Whether, and how fast, this process is to stop. Made on the process's loop."""

    def __init__(self, alive_fd: int) -> None:
        self._asked = asyncio.Event()
        self._hurry = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._asked.set)
        loop.add_signal_handler(signal.SIGINT, self._ask_to_hurry)
        loop.add_reader(alive_fd, self._abandoned, alive_fd)

    @property
    def reasons(self) -> list[str]:
        """Why the process is not ready, for /readyz."""
        return ["stopping"] if self._asked.is_set() else []

    async def wait(self) -> None:
        """Returns when the process is to stop."""
        await self._asked.wait()

    async def patience(self, seconds: float, work: asyncio.Task[None] | None = None) -> None:
        """Returns after so many seconds, or when `work` has ended; in a hurry at once."""
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait({hurry, work} if work else {hurry}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()

    def _ask_to_hurry(self) -> None:
        self._asked.set()
        self._hurry.set()

    def _abandoned(self, alive_fd: int) -> None:
        asyncio.get_running_loop().remove_reader(alive_fd)
        self._ask_to_hurry()


class _Server(uvicorn.Server):
    """Signals are `Stopping`'s."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        """It accepts."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def announce(self) -> None:
        """Makes each answer its connection's last."""
        self.config.encoded_headers.append(_LAST)
        self.server_state.default_headers = [*self.server_state.default_headers, _LAST]

    def cut_off(self) -> None:
        """Drops every connection."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()


async def serve_http(app: ASGIApp, sock: socket.socket, stopping: Stopping, *, drain_s: float, **options: Any) -> None:
    """Serves on a listening socket until told to stop, then drains. `options` are uvicorn's."""
    quiet: dict[str, Any] = {
        "lifespan": "off",
        "access_log": False,
        "log_config": None,
        "proxy_headers": False,
        "server_header": False,
    }
    server = _Server(uvicorn.Config(app, **quiet | options | {"timeout_graceful_shutdown": FINISH_S}))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    await stopping.wait()
    await server.up.wait()  # where it is told to stop while it begins
    server.announce()
    await stopping.patience(drain_s, serving)
    turn_away(sock)
    await asyncio.sleep(HURRIED_LINGER_S)
    await stopping.patience(LINGER_S - HURRIED_LINGER_S)
    server.should_exit = True
    await stopping.patience(FINISH_S, serving)
    await asyncio.wait({serving}, timeout=HURRIED_S)
    server.cut_off()
    await serving
