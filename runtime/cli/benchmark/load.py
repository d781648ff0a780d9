"""The load: purchases of a browser that was here before, each with its own event id, over kept-alive connections."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import cast
from urllib.parse import urlencode

ANSWERS_S = 120
"""All answers must be there by then."""

_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
_HASH = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
PAIRS = {
    "id": "1234567890", "ev": "Purchase", "dl": "https://shop.example/checkout/thanks?order=1001&step=4",
    "rl": "https://shop.example/checkout", "if": "false", "cd[value]": "12.5", "cd[currency]": "EUR",
    "cd[contents]": '[{"id":"sku1","quantity":1,"item_price":12.5},{"id":"sku2","quantity":2,"item_price":3}]',
    "cd[content_type]": "product", "cd[order_id]": "1001", "sw": "1920", "sh": "1080", "ud[em]": _HASH,
    "ud[external_id]": _HASH, "v": "2.9.408", "r": "stable", "ec": "3", "o": "4126", "ler": "empty",
    "it": "1790000000100", "coo": "false", "rqm": "GET", "fbp": "fb.1.1790000000000.1234567890",
    "fbc": "fb.1.1790000000000.IwAR_abcdefghijklmnop",
}  # fmt: skip
QUERY = urlencode(PAIRS)
COOKIES = (
    "_fbp=fb.1.1790000000000.1234567890; _fbc=fb.1.1790000000000.IwAR_abcdefghijklmnop;"
    f" _fhid=1.Zm9ydGhlYmVuY2htYXJrMA.{int(time.time()) // 86400}"
)


def request(number: int) -> bytes:
    """Returns one hit, as a browser sends it."""
    target = f"/tr/?{QUERY}&ts={time.time_ns() // 1_000_000}&eid=bench.{number}"
    return (
        f"GET {target} HTTP/1.1\r\nHost: t.shop.example\r\nUser-Agent: {_AGENT}\r\nAccept: image/webp,*/*\r\n"
        f"Accept-Language: de-DE,de;q=0.9\r\nReferer: https://shop.example/checkout/thanks\r\n"
        f"Origin: https://shop.example\r\nCookie: {COOKIES}\r\n\r\n"
    ).encode()


class Connection(asyncio.Protocol):
    """Sends one request after another; `next_number` gives None when there is no more to send."""

    def __init__(self, next_number: Callable[[], int | None], done: Callable[[float, bool], None]) -> None:
        self._next, self._done = next_number, done
        self._buffer = b""
        self._due: deque[float] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send_next()

    def _send_next(self) -> None:
        number = self._next()
        if number is None:
            self.close()
        else:
            self.send(number, time.perf_counter())

    def close(self) -> None:
        """Ends the connection."""
        self._transport.close()

    def send(self, number: int, due: float) -> None:
        """Sends a request whose latency counts from `due`."""
        self._due.append(due)
        self._transport.write(request(number))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            place = head.find(b"content-length:")
            size = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            if len(self._buffer) < end + 4 + size:
                return
            self._buffer = self._buffer[end + 4 + size :]
            self._done(time.perf_counter() - self._due.popleft(), head.startswith(b"http/1.1 2"))
            if not self._due:
                self._send_next()


async def closed_loop(port: int, first: int, count: int, connections: int) -> int:
    """Sends `count` hits as fast as the answers come, and returns how many were acknowledged."""
    numbers = iter(range(first, first + count))
    acknowledged = 0
    finished = asyncio.Event()
    answered = 0

    def done(_: float, ok: bool) -> None:
        nonlocal acknowledged, answered
        acknowledged += ok
        answered += 1
        if answered == count:
            finished.set()

    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: Connection(lambda: next(numbers, None), done), "127.0.0.1", port)
    await asyncio.wait_for(finished.wait(), ANSWERS_S)
    return acknowledged


async def open_loop(port: int, first: int, rate: int, seconds: float, connections: int = 64) -> list[float]:
    """Sends hits at a fixed rate, and returns the seconds from each one's due time to its answer."""
    latencies: list[float] = []
    count = int(rate * seconds)
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    finished = asyncio.Event()

    def made() -> Connection:
        box: list[Connection] = []

        def done(latency: float, ok: bool) -> None:
            latencies.append(latency)
            if len(latencies) == count:
                finished.set()
            idle.put_nowait(box[0])

        box.append(_Patient(done))
        return box[0]

    loop = asyncio.get_running_loop()
    for _ in range(connections):
        _, connection = await loop.create_connection(made, "127.0.0.1", port)
        idle.put_nowait(connection)
    start = time.perf_counter() + 0.05
    for number in range(count):
        due = start + number / rate
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        (await idle.get()).send(first + number, due)
    await asyncio.wait_for(finished.wait(), ANSWERS_S)
    while not idle.empty():
        idle.get_nowait().close()
    return latencies


class _Patient(Connection):
    """A connection that sends only when told to."""

    def __init__(self, done: Callable[[float, bool], None]) -> None:
        super().__init__(lambda: None, done)

    def _send_next(self) -> None:
        return
