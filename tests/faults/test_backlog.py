"""What an event costs when much waits before and behind it: CPU per delivered event at backlogs of 10 k, 100 k and 1 M.

Real log, delivery file, pipeline and templates; the vendor is a callable that answers at once. The sizes take turns, so
that a machine which is slower at one time than at another is so for all of them.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import sqlite3
import statistics
import time
from contextlib import closing
from pathlib import Path

import uvloop

from runtime.containers.interchange import load_container
from runtime.containers.snapshot import build_snapshot
from runtime.containers.templates import BUILT_IN, load_templates
from runtime.delivery.ports import Outlet, Source, Tuning
from runtime.delivery.router import Router
from runtime.log.reader import SqliteReader
from runtime.log.records import encode_hit
from runtime.log.sqlite import SqliteLog
from runtime.model.consent import PURPOSES
from runtime.model.delivery import Request, Response
from runtime.model.hit import Hit
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.tag import describe_request, judge, plan
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_rows import EventRow, Settlement
from tests.delivery.rig import until
from tests.faults.conftest import Row
from tests.support.shop import AGENT, purchase, write_container

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 5
WARM_UP, EVENTS = 1000, 5000
MOST = 1.2
TAG = "meta"
TUNING = Tuning(queue_items=2000)
"""Short enough that the smallest backlog is read on as long as is measured, like the largest."""


def hit() -> Hit:
    """A purchase, as a browser sends it."""
    return Hit(
        client="pixel", version=1, received_us=time.time_ns() // 1000, method="GET", scheme="https",
        host="t.shop.localhost", path="/tr", query=purchase("backlog").partition("?")[2].encode(),
        headers={"user-agent": AGENT}, cookies={}, client_ip="203.0.113.7", route={},
        page_url="https://shop.localhost/thanks", referrer="", consent=dict.fromkeys(PURPOSES, True),
        fbp="fb.1.1790000000000.1234567890", fbc="", visitor_id="visitor",
    )  # fmt: skip


class Backlog:
    """A shard whose pipeline has taken every hit, and whose one tag has delivered none."""

    def __init__(self, folder: Path, size: int, program: Program) -> None:
        folder.mkdir()
        self._log, self._delivery = folder / "log-0.db", folder / "delivery-0.db"
        self._size, self._program, self._delivered = size, program, 0
        self._fill(hit())

    def _fill(self, one: Hit) -> None:
        SqliteLog(self._log, 0).close()
        store = DeliveryStore(self._delivery)
        store.settle(Settlement(told=1, cursors={"": self._size, TAG: 0}))
        store.close()
        row = (one.received_us, one.version, encode_hit(one))
        hits = ((seq, *row) for seq in range(1, self._size + 1))
        states = f'{{"{TAG}":"fired"}}'
        events = (
            EventRow(seq, 0, one.received_us, "purchase", "pixel", "backlog", states, 0)
            for seq in range(1, self._size + 1)
        )
        _insert(self._log, "INSERT INTO hit(seq, received_us, version, record) VALUES (?, ?, ?, ?)", hits)
        _insert(self._delivery, "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", events)

    async def cost_us(self) -> float:
        """Returns CPU microseconds an event, from the backlog's start on, and puts the tag back to there."""
        self._delivered = 0
        reader, store = SqliteReader(self._log, 0), DeliveryStore(self._delivery)
        router = self._router(reader, store)
        await router.start()
        await until(lambda: self._delivered >= WARM_UP, 60)
        gc.collect()
        before, first = time.process_time(), self._delivered
        await until(lambda: self._delivered >= first + EVENTS, 120)
        used, events = time.process_time() - before, self._delivered - first
        await router.stop(5)
        for file in (reader, store):
            file.close()
        _insert(self._delivery, "UPDATE cursor SET upto = ? WHERE tag = ?", [(0, TAG)])
        return used / events * 1e6

    def _router(self, reader: SqliteReader, store: DeliveryStore) -> Router:
        async def send(request: Request) -> Response:
            await asyncio.sleep(0)
            count = request.body.count(b'"event_name"')
            self._delivered += count
            return Response(200, {}, b'{"events_received":%d,"messages":[],"fbtrace_id":"a"}' % count, 1.0)

        program = self._program
        outlet = Outlet(
            request=lambda tag, batch: describe_request(program, tag, batch),
            judge=lambda tag, response, batch: judge(program, tag, response, batch),
            send=send,
            secret=lambda name: "token",
        )
        source = Source(reader.read, lambda logged, only: run(logged, program, only=only))
        router = Router(store=store, source=source, outlet=outlet, tuning=TUNING)
        router.publish(1, {TAG: plan(program, TAG)})
        return router


def _insert(path: Path, sql: str, rows: object) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA synchronous = OFF")
        db.executemany(sql, rows)  # type: ignore[arg-type]  # any iterable of rows


def test_cpu_per_event_is_the_same_at_any_backlog(tmp_path: Path, row: Row) -> None:
    container = load_container(write_container(tmp_path, "https://graph.example"))
    program = Program.build(build_snapshot(container, load_templates(BUILT_IN), 1))
    backlogs = {size: Backlog(tmp_path / str(size), size, program) for size in SIZES}
    costs: dict[int, list[float]] = {size: [] for size in SIZES}
    for _, size in itertools.product(range(ROUNDS), SIZES):
        costs[size].append(uvloop.run(backlogs[size].cost_us()))
    medians = {size: statistics.median(found) for size, found in costs.items()}
    ratio = max(medians.values()) / min(medians.values())
    row(
        "CPU per event at backlogs of " + ", ".join(f"{size:,}" for size in SIZES),
        ", ".join(f"{cost:.0f}" for cost in medians.values()) + f" µs, ratio {ratio:.2f} ({ROUNDS} rounds)",
    )
    assert ratio <= MOST
