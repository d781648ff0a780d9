"""The events explorer: filters in the address, facets, pages, twins; and what is bounded by it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from runtime.explain.search import search
from runtime.log.sqlite import SqliteLog
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_rows import EventFlag, EventRow, Settlement
from runtime.store.event_search import SCAN, EventQuery
from runtime.store.files import delivery_path, log_path
from tests.support.admin import AdminBrowser
from tests.support.history import DEAD, History


def test_filters_of_the_page(history: History) -> None:
    browser = AdminBrowser(history.data, "viewer")
    page = browser.get("/events?name=generate_lead&tag=meta&state=fired")
    assert page.status_code == 200
    assert page.text.count('<td><a href="/events/') == 3
    assert 'href="/events?name=generate_lead&amp;client=sdk"' not in page.text
    assert "/events?name=purchase" in page.text
    assert "No event is like that." in browser.get("/events?name=nothing").text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("client=sdk", 3),
        ("event_id=order.1", 1),
        ("tag=meta", 7),
        ("state=denied", 0),
        ("flag=dead", 1),
        ("since=1d", 8),
        ("until=1d", 0),
        ("preview=true", 0),
    ],
)
def test_filters_of_the_api(history: History, query: str, count: int) -> None:
    assert len(AdminBrowser(history.data, "viewer").get(f"/api/v1/events?{query}").json()["rows"]) == count


@pytest.mark.parametrize(
    "query", ["since=yesterday", "flag=x", "limit=0", "limit=1001", "colour=red", "cursor=x", "tag=a'b"]
)
def test_what_makes_no_sense_is_refused(history: History, query: str) -> None:
    browser = AdminBrowser(history.data, "viewer")
    assert browser.get(f"/api/v1/events?{query}").status_code == 400
    assert browser.get(f"/events?{query}").status_code == 400


def test_pages_follow_each_other(history: History) -> None:
    seen: list[str] = []
    cursor = ""
    for _ in range(8):
        page = search(history.data, EventQuery(), cursor=cursor, limit=3)
        seen += [f"{row['id']}/{row['position']}" for row in page.rows]
        cursor = page.next
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 8
    assert f"{DEAD}/-1" in seen


def test_csv_twin(history: History) -> None:
    answer = AdminBrowser(history.data, "viewer").get("/events.csv?client=pixel")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["id", "position", "time", "name", "client", "event_id", "tags", "flags"]
    assert len(rows) == 5


def _store(folder: Path, shard: int, rows: list[EventRow]) -> None:
    log_path(folder, shard).parent.mkdir(parents=True, exist_ok=True)
    store = DeliveryStore(delivery_path(folder, shard))
    store.settle(Settlement(events=rows))
    store.close()


def test_shards_are_merged_by_time(tmp_path: Path) -> None:
    for shard in range(3):
        SqliteLog(log_path(tmp_path, shard), shard).close()
        _store(tmp_path, shard, [
            EventRow(seq, 0, (seq * 3 + shard) * 1000, "x", "c", f"{shard}.{seq}", '{"a":"fired"}', 0)
            for seq in range(1, 8)
        ])  # fmt: skip
    seen: list[str] = []
    cursor = ""
    while True:
        page = search(tmp_path, EventQuery(name="x"), cursor=cursor, limit=4)
        seen += [row["event_id"] for row in page.rows]
        cursor = page.next
        if not cursor:
            break
    assert seen == [f"{shard}.{seq}" for seq in range(7, 0, -1) for shard in (2, 1, 0)]


def test_a_filter_without_an_index_looks_so_far_and_no_further(tmp_path: Path) -> None:
    SqliteLog(log_path(tmp_path, 0), 0).close()
    old = EventRow(1, 0, 1000, "x", "rare", "old", "{}", EventFlag.REPAIRED)
    new = [EventRow(SCAN * 2 + place, 0, 2000, "x", "c", "new", "{}", 0) for place in range(3)]
    _store(tmp_path, 0, [old, *new])
    page = search(tmp_path, EventQuery(client="rare"))
    assert (page.rows, bool(page.next)) == ([], True)
    found: list[dict[str, object]] = []
    while page.next and not found:
        page = search(tmp_path, EventQuery(client="rare"), cursor=page.next)
        found = page.rows
    assert [row["event_id"] for row in found] == ["old"]
    assert [row["event_id"] for row in search(tmp_path, EventQuery(event_id="old")).rows] == ["old"]


def test_a_frequent_name_is_looked_through_so_far_and_no_further(tmp_path: Path) -> None:
    SqliteLog(log_path(tmp_path, 0), 0).close()
    others = [
        EventRow(seq, 0, 2000, "y" if seq % 5 == 0 else "x", "c", "new", "{}", 0)
        for seq in range(2, SCAN * 5 // 4 + 20)
    ]
    _store(tmp_path, 0, [EventRow(1, 0, 1000, "x", "rare", "old", "{}", 0), *others])
    page = search(tmp_path, EventQuery(name="x", client="rare"))
    assert (page.rows, bool(page.next)) == ([], True)
    page = search(tmp_path, EventQuery(name="x", client="rare"), cursor=page.next)
    assert ([row["event_id"] for row in page.rows], page.next) == (["old"], "")
    assert search(tmp_path, EventQuery(name="y", client="rare")).next == ""
