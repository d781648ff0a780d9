"""A receiver that reads requests, answers each as Meta does, and counts the events: the cheapest vendor there is."""

from __future__ import annotations

import asyncio
import socket
from multiprocessing.sharedctypes import Synchronized
from typing import cast

import uvloop

_ANSWER = b'{"events_received":1,"messages":[],"fbtrace_id":"bench"}'
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_ANSWER)


class _Receiver(asyncio.Protocol):
    def __init__(self, counter: Synchronized[int]) -> None:
        self._counter = counter
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            size = _content_length(bytes(self._buffer[:end]))
            if len(self._buffer) < end + 4 + size:
                return
            self._counter.value += self._buffer.count(b'"event_name"', end + 4, end + 4 + size)
            del self._buffer[: end + 4 + size]
            self._transport.write(_HEAD + _ANSWER)


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


def run_sink(sock: socket.socket, counter: Synchronized[int]) -> None:
    """Serves until the process is ended."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Receiver(counter), sock=sock)
        await server.serve_forever()

    uvloop.run(serve())
