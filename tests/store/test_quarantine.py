"""The quarantine in the delivery files, and files of the format that had none."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from runtime.store import delivery_schema
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_reader import DeliveryReader
from runtime.store.delivery_rows import QuarantineRow, Settlement
from runtime.store.files import delivery_path, log_path
from runtime.store.quarantine import Quarantined, read_quarantine, refusal, refusals

ROW = QuarantineRow("destination/a@1f", "0.7", 1_790_000_000_000, "hung")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of format 1 with something in it."""
    path = delivery_path(tmp_path, 0)
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN; {delivery_schema._STEPS[0]} PRAGMA user_version = 1; COMMIT;")
        connection.execute("INSERT INTO cursor VALUES ('meta', 17)")
    connection.close()
    log_path(tmp_path, 0).touch()
    return path


def test_the_writer_brings_an_old_file_up_and_keeps_what_is_in_it(old: Path) -> None:
    store = DeliveryStore(old)
    assert store.cursors() == {"meta": 17}
    store.quarantine(ROW)
    store.settle(Settlement(cursors={"meta": 18}))
    store.close()
    reader = DeliveryReader(old)
    assert reader.quarantine() == [ROW]
    assert reader.cursors() == {"meta": 18}
    reader.close()
    with sqlite3.connect(old) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (delivery_schema.FORMAT,)
    connection.close()


def test_an_old_file_can_be_looked_at_as_it_is(old: Path) -> None:
    reader = DeliveryReader(old)
    assert reader.quarantine() == []
    assert reader.cursors() == {"meta": 17}
    reader.close()
    assert read_quarantine(old.parent) == []


def test_a_new_file_equals_one_that_was_brought_up(old: Path, tmp_path: Path) -> None:
    DeliveryStore(old).close()
    new = delivery_path(tmp_path, 1)
    DeliveryStore(new).close()
    tables = []
    for path in (old, new):
        with sqlite3.connect(path) as connection:
            tables.append(connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall())
        connection.close()
    assert tables[0] == tables[1]


def test_lifting_forgets_the_script_and_tells_whether_there_was_one(tmp_path: Path) -> None:
    store = DeliveryStore(delivery_path(tmp_path, 0))
    store.quarantine(ROW)
    store.quarantine(ROW._replace(hit="0.9"))
    assert store.lift(ROW.script)
    assert not store.lift(ROW.script)
    store.close()


def test_all_shards_are_read_the_oldest_first(tmp_path: Path) -> None:
    for shard, since_ms in enumerate((2000, 1000)):
        log_path(tmp_path, shard).touch()
        store = DeliveryStore(delivery_path(tmp_path, shard))
        store.quarantine(ROW._replace(since_ms=since_ms))
        store.close()
    log_path(tmp_path, 2).touch()  # A shard whose router has not run yet.
    assert [(shard, row.since_ms) for shard, row in read_quarantine(tmp_path)] == [(1, 1000), (0, 2000)]


def test_a_refusal_says_since_when_why_and_what_to_do() -> None:
    assert refusal(ROW).message == (
        "not called since 2026-09-21 14:13:20 UTC, when it hung its router on hit 0.7:"
        " publish a corrected version, or lift the quarantine of destination/a@1f"
    )
    assert "crashed with its router in `request` or `verdict`" in refusal(ROW._replace(hit="", cause="crashed")).message


def test_of_several_rows_one_about_a_hit_counts_and_of_those_the_oldest() -> None:
    rows = [ROW._replace(hit="", since_ms=1), ROW._replace(hit="1.2", since_ms=3), ROW._replace(hit="2.5", since_ms=2)]
    (found,) = refusals(Quarantined(shard, row) for shard, row in enumerate(rows)).values()
    assert "on hit 2.5" in found.message
    assert not found.batches_only
