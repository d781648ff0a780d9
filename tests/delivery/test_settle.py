from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from runtime.delivery.rollups import LABELS, OTHER, Rollups
from runtime.delivery.settle import Ledger
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_rows import DeadRow


def dead(seq: int) -> DeadRow:
    return DeadRow("t", seq, 0, "bad", "words", 400, 1, 5, 1, str(seq), b"{}")


def test_what_could_not_be_written_is_kept_and_written_later(tmp_path: Path) -> None:
    store = DeliveryStore(tmp_path / "d.db")
    store._connection.execute("PRAGMA busy_timeout = 0")
    ledger = Ledger(store, lambda: 60.0)
    ledger.dead(dead(1))
    other = sqlite3.connect(tmp_path / "d.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert not ledger.settle()
    assert ledger.broken
    ledger.dead(dead(2))
    other.execute("ROLLBACK")
    assert ledger.settle()
    assert not ledger.broken
    assert other.execute("SELECT seq FROM dead ORDER BY seq").fetchall() == [(1,), (2,)]
    counted = [(0, "dead", "t", 2), (0, "dead_by_reason", "t rejected", 2), (1, "dead", "t", 2)]
    assert other.execute("SELECT * FROM rollup").fetchall() == counted
    other.close()
    store.close()


def test_cursors_are_taken_right_before_the_commit_and_told_right_after(tmp_path: Path) -> None:
    store = DeliveryStore(tmp_path / "d.db")
    ledger = Ledger(store, lambda: 60.0)
    seen: list[dict[str, int]] = []
    ledger.before = lambda: ledger.pending.cursors.update({"t": 7})
    ledger.after = lambda settled: seen.append(settled.cursors)
    assert ledger.settle()
    assert store.cursors() == seen[0] == {"t": 7}
    store.close()


@pytest.mark.parametrize("n", [LABELS - 1, LABELS + 50])
def test_a_minute_has_a_limited_number_of_labels(n: int) -> None:
    rollups = Rollups()
    labels = [rollups.label(5, "events", f"e{i}") for i in range(n)]
    assert len(set(labels)) == min(n, LABELS + 1)
    assert (OTHER in labels) == (n > LABELS)
    assert rollups.label(5, "events", "e0") == "e0"
    assert rollups.label(6, "events", "fresh") == "fresh"
