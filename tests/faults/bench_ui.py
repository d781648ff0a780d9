"""How long the admin UI's pages take to make with a million events stored, and the explorer's filters. Prints JSON.

`make bench-ui`, or `python -m tests.faults.bench_ui [--events N] [--data DIR] [--rounds N]`: with `--data` the folder
is kept, and used again where it is there. Times are of the server alone: from the request to the whole answer.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from runtime.containers.files import CONTAINER
from runtime.containers.workspace import create_workspace, edit_workspace, publish_workspace
from runtime.log.sqlite import SqliteLog
from runtime.model.hit import Hit
from runtime.store.control import Control
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_rows import AttemptRow, DeadRow, EventFlag, EventRow, RetryRow, Settlement
from runtime.store.files import control_path, delivery_path, log_path
from tests.support import shop
from tests.support.admin import AdminBrowser
from tests.support.programs import hit as stored
from tests.support.rich_history import READ, with_all_parts

DAYS, CHUNK = 7, 5000
PAGE_GOAL_MS, FILTER_GOAL_MS = 200, 300
NAMES = ("page_view", "view_item", "add_to_cart", "scroll", "begin_checkout", "purchase", "sign_up", "rare_event")
WEIGHTS = (600, 200, 80, 80, 20, 15, 5, 0.01)

PAGES = (
    "/", "/?span=24h", "/?span=7d", "/events", "/events/0.{half}", "/events/0.{last}", "/deliveries",
    "/deliveries?state=dead", "/deliveries?state=waiting", "/deliveries?state=backlog", "/deliveries/jobs",
    "/deliveries/0.{attempt}", "/deliveries/letters/0.1", "/versions", "/versions/1", "/audit", "/container?all=1",
    "/w/summer", "/w/summer/tags", "/w/summer/tags/orders", "/w/summer/triggers/purchases", "/w/summer/changes",
    "/w/summer/templates", "/w/summer/templates/destination/stamp", "/secrets", "/preview", "/preview/live", "/install",
    "/users", "/account", "/events/refused",
)  # fmt: skip
FILTERS = (
    "name=purchase", "name=page_view", "name=rare_event", "name=nothing", "client=json", "client=nothing",
    "tag=meta&state=fired", "tag=meta&state=denied", "tag=nothing", "event_id=e{half}", "event_id=nothing",
    "flag=dead", "flag=repaired", "flag=violated", "since=1h", "until=6d", "since=3d&until=2d",
    "name=purchase&flag=denied", "name=page_view&flag=violated", "name=page_view&until=6d", "preview=true",
)  # fmt: skip


def fill(data: Path, count: int) -> None:
    """Stores so many events of the last days, newest last, with what tags did with them."""
    log_path(data, 0).parent.mkdir(parents=True, exist_ok=True)
    _publish(data)
    chance = random.Random(7)
    start = time.time() - DAYS * 86_400
    step = DAYS * 86_400 / count
    with closing(SqliteLog(log_path(data, 0), 0)) as log, closing(DeliveryStore(delivery_path(data, 0))) as store:
        for first in range(1, count + 1, CHUNK):
            numbers = range(first, min(first + CHUNK, count + 1))
            names = chance.choices(NAMES, WEIGHTS, k=len(numbers))
            at = [int((start + _by_day(number * step)) * 1e6) for number in numbers]
            log.append([*_hits(numbers, names, at)])
            store.settle(_settlement(numbers, names, at, chance))


def _by_day(seconds: float) -> float:
    """Returns a moment such that there is more of them by day than by night."""
    turns = seconds / 86_400 * math.tau
    return seconds - 0.7 * math.sin(turns) * 86_400 / math.tau


def _publish(data: Path) -> None:
    with Control(control_path(data), who="bench") as control:
        text = shop.CONTAINER.format(pixel=shop.PIXEL, endpoint="https://graph.facebook.com")
        create_workspace(control, "first", READ, files={CONTAINER: text})
        publish_workspace(control, "first", READ, revision=control.workspaces.get("first").latest.number, note="first")
        create_workspace(control, "summer", READ)
        edit_workspace(control, "summer", with_all_parts, READ)


def _hits(numbers: range, names: list[str], at: list[int]) -> Iterator[Hit]:
    plain = stored({"event_name": "x"}, version=1).hit
    for number, name, us in zip(numbers, names, at, strict=True):
        event = {"event_name": name, "event_id": f"e{number}", "value": 12.5, "currency": "EUR"}
        event |= {"page_location": "https://shop.example/p/1", "client_id": f"c{number % 5000}"}
        event["user_data"] = {"email_address": f"p{number}@mail.example"}
        body = json.dumps(event).encode()
        yield msgspec.structs.replace(plain, client="json", version=1, received_us=us, body=body)


def _settlement(numbers: range, names: list[str], at: list[int], chance: random.Random) -> Settlement:
    settlement = Settlement(cursors={"": numbers[-1], "meta": numbers[-1]}, starts={"": 0, "meta": 0}, told=1)
    for number, name, us in zip(numbers, names, at, strict=True):
        state, flags = "fired", 0
        if (drawn := chance.random()) < 0.05:
            state, flags = "denied: ad_storage", EventFlag.DENIED.value
        elif drawn < 0.06:
            flags = EventFlag.REPAIRED.value
        elif drawn < 0.0601:
            flags = EventFlag.VIOLATED.value
        client, tags = chance.choice(("json", "pixel", "sdk")), f'{{"meta":"{state}"}}'
        settlement.events.append(EventRow(number, 0, us, name, client, f"e{number}", tags, flags))
        if drawn > 0.999:
            settlement.dead["meta", number, 0] = _dead(number, us)
        elif drawn > 0.99 and us > (time.time() - 600) * 1e6:
            settlement.retries["meta", number, 0] = RetryRow(
                "meta", number, 0, us // 1000, 1, "", 1, f"e{number}", us // 1_000_000, b"{}", "status 503"
            )
        minute, is_denied = us // 60_000_000, flags == EventFlag.DENIED.value
        did = ("denied", "meta ad_storage") if is_denied else ("fired", "meta")
        became = () if is_denied else ((("dead" if drawn > 0.999 else "delivered"), "meta"),)
        for counter, label in (("received", "json"), ("events", name), did, *became):
            settlement.rollups[minute, counter, label] = settlement.rollups.get((minute, counter, label), 0) + 1
    settlement.attempts += [_attempt(numbers[each : each + 20], at[each]) for each in range(0, len(numbers), 20)]
    return settlement


def _dead(number: int, us: int) -> DeadRow:
    words = f"code 100: Invalid parameter {number % 7}"
    return DeadRow("meta", number, 0, words, words, 400, 1, us // 1000, 1, f"e{number}", b"{}")


def _attempt(numbers: range, us: int) -> AttemptRow:
    members = msgspec.msgpack.encode([place for number in numbers for place in (number, 0)])
    first, last = numbers[0], numbers[-1]
    return AttemptRow(
        "meta", us // 1000, 80, 200, "delivered", "", 1, members, first, last, len(numbers), b"x" * 32, "{}", 0
    )


def measure(data: Path, rounds: int) -> dict[str, Any]:
    """Returns p50 and p95 of each page and filter, in milliseconds."""
    browser = AdminBrowser(data, "admin")
    with closing(sqlite3.connect(delivery_path(data, 0))) as db:
        events = int(db.execute("SELECT max(seq) FROM event").fetchone()[0])
        attempts = int(db.execute("SELECT max(id) FROM attempt").fetchone()[0])
    known = {"half": events // 2, "last": events, "attempt": attempts}
    pages = {path: _timed(browser, path.format(**known), rounds) for path in PAGES}
    filters = {text: _timed(browser, f"/events?{text.format(**known)}", rounds) for text in FILTERS}
    missed = [path for path, found in pages.items() if found["p95"] > PAGE_GOAL_MS]
    missed += [path for path, found in filters.items() if found["p95"] > FILTER_GOAL_MS]
    return {"events": events, "pages_ms": pages, "filters_ms": filters, "missed": missed}


def _timed(browser: AdminBrowser, path: str, rounds: int) -> dict[str, float]:
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        answer = browser.get(path)
        taken.append((time.perf_counter() - begun) * 1000)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
    first, taken = taken[0], sorted(taken)
    return {
        "first": round(first, 1), "p50": round(statistics.median(taken), 1),
        "p95": round(taken[min(len(taken) - 1, int(len(taken) * 0.95))], 1),
    }  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--events", type=int, default=1_000_000)
    asked.add_argument("--rounds", type=int, default=40)
    asked.add_argument("--data", type=Path)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = given.data or Path(folder) / "data"
        if not control_path(data).exists():
            fill(data, given.events)
        print(json.dumps(measure(data, given.rounds), indent=1))


if __name__ == "__main__":
    main()
