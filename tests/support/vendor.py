"""A destination for tests: a small real HTTP/1.1 server in a thread of its own.

It keeps every request, answers by `answer` (subclasses are vendors), and misbehaves on demand: `behave` for good,
`then` for the next requests only.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

Manner = Literal["answer", "hang", "reset", "drip", "big", "bad_gzip", "cut_gzip", "bomb", "garbage"]


@dataclass(frozen=True)
class Answer:
    """What the vendor says."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Behaviour:
    """How a request is treated. `answer` None lets the vendor decide."""

    manner: Manner = "answer"
    answer: Answer | None = None
    after_s: float = 0.0


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at_s: float

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    def json(self) -> Any:
        return json.loads(self.body)


def status(code: int, body: bytes = b"{}", **headers: str) -> Behaviour:
    """Answers every request so; header names with `_` for `-`."""
    return Behaviour(answer=Answer(code, body, {name.replace("_", "-"): value for name, value in headers.items()}))


class Vendor:
    """Use as a context manager. Everything public may be called from any thread."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.requests: list[Received] = []
        self.port = 0
        self._changed = threading.Condition()
        self._behaviour = Behaviour()
        self._next: deque[Behaviour] = deque()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Transport] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, request: Received) -> Answer:
        """Says what a well-behaved vendor says; called under the lock."""
        return Answer()

    def behave(self, behaviour: Behaviour | None = None) -> None:
        """Treats every request so from now on; without an argument, well again."""
        with self._changed:
            self._behaviour = behaviour or Behaviour()
            self._next.clear()

    def then(self, *behaviours: Behaviour) -> None:
        """Treats the next requests so, one after the other."""
        with self._changed:
            self._next.extend(behaviours)

    def down(self) -> None:
        """Refuses connections, and cuts those that are open."""
        self._call(self._close())

    def up(self) -> None:
        """Listens again, on the same port."""
        self._call(self._listen())

    def wait(self, holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Waits until the condition holds; it is tried again after each request."""
        with self._changed:
            assert self._changed.wait_for(holds, timeout_s), f"not within {timeout_s} s; {len(self.requests)} requests"

    def __enter__(self) -> Vendor:
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await self._loop.create_server(
                lambda: _Connection(self), "127.0.0.1", self.port, ssl=self._tls
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        # A connection that was accepted a moment ago is not among the open ones yet.
        accepting = asyncio.all_tasks() - {asyncio.current_task()}
        if accepting:
            await asyncio.wait(accepting, timeout=1)
        for transport in list(self._open):
            transport.abort()
        await asyncio.sleep(0)
        if server is not None:
            await server.wait_closed()

    def _take(self, request: Received) -> tuple[Manner, Answer, float]:
        with self._changed:
            behaviour = self._next.popleft() if self._next else self._behaviour
            self.requests.append(request)
            normal = behaviour.manner == "answer" and behaviour.answer is None
            answer = self.answer(request) if normal else behaviour.answer or Answer()
            self._changed.notify_all()
        return behaviour.manner, answer, behaviour.after_s


class _Connection(asyncio.Protocol):
    """Parses requests with a Content-Length, one after the other."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._vendor._open.add(transport)

    def connection_lost(self, error: Exception | None) -> None:
        assert self._transport is not None
        self._vendor._open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._buffer[:1].isalpha():
            self._respond("garbage", Answer())  # A TLS handshake, for one.
        while (request := self._request()) is not None:
            manner, answer, after_s = self._vendor._take(request)
            asyncio.get_running_loop().call_later(after_s, self._respond, manner, answer)

    def _request(self) -> Received | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        stop = end + 4 + int(headers.get("content-length", 0))
        if len(self._buffer) < stop:
            return None
        method, target, _ = first.split(" ")
        body = bytes(self._buffer[end + 4 : stop])
        del self._buffer[:stop]
        return Received(method, target, headers, body, time.time())

    def _respond(self, manner: Manner, answer: Answer) -> None:
        transport = self._transport
        if manner == "hang" or transport is None or transport.is_closing():
            return
        if manner == "reset":
            transport.abort()
        elif manner == "garbage":
            transport.write(b"!!! not HTTP at all\r\n\r\n")
        elif manner == "drip":
            self._drip(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + b"x" * 1000)
        else:
            transport.write(_encoded(_strange(manner) or answer))

    def _drip(self, rest: bytes) -> None:
        if rest and self._transport is not None and not self._transport.is_closing():
            self._transport.write(rest[:1])
            asyncio.get_running_loop().call_later(0.02, self._drip, rest[1:])


def _strange(manner: Manner) -> Answer | None:
    packed = {"content-encoding": "gzip"}
    if manner == "big":
        return Answer(body=b"x" * 3_000_000)
    if manner == "bomb":
        return Answer(body=gzip.compress(b"\0" * 50_000_000), headers=packed)
    if manner == "bad_gzip":
        return Answer(body=b"this is not gzip", headers=packed)
    return Answer(body=gzip.compress(b"x" * 1000)[:20], headers=packed) if manner == "cut_gzip" else None


def _encoded(answer: Answer) -> bytes:
    headers = {"content-length": str(len(answer.body)), "content-type": "application/json"} | answer.headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} Status\r\n{lines}\r\n".encode() + answer.body
