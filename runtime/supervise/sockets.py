"""Sockets that outlive the processes that use them: listeners, and the wake-up pair of an edge and its router."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import socket
import struct
from collections.abc import Callable

from runtime.errors import OperatorError

BACKLOG = 2048

_SO_ATTACH_FILTER = 26
# Classic BPF over the TCP header: load the flags' byte; a segment with SYN is dropped, any other passes whole.
_STEPS = ((0x30, 0, 0, 13), (0x45, 0, 1, 2), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))
_NO_SYN = b"".join(struct.pack("=HBBI", *step) for step in _STEPS)


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


def turn_away(sock: socket.socket) -> None:
    """Lets no connection begin on a listening socket, for all processes that share it, while those that the kernel has
    begun still come: a listener that is closed resets them, even with a request on its way. Who knocks meanwhile hears
    nothing, knocks again a second later, and is refused once the socket is closed."""
    program = ctypes.create_string_buffer(_NO_SYN, len(_NO_SYN))
    # Where the kernel knows no filters, the socket goes on accepting until it is closed.
    with contextlib.suppress(OSError):
        sock.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(_NO_SYN) // 8, ctypes.addressof(program))
        )


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
