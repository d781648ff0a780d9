"""A rig whose hits need look-ups, and a server that answers something else each time it is asked."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from runtime.delivery.router import Router
from runtime.model.delivery import Envelope, TagPlan
from runtime.model.event import EventRun, Outcome, TagRun
from runtime.model.hit import LoggedHit
from runtime.model.lookup import Lookup, decode_answer
from runtime.store.delivery_rows import EventRow
from tests.delivery.rig import Rig, fired, hit, meta_event, until
from tests.support.vendor import Answer, Received, Vendor

Recall = Callable[[int], Mapping[str, bytes]]


class Oracle(Vendor):
    """Answers every look-up with another number, so that two answers are never the same."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)

    def answer(self, request: Received) -> Answer:
        return Answer(200, json.dumps({"number": next(self._numbers)}).encode())

    def asked(self) -> list[str]:
        """The paths asked for, in order."""
        return [request.target for request in list(self.requests)]


@dataclass
class AskingRig(Rig):
    """Each hit needs the look-ups of `asks`, one after the other; its item carries what came of them."""

    oracle: Vendor = field(default_factory=Vendor)
    asks: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Hit to the paths that it asks for; a later one only once the one before is answered."""
    asks_of_version: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Version to paths, for all of its hits."""
    tags: tuple[str, ...] = ("meta",)
    timeout_ms: int = 2000
    ttl_s: int = 300
    failed_ttl_s: int = 0
    asked_at: str = ""
    """Where look-ups go instead of to the server."""
    recall: Recall = lambda seq: {}

    def add_asking(self, *paths: tuple[str, ...], version: int = 1) -> None:
        """Logs a hit for each tuple of paths."""
        for each in paths:
            seq = len(self.log) + 1
            self.log.append(hit(seq, version=version))
            self.asks[seq] = each

    def lookup(self, path: str) -> Lookup:
        """The look-up of a path."""
        envelope = Envelope("GET", f"{self.asked_at or self.oracle.endpoint}{path}", {}, "")
        hosts = ("127.0.0.1", "169.254.169.254")
        return Lookup(f"key{path}", "v", envelope, hosts, self.timeout_ms, self.ttl_s, self.failed_ttl_s)

    def run(self, logged: LoggedHit, only: frozenset[str] | None) -> Outcome:
        self.runs.append((logged.seq, only))
        recorded, found = self.recall(logged.seq), dict[str, str]()
        needs: tuple[Lookup, ...] = ()
        paths = self.asks.get(logged.seq, ()) + self.asks_of_version.get(logged.hit.version, ())
        for path in paths:
            value = recorded.get(f"key{path}")
            if value is None:
                needs = (self.lookup(path),)
                break
            answer = decode_answer(value)
            found[path] = answer.failed or answer.body
        data = meta_event(f"e{logged.seq}", event_source_url=f"https://shop.example/?v={logged.hit.version}")
        item = data | {"custom_data": {"found": json.dumps(found, sort_keys=True)}}
        tags = tuple(
            fired(tag, item) if not needs else TagRun(tag, "not_triggered")
            for tag in self.tags
            if only is None or tag in only
        )
        return Outcome(
            events=(EventRun(0, {"event_name": "lead", "event_id": f"e{logged.seq}"}, {}, tags),), needs=needs
        )

    @asynccontextmanager
    async def router(self, *plans: TagPlan, deadline_s: float = 5.0, live: int = 1) -> AsyncIterator[Router]:
        async with super().router(*plans, deadline_s=deadline_s, live=live) as router:
            # Nothing ran yet: tasks begin with the first await.
            self.recall = router.recall
            yield router

    def recorded(self, seq: int) -> dict[str, str]:
        """Path to what is recorded for a hit, by the file."""
        with contextlib.closing(self.reader()) as reader:
            found = {key: decode_answer(value) for key, value in reader.lookups(seq).items()}
        return {key.removeprefix("key"): answer.failed or answer.body for key, answer in found.items()}

    def is_waiting(self, seq: int) -> bool:
        """Tells by the file whether a hit waits."""
        with contextlib.closing(self.reader()) as reader:
            return reader.waits(seq)

    def summaries(self, seq: int) -> list[EventRow]:
        with contextlib.closing(self.reader()) as reader:
            return [row for row in reader.find(limit=1000).rows if row.seq == seq]

    def total(self, name: str, label: str = "") -> int:
        """How often something was counted."""
        with contextlib.closing(self.reader()) as reader:
            return reader.totals().get((name, label), 0)


def found(vendor: Any, event_id: str) -> list[dict[str, str]]:
    """What each copy of an event that Meta took says about its look-ups."""
    events = [event for event in vendor.events if event["event_id"] == event_id]
    return [json.loads(event["custom_data"]["found"]) for event in events]


async def settled(router: Router, last: int) -> None:
    """Waits until all hits are through."""
    await until(lambda: router.upto() >= last)
