"""One router's delivery state: cursors, what waits for a retry, dead letters, attempts, summaries, rollups.

The router writes it by `settle` alone, one transaction each, so that a cursor never passes a hit whose fate is not
written beside it. People read it through delivery_reader.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from runtime.store.delivery_rows import AttemptRow, DeadRow, EventRow, Place, RetryRow, Settlement
from runtime.store.delivery_schema import insert_sql, open_delivery, select_sql

# A cursor moves forward only.
_MOVE = "INSERT INTO cursor VALUES (?, ?) ON CONFLICT (tag) DO UPDATE SET upto = max(upto, excluded.upto)"
_START = "INSERT OR IGNORE INTO cursor VALUES (?, ?)"
_COUNT = "INSERT INTO rollup VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
_TELL = "INSERT OR IGNORE INTO told VALUES (?)"
_UNPARK = "DELETE FROM retry WHERE tag = ? AND seq = ? AND pos = ?"

_EVENT = insert_sql("event", EventRow._fields)
_RETRY = insert_sql("retry", RetryRow._fields)
_DEAD = insert_sql("dead", DeadRow._fields)
_ATTEMPT = insert_sql("attempt", AttemptRow.__struct_fields__)
_WAITING = select_sql("retry", RetryRow._fields)


class DeliveryStore:
    """The writing side. Every call is one short transaction on the caller's thread; sqlite3.Error means that nothing
    of the call was written."""

    def __init__(self, path: Path) -> None:
        self._connection = open_delivery(path)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def settle(self, settlement: Settlement) -> None:
        """Makes the settlement true, whole or not at all."""
        with self._transaction() as connection:
            connection.executemany(_EVENT, settlement.events)
            connection.executemany(_ATTEMPT, map(msgspec.structs.astuple, settlement.attempts))
            connection.executemany(_DEAD, settlement.dead.values())
            connection.executemany(_RETRY, [row for row in settlement.retries.values() if row is not None])
            connection.executemany(_UNPARK, [place for place, row in settlement.retries.items() if row is None])
            connection.executemany(_COUNT, [(*key, n) for key, n in settlement.rollups.items()])
            connection.executemany(_START, settlement.starts.items())
            connection.execute(_TELL, (settlement.told,))
            connection.executemany(_MOVE, settlement.cursors.items())

    def cursors(self) -> dict[str, int]:
        """Returns every cursor; "" is the pipeline's."""
        return dict(self._connection.execute("SELECT tag, upto FROM cursor"))

    def told(self) -> int:
        """Returns the highest version that this router has been told of, 0 at first."""
        return int(self._connection.execute("SELECT coalesce(max(version), 0) FROM told").fetchone()[0])

    def forget(self, tag: str) -> int:
        """Deletes a removed tag's cursor and what waits for a retry; returns how many items that gave up."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM cursor WHERE tag = ?", (tag,))
            return connection.execute("DELETE FROM retry WHERE tag = ?", (tag,)).rowcount

    def due(self, tag: str, now_ms: int, limit: int) -> list[RetryRow]:
        """Returns the tag's retry rows whose time has come, the longest due first."""
        sql = f"{_WAITING} WHERE tag = ? AND due_ms <= ? ORDER BY due_ms LIMIT ?"
        return [RetryRow._make(row) for row in self._connection.execute(sql, (tag, now_ms, limit))]

    def next_due(self, tag: str, *, after_ms: int = -1) -> int | None:
        """Returns when the tag's next retry row after a time is due, Unix ms, or None where none waits."""
        sql = "SELECT min(due_ms) FROM retry WHERE tag = ? AND due_ms > ?"
        found = self._connection.execute(sql, (tag, after_ms)).fetchone()[0]
        return None if found is None else int(found)

    def decided_above(self, tag: str, upto: int) -> set[Place]:
        """Returns items past the cursor that are parked or dead already: a restart must not send them again."""
        sql = (
            "SELECT tag, seq, pos FROM retry WHERE tag = :tag AND seq > :upto"
            " UNION SELECT tag, seq, pos FROM dead WHERE tag = :tag AND seq > :upto"
        )
        return set(self._connection.execute(sql, {"tag": tag, "upto": upto}))

    def prune(self, before_ms: int, upto: int, *, limit: int = 5000) -> int:
        """Deletes what is older than retention, at most `limit` rows of each table, and gives pages back to the disk.

        `upto` is the lowest cursor: summaries past it stay. Returns the number of deleted rows; call again until 0.
        """
        slices = (
            ("DELETE FROM event WHERE (seq, pos) IN (SELECT seq, pos FROM event WHERE seq <= ? AND recv_us < ?"
             " ORDER BY seq LIMIT ?)", (upto, before_ms * 1000, limit)),
            ("DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE started_ms < ? ORDER BY id LIMIT ?)",
             (before_ms, limit)),
            ("DELETE FROM dead WHERE id IN (SELECT id FROM dead WHERE failed_ms < ? ORDER BY failed_ms LIMIT ?)",
             (before_ms, limit)),
            ("DELETE FROM rollup WHERE minute < ?", (before_ms // 60_000,)),
        )  # fmt: skip
        with self._transaction() as connection:
            deleted = sum(connection.execute(sql, values).rowcount for sql, values in slices)
        # As a script: executed as a statement, the pragma frees one page a step and gives no row to step for.
        self._connection.executescript("PRAGMA incremental_vacuum(2000)")
        return deleted

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
