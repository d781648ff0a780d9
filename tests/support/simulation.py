"""A router on real files whose clock is the test's: hours of traffic and of outage pass as fast as the machine works.

Only the pipeline and the vendor are stand-ins, both plain callables that cost next to nothing. What waits by the
monotonic clock (backoff, sweeps) is set as much shorter as the simulated time runs faster.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from runtime.delivery.ports import Inbox, Outlet, Source, Tuning
from runtime.delivery.retry import Backoff
from runtime.delivery.router import Router
from runtime.errors import VendorError
from runtime.log.reader import SqliteReader
from runtime.log.sqlite import SqliteLog
from runtime.model.command import Command
from runtime.model.delivery import Batch, Disposition, Envelope, Request, Response, TagPlan, Verdict
from runtime.model.event import EventRun, Outcome, TagRun
from runtime.model.hit import Hit, LoggedHit
from runtime.store.control import CommandRow
from runtime.store.delivery import DeliveryStore
from tests.delivery.rig import until

FASTER = 1000
"""Simulated seconds of a real one, as far as the monotonic clock is concerned."""
TUNING = Tuning(
    backoff=Backoff(base_s=1 / FASTER, cap_s=60 / FASTER), sweep_s=60 / FASTER, poll_s=0.05, commands_s=0.02
)
PATIENCE_S = 200.0
MOST_HITS = 500_000
STEP = 1000
"""Hits of one append."""
PADDING = "x" * 400

_HIT = Hit(
    client="json", version=1, received_us=0, method="POST", scheme="https", host="t.shop.example", path="/e",
    query=b"", headers={"user-agent": "Mozilla/5.0"}, cookies={}, client_ip="198.51.100.7", route={}, page_url="",
    referrer="", consent={}, fbp="", fbc="", visitor_id="", body=PADDING.encode(),
)  # fmt: skip


class Simulation:
    """Use `running`; then `pass_time` is traffic at full speed and `live` is traffic in real time."""

    def __init__(self, folder: Path, tags: Iterable[str]) -> None:
        self.now_s = float(int(time.time()))
        self.log = SqliteLog(folder / "log-0.db", 0)
        self.reader = SqliteReader(folder / "log-0.db", 0)
        self.store = DeliveryStore(folder / "delivery-0.db")
        self.tags = tuple(tags)
        self.down: set[str] = set()
        """Tags whose vendor refuses connections."""
        self.taken = {tag: bytearray(MOST_HITS) for tag in self.tags}
        """By tag and hit, how often the hit's event came. Of one size, since memory is what some tests measure."""
        self.came_s: dict[tuple[str, int], float] = {}
        """When an event of the live traffic came first, by the monotonic clock."""
        self.refused = 0
        self._commands: list[CommandRow] = []
        self._live_from = 0

    def plan(self, tag: str, **changes: object) -> TagPlan:
        """A plan with a vendor's usual figures."""
        plan = TagPlan(tag=tag, template="webhook", max_items=100, linger_ms=1, hosts=("vendor.example",))
        return msgspec.structs.replace(plan, **changes)

    @asynccontextmanager
    async def running(self, *plans: TagPlan) -> AsyncIterator[Router]:
        """Runs a router with these plans; closes the files at the end."""
        outlet = Outlet(self._request, self._judge, self._send, lambda name: "", clock=lambda: self.now_s)
        inbox = Inbox(0, lambda: len(self._commands), self._command_after)
        source = Source(self.reader.read, self._run)
        router = Router(store=self.store, source=source, outlet=outlet, tuning=TUNING, inbox=inbox)
        router.publish(1, {plan.tag: plan for plan in plans or map(self.plan, self.tags)})
        await router.start()
        try:
            yield router
        finally:
            await router.stop(2.0)
            for file in (self.store, self.reader, self.log):
                file.close()

    async def pass_time(self, router: Router, seconds: float, per_s: float) -> AsyncIterator[None]:
        """Lets so much time pass, with hits; yields after each thousand, which the pipeline has taken by then."""
        for _ in range(round(seconds * per_s / STEP)):
            self.now_s += STEP / per_s
            self.append(STEP)
            router.wake()
            await until(lambda: router.place == self.log.last_seq())
            yield

    async def live(self, router: Router, tag: str, seconds: float, per_s: float) -> list[float]:
        """Lets hits arrive in real time; returns the seconds from the commit of each to the tag's vendor, sorted."""
        began = time.monotonic()
        appended: dict[int, float] = {}
        self._live_from = self.log.last_seq() + 1
        for number in itertools.count():
            due = began + number / per_s
            if due > began + seconds:
                break
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.now_s += 1 / per_s
            seq = self.append(1)
            appended[seq] = time.monotonic()
            router.wake()
        await until(lambda: all((tag, seq) in self.came_s for seq in appended), PATIENCE_S)
        self._live_from = 0
        return sorted(self.came_s[tag, seq] - at for seq, at in appended.items())

    def append(self, count: int) -> int:
        """Logs hits that arrive now; returns the last one's number."""
        hit = msgspec.structs.replace(_HIT, received_us=int(self.now_s * 1e6))
        return self.log.append([hit] * count) + count - 1

    def ask(self, command: Command) -> None:
        """Gives the router a command."""
        self._commands.append(CommandRow(len(self._commands) + 1, self.now_s, command))

    def _command_after(self, number: int) -> CommandRow | None:
        return self._commands[number] if number < len(self._commands) else None

    def _run(self, logged: LoggedHit, only: frozenset[str] | None) -> Outcome:
        item = b'{"n":%d,"padding":"%b"}' % (logged.seq, logged.hit.body)
        runs = [TagRun(tag, "fired", item=item) for tag in self.tags if only is None or tag in only]
        event = {"event_name": "purchase", "event_id": f"e{logged.seq}"}
        return Outcome(events=(EventRun(0, event, {}, tuple(runs)),))

    def _request(self, tag: str, batch: Batch) -> Envelope:
        body = json.dumps({"data": "\0items\0"})
        return Envelope("POST", f"https://vendor.example/{tag}", {"content-type": "application/json"}, body)

    def _judge(self, tag: str, response: Response, batch: Batch) -> Verdict:
        return Verdict(Disposition.DELIVERED)

    async def _send(self, request: Request) -> Response:
        tag = request.url.rpartition("/")[2]
        await asyncio.sleep(0)
        if tag in self.down:
            self.refused += 1
            raise VendorError("connect", "Connection refused.")
        now = time.monotonic()
        for item in msgspec.json.decode(request.body)["data"]:
            seq = item["n"]
            self.taken[tag][seq] += 1
            if self._live_from and seq >= self._live_from:
                self.came_s.setdefault((tag, seq), now)
        return Response(200, {}, b"{}", 1.0)


async def until_done(router: Router, tag: str) -> None:
    """Waits until nothing of a tag is left to be sent."""

    def done() -> bool:
        status = router.status()[tag]
        return not (status.lag or status.queued or status.in_flight)

    await until(done, PATIENCE_S)
