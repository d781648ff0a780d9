"""A client as senders meet it: a request goes through the real collector, the hit through the real `parse`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from runtime.containers.snapshot import build_snapshot
from runtime.containers.templates import BUILT_IN
from runtime.edge.rehearsal import Rehearsed, rehearse
from runtime.model.container import Container
from runtime.model.hit import LoggedHit
from runtime.pipeline.parse import Parsed, parse
from runtime.pipeline.program import Program
from tests.support.templates import templates_of

AT_S = 1_790_000_001
TOKEN = "intake-token"


@dataclass
class Taken:
    """What became of one request."""

    answer: Rehearsed
    parsed: Parsed

    @property
    def json(self) -> Any:
        return orjson.loads(self.answer.body)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for _, event in self.parsed.events]

    @property
    def dead(self) -> list[tuple[int, str]]:
        return [(dead.position, dead.reason) for dead in self.parsed.dead]


class Door:
    """One client of a template. Every secret's value is `TOKEN`."""

    def __init__(self, template: str, **settings: Any) -> None:
        parts = {"clients": {"client": {"template": template, "settings": settings}}}
        head = {"container": "door", "domains": ["shop.example"], "consent": {"default": "granted"}}
        container = Container.model_validate(head | parts)
        self._snapshot = build_snapshot(container, templates_of(BUILT_IN / "clients" / template), 1)
        self._program = Program.build(self._snapshot)

    def get(self, path: str, **headers: str) -> Taken:
        """Sends a GET."""
        return self._send("GET", path, b"", headers)

    def post(self, path: str, body: Any, content_type: str = "application/json", **headers: str) -> Taken:
        """Sends a POST; what is not bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return self._send("POST", path, raw, {"content-type": content_type, **headers})

    def _send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Taken:
        answer = rehearse(
            self._snapshot,
            method=method,
            url=f"https://t.shop.example{path}",
            headers={"user-agent": "Mozilla/5.0", **headers},
            body=body,
            client_ip="198.51.100.20",
            at_us=AT_S * 1_000_000,
            secrets=lambda _: TOKEN,
        )
        if answer.hit is None:
            return Taken(answer, Parsed())
        return Taken(answer, parse(LoggedHit(0, 1, answer.hit), self._program.clients["client"]))
