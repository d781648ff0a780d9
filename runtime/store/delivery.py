"""One router's delivery state: cursors, what waits for a retry, dead letters, attempts, summaries, rollups.

The router writes hits' fates by `settle` alone, one transaction each, so that a cursor never passes a hit whose fate
is not written beside it. People read it through delivery_reader.py.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from runtime.store.delivery_lookups import PRUNE, LookupReader, write_lookups
from runtime.store.delivery_replay import ReplayReader
from runtime.store.delivery_rows import (
    TOTALS,
    AppliedRow,
    AttemptRow,
    DeadRow,
    EventRow,
    JobRow,
    Place,
    QuarantineRow,
    RetryRow,
    Settlement,
)
from runtime.store.delivery_schema import TOTALS_SQL, insert_sql, open_delivery, select_sql

# A cursor moves forward only.
_MOVE = "INSERT INTO cursor VALUES (?, ?) ON CONFLICT (tag) DO UPDATE SET upto = max(upto, excluded.upto)"
_START = "INSERT OR IGNORE INTO cursor VALUES (?, ?)"
_COUNT = "INSERT INTO rollup VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"
_TELL = "INSERT OR IGNORE INTO told VALUES (?)"
_UNPARK = "DELETE FROM retry WHERE tag = ? AND seq = ? AND pos = ?"
_REVIVE = "DELETE FROM dead WHERE tag = ? AND seq = ? AND pos = ?"
_FADE = "DELETE FROM event WHERE seq = ? AND pos = ?"
_REROUTE = "INSERT OR IGNORE INTO reroute VALUES (?, ?)"
_FORGET = ("DELETE FROM cursor WHERE tag = ?", "DELETE FROM retry WHERE tag = ?")

_NO_LIMIT_MS = 1 << 50

_EVENT = insert_sql("event", EventRow._fields)
_RETRY = insert_sql("retry", RetryRow._fields)
_DEAD = insert_sql("dead", DeadRow._fields)
_ATTEMPT = insert_sql("attempt", AttemptRow.__struct_fields__)
_QUARANTINE = insert_sql("quarantine", QuarantineRow._fields)
_APPLIED = insert_sql("applied", AppliedRow._fields)
_JOB = insert_sql("job", JobRow._fields)
_ARRIVAL = "SELECT recv_us FROM event WHERE seq = ? AND pos = ?"
_WAITING = select_sql("retry", RetryRow._fields)


class DeliveryStore:
    """The writing side. Every call is one short transaction on the caller's thread; sqlite3.Error means that nothing
    of the call was written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = open_delivery(path)
        self.replay = ReplayReader(self._connection)
        """What was asked for, and what a replay looks at; as of the last settlement."""
        self.lookups = LookupReader(self._connection)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def sync(self) -> None:
        """Makes all that was written survive a power cut, which a commit alone does not promise. Raises OSError.

        Due before anything is deleted elsewhere because a cursor has passed it: a power cut that takes the cursor back
        must find the hits still there.
        """
        with open(f"{self._path}-wal", "rb") as journal:
            os.fdatasync(journal.fileno())

    def settle(self, settlement: Settlement) -> None:
        """Makes the settlement true, whole or not at all."""
        with self._transaction() as connection:
            connection.executemany(_FADE, settlement.gone)
            connection.executemany(_EVENT, settlement.events)
            connection.executemany(_EVENT, settlement.restated.values())
            connection.executemany(_ATTEMPT, map(msgspec.structs.astuple, settlement.attempts))
            connection.executemany(_REVIVE, settlement.revived)
            connection.executemany(_DEAD, settlement.dead.values())
            connection.executemany(_RETRY, [row for row in settlement.retries.values() if row is not None])
            connection.executemany(_UNPARK, [place for place, row in settlement.retries.items() if row is None])
            connection.executemany(_COUNT, [(*key, n) for key, n in settlement.rollups.items()])
            connection.executemany(_COUNT, [(TOTALS, *key, n) for key, n in settlement.totals().items()])
            connection.executemany(_START, settlement.starts.items())
            connection.execute(_TELL, (settlement.told,))
            connection.executemany(_MOVE, settlement.cursors.items())
            write_lookups(connection, settlement)
            self._asked(connection, settlement)

    def cursors(self) -> dict[str, int]:
        """Returns every cursor; "" is the pipeline's."""
        return dict(self._connection.execute("SELECT tag, upto FROM cursor"))

    def told(self) -> int:
        """Returns the highest version that this router has been told of, 0 at first."""
        return int(self._connection.execute("SELECT coalesce(max(version), 0) FROM told").fetchone()[0])

    def totals(self) -> dict[tuple[str, str], int]:
        """Returns (name, label) to how often since the file was made."""
        return {(name, label): n for name, label, n in self._connection.execute(TOTALS_SQL, (TOTALS,))}

    def arrivals(self, places: Iterable[tuple[int, int]]) -> list[int]:
        """Returns when the hits of events (seq, pos) arrived, Unix microseconds; 0 where the summary is gone."""
        found = (self._connection.execute(_ARRIVAL, place).fetchone() for place in places)
        return [row[0] if row else 0 for row in found]

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

    def is_dead(self, tag: str, seq: int, pos: int) -> bool:
        """Tells whether a dead letter stands for the item; tag "" asks for what the pipeline gave up."""
        sql = "SELECT 1 FROM dead WHERE tag = ? AND seq = ? AND pos = ?"
        return self._connection.execute(sql, (tag, seq, pos)).fetchone() is not None

    def quarantine(self, row: QuarantineRow) -> None:
        """Notes that a script is called no more."""
        with self._transaction() as connection:
            connection.execute(_QUARANTINE, row)

    def lift(self, script: str) -> bool:
        """Forgets that a script was put away; returns whether it was, on a hit of this shard."""
        with self._transaction() as connection:
            return connection.execute("DELETE FROM quarantine WHERE script = ?", (script,)).rowcount > 0

    def prune(self, before_ms: int, upto: int, *, limit: int = 5000, max_bytes: int | None = None) -> int:
        """Deletes what is older than retention, at most `limit` rows of each table, and gives pages back to the disk.

        `upto` is the lowest cursor: summaries past it stay. While the file holds more than `max_bytes`, the oldest
        summaries, attempts and dead letters go whatever their age. Returns the number of deleted rows; call again
        until 0.
        """
        aged_ms = before_ms
        if max_bytes is not None and self.held_bytes() > max_bytes:
            before_ms = _NO_LIMIT_MS
        slices = (
            ("DELETE FROM event WHERE (seq, pos) IN (SELECT seq, pos FROM event WHERE seq <= ? AND recv_us < ?"
             " ORDER BY seq LIMIT ?)", (upto, before_ms * 1000, limit)),
            ("DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE started_ms < ? ORDER BY id LIMIT ?)",
             (before_ms, limit)),
            ("DELETE FROM dead WHERE id IN (SELECT id FROM dead WHERE failed_ms < ? ORDER BY failed_ms LIMIT ?)",
             (before_ms, limit)),
            (PRUNE, (upto, before_ms, limit)),
            ("DELETE FROM rollup WHERE minute > ? AND minute < ?", (TOTALS, aged_ms // 60_000)),
            ("DELETE FROM job WHERE state <> 'running' AND changed_ms < ?", (aged_ms,)),
        )  # fmt: skip
        with self._transaction() as connection:
            deleted = sum(connection.execute(sql, values).rowcount for sql, values in slices)
        # As a script: executed as a statement, the pragma frees one page a step and gives no row to step for.
        self._connection.executescript("PRAGMA incremental_vacuum(2000)")
        return deleted

    @staticmethod
    def _asked(connection: sqlite3.Connection, settlement: Settlement) -> None:
        """Last, so that a forgotten tag leaves nothing that was written before."""
        connection.executemany(_APPLIED, settlement.applied)
        connection.executemany(_JOB, settlement.jobs.values())
        connection.executemany(_REROUTE, settlement.reroutes)
        for sql in _FORGET:
            connection.executemany(sql, [(tag,) for tag in settlement.forgotten])

    def held_bytes(self) -> int:
        """Returns how much of the file is in use; free pages in it do not count."""
        size, pages, free = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_size", "page_count", "freelist_count")
        )
        return int(size * (pages - free))

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
