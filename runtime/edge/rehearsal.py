"""Takes one request through a collector in memory: what `firsthand container test` and the tests use for examples.

The collector is the real one; only the socket before it and the log behind it are not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from runtime.edge.asgi import Header, Message, Scope
from runtime.edge.client import Secrets
from runtime.edge.collector import make_collector
from runtime.edge.config import EdgeConfig
from runtime.model.hit import Hit
from runtime.model.snapshot import Snapshot
from runtime.settings import Settings
from runtime.telemetry import tally


@dataclass
class Rehearsed:
    """What became of the request."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    """Of the answer, names in lower case."""
    body: bytes = b""
    hit: Hit | None = None
    """The hit, where it was accepted; its id is `0.1`."""
    reason: str = ""
    """Why it was not."""

    async def append(self, hit: Hit) -> int:
        """Takes the hit in the log's place."""
        self.hit = hit
        return 1

    def count(self, name: str, label: str = "") -> None:
        """Learns from the counters why a request was not taken."""
        self.reason = label or name

    def tally(self, name: str, label: str) -> list[int]:
        """Measures nothing."""
        return tally()

    def example(self, kind: str, summary: Mapping[str, Any]) -> None:
        """Keeps nothing: the counter has told it."""


def rehearse(
    snapshot: Snapshot,
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    client_ip: str,
    at_us: int,
    secrets: Secrets,
) -> Rehearsed:
    """Returns what a collector that serves the snapshot does with a request that arrives at `at_us`."""
    config = EdgeConfig.build(snapshot, secrets)
    rehearsed = Rehearsed()
    collector = make_collector(config, rehearsed, Settings.model_construct(), clock=lambda: at_us)
    asyncio.run(_send(collector, _scope(method, url, headers, body, client_ip), body, rehearsed))
    return rehearsed


def _scope(method: str, url: str, headers: Mapping[str, str], body: bytes, client_ip: str) -> Scope:
    parts = urlsplit(url)
    raw: list[Header] = [(b"host", parts.netloc.encode())]
    raw += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    raw += [(b"content-length", b"%d" % len(body))] if body else []
    return {
        "type": "http",
        "method": method,
        "scheme": parts.scheme,
        "path": unquote(parts.path) or "/",
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": raw,
        "client": (client_ip, 0),
    }


async def _send(collector: Any, scope: Scope, body: bytes, rehearsed: Rehearsed) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            rehearsed.status = message["status"]
            rehearsed.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            rehearsed.body += message.get("body", b"")

    await collector(scope, receive, send)
