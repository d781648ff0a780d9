"""What each stage of the pipeline costs, in one process, over the same hits: to see where the time goes."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path

from runtime.cli.benchmark.load import PAIRS, QUERY
from runtime.containers.interchange import load_container
from runtime.containers.snapshot import build_snapshot
from runtime.containers.templates import BUILT_IN, load_templates
from runtime.model.consent import PURPOSES
from runtime.model.hit import Hit, LoggedHit
from runtime.pipeline.program import Program
from runtime.pipeline.run import run

ROUNDS = 2000


def measure(container: Path) -> dict[str, float]:
    """Returns CPU microseconds a hit: from its record to events, and from there to the encoded item."""
    templates = load_templates(BUILT_IN)
    program = Program.build(build_snapshot(load_container(container), templates, 1))
    hit = _hit()
    nobody: frozenset[str] = frozenset()
    parse = _cost(lambda number: run(LoggedHit(0, number, hit), program, only=nobody))
    whole = _cost(lambda number: run(LoggedHit(0, number, hit), program))
    return {"parse": parse, "triggers_and_map": round(whole - parse, 1)}


def _cost(call: Callable[[int], object]) -> float:
    for number in range(200):
        call(number)
    gc.collect()
    before = time.process_time_ns()
    for number in range(ROUNDS):
        call(number)
    return round((time.process_time_ns() - before) / ROUNDS / 1000, 1)


def _hit() -> Hit:
    now_us = time.time_ns() // 1000
    return Hit(
        client="pixel", version=1, received_us=now_us, method="GET", scheme="https", host="t.shop.example", path="/tr/",
        query=f"{QUERY}&ts={now_us // 1000}&eid=bench.1".encode(), headers={"user-agent": "Mozilla/5.0"}, cookies={},
        client_ip="203.0.113.7", route={}, page_url=PAIRS["dl"], referrer=PAIRS["rl"],
        consent=dict.fromkeys(PURPOSES, True), fbp=PAIRS["fbp"], fbc=PAIRS["fbc"], visitor_id="visitor",
    )  # fmt: skip
