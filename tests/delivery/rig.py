"""A router on a real delivery file, with a log in memory and a pipeline that is a table: what delivery alone needs."""

from __future__ import annotations

import asyncio
import bisect
import ipaddress
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.delivery.ports import Inbox, Outlet, Source, Tuning
from runtime.delivery.retry import Backoff
from runtime.delivery.router import Router
from runtime.errors import OperatorError
from runtime.http.transport import Sender
from runtime.model.command import Command
from runtime.model.delivery import Batch, Disposition, Envelope, Response, TagPlan, Verdict
from runtime.model.event import EventRun, Outcome, TagRun
from runtime.model.hit import Hit, LoggedHit
from runtime.store.control import CommandRow
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_reader import DeliveryReader
from tests.support.fake_meta import FakeMeta
from tests.support.vendor import Vendor

QUICK = Tuning(
    backoff=Backoff(base_s=0.005, cap_s=0.02),
    stopped_probe_s=0.02,
    settle_s=0.01,
    coalesce_s=0.0,
    poll_s=0.05,
    commands_s=0.01,
    replay_s=0.01,
    sweep_s=0.02,
)
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def hit(seq: int, *, version: int = 1, body: bytes = b"", at_s: float | None = None) -> LoggedHit:
    """A hit of the log."""
    return LoggedHit(
        0,
        seq,
        Hit(
            client="json", version=version, received_us=int((at_s or time.time()) * 1e6), method="POST", scheme="https",
            host="t.shop.example", path="/e", query=b"", headers={}, cookies={}, client_ip="198.51.100.7", route={},
            page_url="", referrer="", consent={}, fbp="", fbc="", visitor_id="", body=body,
        ),
    )  # fmt: skip


def meta_event(event_id: str, **changes: Any) -> dict[str, Any]:
    """An event that Meta takes."""
    user = {"client_ip_address": "198.51.100.7", "client_user_agent": "Mozilla/5.0"}
    return {
        "event_name": "Lead", "event_time": int(time.time()), "event_id": event_id, "action_source": "website",
        "event_source_url": "https://shop.example/", "user_data": user,
    } | changes  # fmt: skip


def fired(tag: str, item: Mapping[str, Any], *, key: str = "", expires_s: int = 0) -> TagRun:
    """A tag that made an item."""
    return TagRun(tag, "fired", item=json.dumps(item).encode(), key=key, expires_s=expires_s)


def outcome(event_id: str, *runs: TagRun, position: int = 0) -> Outcome:
    """One event and its tags."""
    return Outcome(events=(EventRun(position, {"event_name": "lead", "event_id": event_id}, {}, runs),))


