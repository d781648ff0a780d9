"""A kept-alive connection that sends whatever it is given, also what is no HTTP, and reads one answer."""

from __future__ import annotations

import socket
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple


class Answer(NamedTuple):
    """What the sender of a request sees."""

    status: int
    body: bytes
    closes: bool


class NoAnswer(AssertionError):
    """The server hung up, or was silent, where an answer was due."""


class Wire:
    """One connection at a time, opened anew where the server ended it."""

    def __init__(self, port: int, timeout_s: float = 8.0) -> None:
        self._port, self._timeout_s = port, timeout_s
        self._socket: socket.socket | None = None

    def send(self, raw: bytes) -> None:
        """Sends bytes; a server that has answered and hung up meanwhile is no error."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=self._timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(raw)

    def answer(self) -> Answer:
        """Reads the answer. A refusal is the connection's last: what was sent may be more, or less, than a request."""
        assert self._socket is not None
        received = b""
        while (found := _parsed(received)) is None:
            received += self._more(received)
        if found.closes or found.status >= 400:
            self.close()
        return found

    def _more(self, received: bytes) -> bytes:
        assert self._socket is not None
        try:
            more = self._socket.recv(65536)
        except OSError as error:
            raise NoAnswer(f"{error} after {received!r}") from error
        if not more:
            raise NoAnswer(f"hung up after {received!r}")
        return more

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _parsed(received: bytes) -> Answer | None:
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.split(b"\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in lines)
    length = int(headers.get(b"content-length", b"0"))
    if len(body) < length:
        return None
    return Answer(int(first.split(b" ")[1]), body[:length], headers.get(b"connection") == b"close")
