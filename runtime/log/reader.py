"""Reads a shard's log from another process, read-only, in transactions no longer than one query."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from runtime.errors import OperatorError
from runtime.log.protocol import READ_BYTES, READ_LIMIT, TOTALS
from runtime.log.records import RecordUnreadable, decode_hit
from runtime.log.schema import file_identity, next_seq, open_for_reading, plain_errors
from runtime.model.hit import LoggedHit

_HITS = "SELECT seq, record FROM hit WHERE seq > ? ORDER BY seq LIMIT ?"
_COUNTS = "SELECT minute, name, label, n FROM counter WHERE minute >= ? ORDER BY minute, name, label"
_TOTALS = "SELECT name, label, n FROM counter WHERE minute = ?"
_EXAMPLES = "SELECT at_us, summary FROM example WHERE kind = ? ORDER BY id DESC"
_ARRIVED = "SELECT received_us FROM hit WHERE seq > ? ORDER BY seq LIMIT 1"
_OLDEST = "SELECT ifnull(min(seq), 0) FROM hit"


def read_hits(db: sqlite3.Connection, shard: int, after: int, limit: int, max_bytes: int) -> list[LoggedHit]:
    """Implements `LogReader.read` on an open log."""
    hits: list[LoggedHit] = []
    total = 0
    with closing(db.execute(_HITS, (after, limit))) as rows:
        for seq, record in rows:
            total += len(record)
            if hits and total > max_bytes:
                break
            try:
                hits.append(LoggedHit(shard, seq, decode_hit(record)))
            except OperatorError as error:
                if hits:
                    break  # what precedes the bad record goes first; the next read begins with it and raises
                raise _located(error, shard, seq) from error
    return hits


def _located(error: OperatorError, shard: int, seq: int) -> OperatorError:
    return RecordUnreadable(error.problem, shard=shard, seq=seq) if isinstance(error, RecordUnreadable) else error


class SqliteReader:
    """One shard's log for any process but its writer; used by one thread at a time.

    The file may not be there yet: then the log is empty, and each call looks again. It also looks whether the file was
    replaced, after a restore.
    """

    def __init__(self, path: Path, shard: int, *, busy_s: float = 5.0) -> None:
        self.path = path
        self.shard = shard
        self._busy_s = busy_s
        self._db: sqlite3.Connection | None = None
        self._file = (0, 0)

    def close(self) -> None:
        """Closes the file; the next call opens it again."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def read(self, after: int, limit: int = READ_LIMIT, max_bytes: int = READ_BYTES) -> list[LoggedHit]:
        """See `LogReader`. Raises `LogUnavailable` where the file is there and cannot be read."""
        with plain_errors(self.path, "read"):
            db = self._current()
            return read_hits(db, self.shard, after, limit, max_bytes) if db else []

    def get(self, seq: int) -> LoggedHit | None:
        """Returns one hit, None where it is not there or no longer."""
        found = self.read(seq - 1, limit=1)
        return found[0] if found and found[0].seq == seq else None

    def last_seq(self) -> int:
        """See `LogReader`."""
        with plain_errors(self.path, "read"):
            db = self._current()
            return next_seq(db) - 1 if db else 0

    def first_seq(self) -> int:
        """Returns the number of the oldest hit that is there, 0 where there is none."""
        rows = self._rows(_OLDEST)
        return int(rows[0][0]) if rows else 0

    def arrived_us(self, after: int) -> int:
        """Returns when the first hit that follows number `after` arrived, Unix microseconds; 0 where there is none."""
        rows = self._rows(_ARRIVED, after)
        return int(rows[0][0]) if rows else 0

    def counts(self, since_minute: int) -> list[tuple[int, str, str, int]]:
        """Returns (Unix minute, counter, label, how often) from that minute on."""
        return self._rows(_COUNTS, max(since_minute, TOTALS + 1))

    def totals(self) -> dict[tuple[str, str], int]:
        """Returns (counter, label) to how often since the file was made."""
        return {(name, label): n for name, label, n in self._rows(_TOTALS, TOTALS)}

    def examples(self, kind: str) -> list[tuple[int, dict[str, Any]]]:
        """Returns the remembered requests of a kind, newest first: (Unix microseconds, summary)."""
        return [(at_us, msgspec.json.decode(summary)) for at_us, summary in self._rows(_EXAMPLES, kind)]

    def _rows(self, query: str, *values: object) -> list[Any]:
        with plain_errors(self.path, "read"):
            db = self._current()
            return db.execute(query, values).fetchall() if db else []

    def _current(self) -> sqlite3.Connection | None:
        if self._db is not None and self._replaced():
            self.close()
        if self._db is None:
            self._db = open_for_reading(self.path, self.shard, self._busy_s)
            self._file = file_identity(self.path) if self._db else (0, 0)
        return self._db

    def _replaced(self) -> bool:
        return not self.path.exists() or file_identity(self.path) != self._file