@dataclass
class Rig:
    """What a test changes and looks at."""

    folder: Path
    vendor: Vendor
    tuning: Tuning = QUICK
    log: list[LoggedHit] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    runs: list[tuple[int, frozenset[str] | None]] = field(default_factory=list)
    waits: set[int] = field(default_factory=set)
    """Hits whose version cannot be loaded now."""
    secrets: dict[str, str] = field(default_factory=lambda: {"META_TOKEN": "token"})
    clock: Callable[[], float] = time.time
    by_version: dict[tuple[int, int], Outcome] = field(default_factory=dict)
    """Version and hit to what that version makes of it, where it makes something else."""
    commands: list[CommandRow] = field(default_factory=list)
    lifted: list[str] = field(default_factory=list)
    judge: Callable[[str, Response, Batch], Verdict] | None = None
    plan_of: Callable[[int, str], TagPlan] | None = None
    """How tags deliver for hits that are not live."""

    @property
    def path(self) -> Path:
        return self.folder / "delivery-0.db"

    def plan(self, tag: str = "meta", **changes: Any) -> TagPlan:
        """A plan with loopback figures."""
        given: dict[str, Any] = {"max_items": 50, "linger_ms": 1, "timeout_s": 5.0, "hosts": ("127.0.0.1",)} | changes
        return TagPlan(tag=tag, template="meta_capi", **given)

    def add(self, *outcomes: Outcome, version: int = 1, at_s: float | None = None) -> None:
        """Logs a hit for each outcome."""
        for made in outcomes:
            seq = len(self.log) + 1
            self.log.append(hit(seq, version=version, at_s=at_s))
            self.outcomes[seq] = made

    def add_events(self, ids: Sequence[str], tag: str = "meta", **changes: Any) -> None:
        """Logs a good event for each id."""
        self.add(*(outcome(id, fired(tag, meta_event(id, **changes))) for id in ids))

    def read(self, after: int, limit: int) -> list[LoggedHit]:
        start = bisect.bisect_right(self.log, after, key=lambda logged: logged.seq)
        return self.log[start : start + limit]

    def run(self, logged: LoggedHit, only: frozenset[str] | None) -> Outcome:
        self.runs.append((logged.seq, only))
        if logged.seq in self.waits:
            raise OperatorError("Version 9 cannot be loaded.")
        return self.by_version.get((logged.hit.version, logged.seq)) or self.outcomes[logged.seq]

    def ask(self, command: Command, at_s: float | None = None) -> int:
        """Gives the router a command and returns its number."""
        number = len(self.commands) + 1
        self.commands.append(CommandRow(number, time.time() if at_s is None else at_s, command))
        return number

    def command_after(self, number: int) -> CommandRow | None:
        return self.commands[number] if number < len(self.commands) else None

    def inbox(self, shard: int = 0) -> Inbox:
        return Inbox(shard, lambda: len(self.commands), self.command_after, self.lift)

    def lift(self, script: str) -> bool:
        self.lifted.append(script)
        return True

    def request(self, tag: str, batch: Batch) -> Envelope:
        body = json.dumps({"access_token": "\0secret:META_TOKEN\0", "data": "\0items\0"})
        return Envelope(
            "POST", f"{self.vendor.endpoint}/v25.0/1234567890/events", {"content-type": "application/json"}, body
        )

    def verdict(self, tag: str, response: Response, batch: Batch) -> Verdict:
        if self.judge is not None:
            return self.judge(tag, response, batch)
        if response.status == 200:
            return Verdict(Disposition.DELIVERED)
        words = response.body.decode()[:200]
        if response.status == 401:
            return Verdict(Disposition.RETRY, words, stop=True)
        retry = response.status >= 500 or response.status == 429
        return Verdict(Disposition.RETRY if retry else Disposition.REJECT, words)

    def sender(self) -> Sender:
        return Sender(LOOPBACK)

    @asynccontextmanager
    async def router(self, *plans: TagPlan, deadline_s: float = 5.0, live: int = 1) -> AsyncIterator[Router]:
        """A running router of shard 0 that is drained at the end."""
        sender, store = self.sender(), DeliveryStore(self.path)
        secret, basis = self.secrets.__getitem__, "the basis"
        outlet = Outlet(self.request, self.verdict, sender.send, secret, clock=self.clock, basis=basis)
        router = Router(
            store=store,
            source=Source(self.read, self.run),
            outlet=outlet,
            tuning=self.tuning,
            inbox=self.inbox(),
            plan_of=self.plan_of,
        )
        router.publish(live, {plan.tag: plan for plan in plans or (self.plan(),)})
        await router.start()
        try:
            yield router
        finally:
            await router.stop(deadline_s)
            store.close()
            await sender.aclose()

    def reader(self) -> DeliveryReader:
        """The file as the explorer sees it; close it."""
        return DeliveryReader(self.path)


async def until(holds: Callable[[], Any], timeout_s: float = 20.0) -> None:
    """Waits until the condition holds."""
    async with asyncio.timeout(timeout_s):
        while True:
            if holds():
                return
            await asyncio.sleep(0.002)


def sent_ids(vendor: FakeMeta) -> list[str]:
    """Event ids in the order in which Meta took them."""
    return [event["event_id"] for event in vendor.events]


def ids(start: int, stop: int) -> list[str]:
    """Event ids e<start>, … without e<stop>."""
    return [f"e{n}" for n in range(start, stop)]


def run(work: Coroutine[Any, Any, None]) -> None:
    """Runs one test's work on a loop of its own."""
    asyncio.run(asyncio.wait_for(work, 50))
