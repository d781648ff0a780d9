"""Two hours of outage in a process of its own, for its memory to be measured. Prints figures as JSON.

`python -m tests.faults.outage_child vendor|paused FOLDER`
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sqlite3
import statistics
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from runtime.model.command import Replay, Selection
from tests.delivery.rig import until
from tests.support.simulation import PATIENCE_S, Simulation, until_done

HOURS = 3600.0
PER_S = 50
WARM_UP_S = 400
LIVE_PER_S = 50
REPLAYED_S = 400
"""The replay is of what arrived in the first seconds of the outage."""
PAUSED_PER_S = 12.5
PAGE = os.sysconf("SC_PAGESIZE")

Figures = dict[str, Any]


def rss_mib() -> float:
    """Returns how much memory this process has, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


def p95_ms(seconds: list[float]) -> float:
    return round(statistics.quantiles(seconds, n=20)[-1] * 1000, 1)


async def vendor(simulation: Simulation) -> Figures:
    """One vendor is down for two hours while another answers; then it is back, and a part is replayed."""
    async with simulation.running() as router:
        async for _ in simulation.pass_time(router, WARM_UP_S, PER_S):
            pass
        await until_done(router, "down")
        figures: Figures = {"calm_p95_ms": p95_ms(await simulation.live(router, "up", 3, LIVE_PER_S))}
        gc.collect()
        before, most, since_us = rss_mib(), 0.0, int(simulation.now_s * 1e6) + 1
        simulation.down.add("down")
        async for _ in simulation.pass_time(router, 2 * HOURS, PER_S):
            most = max(most, rss_mib())
        figures |= {
            "backlog": router.status()["down"].lag, "refused": simulation.refused,
            "rss_before": round(before, 1), "rss_growth": round(most - before, 1),
            "others_lag": router.status()["up"].lag,
        }  # fmt: skip
        figures |= await _recover(simulation, router)
        before_replay = sum(simulation.taken["down"])
        simulation.ask(
            Replay(
                selection=Selection(
                    which="all", tag="down", since_us=since_us, until_us=since_us + REPLAYED_S * 1_000_000
                ),
                rate=5000,
            )
        )
        figures["live_p95_while_replaying_ms"] = p95_ms(await simulation.live(router, "down", 4, LIVE_PER_S))
        await until(lambda: not simulation.store.replay.jobs(running=True), PATIENCE_S)
        await until_done(router, "down")
        figures["live_hits_while_replaying"] = 4 * LIVE_PER_S
        figures["replayed"] = simulation.taken["down"].count(2)
        figures["sent_in_replay"] = sum(simulation.taken["down"]) - before_replay
        figures["hits"] = last = simulation.log.last_seq()
    figures["missing"] = sum(times[1 : last + 1].count(0) for times in simulation.taken.values())
    return figures


async def _recover(simulation: Simulation, router: Any) -> Figures:
    sent, began = sum(simulation.taken["down"]), time.monotonic()
    simulation.down.clear()
    live = asyncio.create_task(simulation.live(router, "up", 3, LIVE_PER_S))
    await until_done(router, "down")
    took, items = time.monotonic() - began, sum(simulation.taken["down"]) - sent
    others = p95_ms(await live)
    await until_done(router, "down")
    return {
        "drain_s": round(took, 1), "drained_per_s": round(items / took), "others_p95_while_draining_ms": others,
        "repeated": sum(times.count(2) for times in simulation.taken.values()),
    }  # fmt: skip


async def paused(simulation: Simulation, folder: Path) -> Figures:
    """A tag is paused for longer than its backlog may age; afterwards log and delivery file are cleaned."""
    plans = simulation.plan("up"), simulation.plan("paused", paused=True, backlog_age_s=int(HOURS))
    async with simulation.running(*plans) as router:
        half = 0
        async for _ in simulation.pass_time(router, 2 * HOURS, PAUSED_PER_S):
            half = router.upto()
        last = simulation.log.last_seq()
        simulation.now_s += HOURS + 1
        await until(lambda: router.upto() == last, PATIENCE_S)
        figures: Figures = {"hits": last, "upto_after_two_hours": half, "upto": router.upto()}
        figures |= _expired(folder)
        figures["sent_by_the_paused"] = sum(simulation.taken["paused"])
        figures["bytes_before"] = _sizes(folder)
        before_us = int(simulation.now_s * 1e6) + 1_000_000
        while simulation.log.trim(router.upto(), before_us):
            pass
        while simulation.store.prune(before_us // 1000, router.upto()):
            pass
        figures["bytes_after"] = _sizes(folder)
        figures["appends_go_on"] = simulation.append(1) == last + 1
    return figures


def _expired(folder: Path) -> Figures:
    with closing(sqlite3.connect(folder / "delivery-0.db")) as db:
        letters = dict(db.execute("SELECT reason, count(*) FROM dead WHERE tag = 'paused' GROUP BY reason"))
        counted = db.execute("SELECT sum(n) FROM rollup WHERE name = 'dead' AND label = 'paused' AND minute > 0")
        return {"letters": letters, "counted": counted.fetchone()[0]}


def _sizes(folder: Path) -> dict[str, int]:
    sizes = {}
    for name in ("log-0.db", "delivery-0.db"):
        with closing(sqlite3.connect(folder / name)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        sizes[name] = (folder / name).stat().st_size
    return sizes


def main(kind: str, folder: Path) -> None:
    """Runs one of the two and prints its figures."""
    if kind == "vendor":
        figures = asyncio.run(vendor(Simulation(folder, ("down", "up"))))
    else:
        figures = asyncio.run(paused(Simulation(folder, ("paused", "up")), folder))
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
