"""A collector for tests: on a loopback port behind the guarded protocol, or called in the process."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import uvicorn

from runtime.edge.collector import Collector, make_collector
from runtime.edge.config import EdgeConfig
from runtime.edge.guard import uvicorn_options
from runtime.edge.limits import Limits
from runtime.model.hit import Hit
from runtime.model.snapshot import Snapshot
from runtime.settings import Settings
from runtime.telemetry import tally
from tests.support.snapshots import snapshot

NOW_US = 1_790_000_001_000_000
TOKENS = {"INTAKE": "in-take|tök/en+1", "OLD": "the-old-token"}
GOOD = TOKENS["INTAKE"]
LATIN_GOOD = GOOD.encode().decode("latin-1")
"""The token's UTF-8 bytes as a header's text carries them."""
SETTINGS = Settings(trusted_proxies=())


class MemoryWriter:
    """A log in memory. `error` is raised by the next appends; `gate` holds them back until it is set."""

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.tallies: dict[tuple[str, str], list[int]] = {}
        self.examples: list[tuple[str, Mapping[str, Any]]] = []
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def append(self, hit: Hit) -> int:
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.hits.append(hit)
        return len(self.hits)

    def count(self, name: str, label: str = "") -> None:
        self.counts[name, label] += 1

    def tally(self, name: str, label: str) -> list[int]:
        return self.tallies.setdefault((name, label), tally())

    def example(self, kind: str, summary: Mapping[str, Any]) -> None:
        self.examples.append((kind, summary))


@dataclass
class Got:
    """What one request got."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: list[str] = field(default_factory=list)


@dataclass
class Edge:
    """A collector, its writer, and requests to it without a server between."""

    collector: Collector
    writer: MemoryWriter

    def request(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        peer: str = "203.0.113.9",
        scheme: str = "https",
    ) -> Got:
        """Sends one request and returns its answer."""
        given = [*(headers.items() if isinstance(headers, Mapping) else headers)]
        given += [] if any(name == "host" for name, _ in given) else [("host", "t.shop.example")]
        given += [("content-length", str(len(body)))] if body else []
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode("latin-1"),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given],
            "client": (peer, 40000),
            "scheme": scheme,
        }
        return asyncio.run(call(self.collector, scope, body))

    @property
    def hit(self) -> Hit:
        """The last hit that was taken."""
        return self.writer.hits[-1]


async def call(collector: Collector, scope: dict[str, Any], *chunks: bytes) -> Got:
    """Calls the collector as a server would, the body in these pieces."""
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": place < len(chunks) - 1}
        for place, chunk in enumerate(chunks)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await collector(scope, receive, send)
    start, end = sent
    pairs = [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]]
    cookies = [value for name, value in pairs if name == "set-cookie"]
    return Got(start["status"], dict(pairs), end["body"], cookies)


def assert_declared(app: Edge, got: Got, taken: int) -> None:
    """Fails where an answer is none of the declared outcomes, or does not agree with what was taken."""
    assert got.status in (200, 204, 400, 401, 404, 405, 413, 415)
    assert taken in (0, 1)
    assert taken == 0 or got.status == 200
    assert not [name for name, _ in app.writer.counts if name in ("failed", "unavailable")]
    assert "\r" not in "".join(got.headers.values())
    assert "\n" not in "".join(got.headers.values())
    for hit in app.writer.hits[-taken:] if taken else ():
        msgspec.json.encode(hit)  # texts that no record could hold would fail here


def secret(name: str) -> str:
    """Returns one of the tests' tokens."""
    return TOKENS[name]


def edge(version: Snapshot | None = None, *, settings: Settings = SETTINGS, **options: Any) -> Edge:
    """Returns a collector of the tests' shop, or of another version."""
    writer = MemoryWriter()
    config = EdgeConfig.build(version or snapshot(), secret)
    options = {"shard": 3, "clock": lambda: NOW_US} | options
    return Edge(make_collector(config, writer, settings, **options), writer)


@dataclass
class Port:
    """A collector on a loopback port."""

    number: int
    writer: MemoryWriter
    refused: Counter[str]

    def exchange(self, *pieces: bytes, timeout: float = 10.0) -> bytes:
        """Sends bytes as they are, then reads until the server hangs up."""
        with socket.create_connection(("127.0.0.1", self.number), timeout=timeout) as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                return read_all(connection)
            except ConnectionResetError:
                return b""

    def hang_up_after(self, raw: bytes) -> None:
        """Sends bytes and goes away without an answer."""
        with socket.create_connection(("127.0.0.1", self.number), timeout=10) as connection:
            connection.sendall(raw)
            time.sleep(0.05)


def read_all(connection: socket.socket) -> bytes:
    """Reads until the other side hangs up."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


@contextmanager
def serving(app: Edge | None = None, *, limits: Limits | None = None, settings: Settings = SETTINGS) -> Iterator[Port]:
    """Runs a collector under uvicorn with the guarded protocol, in a thread, on a free port."""
    app = app or edge()
    refused: Counter[str] = Counter()
    options = uvicorn_options(settings, lambda _, reason: refused.update([reason]), limits=limits)
    server = uvicorn.Server(uvicorn.Config(app.collector, **options))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield Port(listener.getsockname()[1], app.writer, refused)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
