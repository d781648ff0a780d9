"""Sockets that outlive the processes that use them: listeners, and the wake-up pair of an edge and its router."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from runtime.errors import OperatorError

BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """Returns a bound, listening TCP socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise OperatorError(
            f"Cannot listen on {host}:{port}: {error.strerror}.",
            hint="Stop what uses the port, or give another --port.",
        ) from error
    sock.listen(BACKLOG)
    sock.setblocking(False)
    sock.set_inheritable(True)
    return sock


class Wire:
    """The two ends between an edge and its router: the edge says "committed", the router says "trim up to N".

    A wake-up that does not fit is dropped: then the router has some to read already.
    """

    def __init__(self) -> None:
        self.edge, self.router = socket.socketpair()
        self.edge.setblocking(False)
        self.router.setblocking(False)

    def committed(self, last_seq: int) -> None:
        """Called by the edge after each commit."""
        with contextlib.suppress(BlockingIOError):
            self.edge.send(b".")

    def on_commit(self, wake: Callable[[], None]) -> None:
        """Makes the router's loop call `wake` after commits of the edge."""

        def readable() -> None:
            with contextlib.suppress(BlockingIOError):
                self.router.recv(65536)
            wake()

        asyncio.get_running_loop().add_reader(self.router, readable)
