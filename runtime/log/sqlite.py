"""The event log on SQLite: one file a shard, one writing process, any number of readers.

Measured: a second writing process makes the slowest appends nine times slower, so there is none; a reader costs the
writer nothing. A commit is synced to the disk before `append` returns (`synchronous=FULL`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path

from runtime.errors import LogUnavailable
from runtime.log.protocol import READ_BYTES, READ_LIMIT, TOTALS, TRIM_SLICE, Notes
from runtime.log.reader import SqliteReader, read_hits
from runtime.log.records import encode_hit
from runtime.log.schema import file_identity, next_seq, open_for_writing, plain_errors, transaction
from runtime.model.hit import Hit, LoggedHit

__all__ = ["EXAMPLES_KEPT", "SqliteLog", "SqliteReader"]

EXAMPLES_KEPT = 50
TRIM_BYTES = 8 << 20
"""A trim also stops here: deleting touches every page of a record, and appends wait meanwhile."""
VACUUM_PAGES = 512

_INSERT_HIT = "INSERT INTO hit(seq, received_us, version, record) VALUES (?, ?, ?, ?)"
INSERT_ROWS = 64
"""Hits of one statement. The interpreter lock changes hands with each statement, so a batch should be one."""
_ADD_COUNT = (
    "INSERT INTO counter(minute, name, label, n) VALUES (?, ?, ?, ?)"
    " ON CONFLICT(minute, name, label) DO UPDATE SET n = n + excluded.n"
)
_ADD_EXAMPLE = "INSERT INTO example(kind, at_us, summary) VALUES (?, ?, ?)"
_DROP_EXAMPLES = (
    "DELETE FROM example WHERE kind = ? AND id <="
    " (SELECT id FROM example WHERE kind = ? ORDER BY id DESC LIMIT 1 OFFSET ?)"
)
_KEEP_NEXT = "UPDATE meta SET value = ? WHERE name = 'next_seq'"
_OLDEST = "SELECT seq, length(record) FROM hit WHERE seq <= ? ORDER BY seq LIMIT ?"
_DELETE_HITS = "DELETE FROM hit WHERE seq <= ? AND (received_us < ? OR ?)"
_DELETE_COUNTS = "DELETE FROM counter WHERE minute <> ? AND minute < ?"

_Row = tuple[int, int, int, bytes]


@cache
def _insert_hits(count: int) -> str:
    return _INSERT_HIT + ", (?, ?, ?, ?)" * (count - 1)


class SqliteLog:
    """One shard's log, opened by the one process that writes it; used by one thread at a time."""

    def __init__(
        self,
        path: Path,
        shard: int,
        *,
        busy_s: float = 5.0,
        max_bytes: int | None = None,
        must_open: bool = True,
    ) -> None:
        """Opens or creates the file; its folder must be there. Raises `LogUnavailable`, `FormatTooNew` or another
        `OperatorError`. `busy_s` is how long an append waits for a lock that only foreign tools can hold; a trim takes
        hits of any age while what the file holds is more than `max_bytes`. Without `must_open`, `LogUnavailable` is
        kept in `unopened` instead of raised, and comes at every call until a `reopen` succeeds."""
        self.path = path
        self._max_bytes = max_bytes
        self.shard = shard
        self._names = (str(path), f"{path}-wal")
        self._busy_s = busy_s
        self._next = 1
        self.unopened: LogUnavailable | None = None
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.close()
        try:
            self._open()
        except LogUnavailable as error:
            if must_open:
                raise
            self.unopened = error

    def _open(self) -> None:
        with plain_errors(self.path, "opened"):
            self._db = open_for_writing(self.path, self.shard, self._busy_s)
            self._files = self._identities()
            # Never below what this process gave out already, even where somebody put an older file in place.
            self._next = max(self._next, next_seq(self._db))
        self.unopened = None

    def close(self) -> None:
        """Closes the file; the last one to close it also folds the write-ahead log into it."""
        self._db.close()

    def reopen(self) -> None:
        """Opens the file anew after an error. Raises as the constructor does."""
        self._db.close()
        self._open()

    def append(self, hits: Sequence[Hit], notes: Notes | None = None) -> int:
        """See `Log`. Raises `LogUnavailable`; then `reopen` before the next try."""
        first = self._next
        rows = [(seq, hit.received_us, hit.version, encode_hit(hit)) for seq, hit in enumerate(hits, first)]
        if notes or not 0 < len(rows) <= INSERT_ROWS:
            self._commit(rows, notes)
        else:
            with plain_errors(self.path, "written"):
                self._insert(rows)  # a statement outside of a transaction is one
        self._next = first + len(rows)
        self._still_there()
        return first

    def _commit(self, rows: list[_Row], notes: Notes | None) -> None:
        with self._committing():
            for start in range(0, len(rows), INSERT_ROWS):
                self._insert(rows[start : start + INSERT_ROWS])
            if notes:
                self._write(notes)

    def _insert(self, rows: list[_Row]) -> None:
        self._db.execute(_insert_hits(len(rows)), [*chain.from_iterable(rows)])

    def _write(self, notes: Notes) -> None:
        self._db.executemany(_ADD_COUNT, [(*key, n) for key, n in notes.counts.items()])
        self._db.executemany(
            _ADD_COUNT,
            [(TOTALS, name, label, n) for (minute, name, label), n in notes.counts.items() if minute != TOTALS],
        )
        self._db.executemany(_ADD_EXAMPLE, notes.examples)
        self._db.executemany(
            _DROP_EXAMPLES, [(kind, kind, EXAMPLES_KEPT) for kind in {kind for kind, _, _ in notes.examples}]
        )

    def read(self, after: int, limit: int = READ_LIMIT, max_bytes: int = READ_BYTES) -> list[LoggedHit]:
        """See `LogReader`."""
        with plain_errors(self.path, "read"):
            return read_hits(self._db, self.shard, after, limit, max_bytes)

    def last_seq(self) -> int:
        """See `LogReader`."""
        return self._next - 1

    def trim(self, upto: int, before_us: int, slice_hits: int = TRIM_SLICE) -> int:
        """See `Log`. Counters of that age go too, and the file shrinks by a bounded number of pages."""
        with self._committing():
            self._db.execute(_KEEP_NEXT, (self._next,))
            self._db.execute(_DELETE_COUNTS, (TOTALS, before_us // 60_000_000))
            values = (self._slice_end(upto, slice_hits), before_us, self._is_too_large())
            gone = self._db.execute(_DELETE_HITS, values).rowcount
        with plain_errors(self.path, "shrunk"):
            # It frees a page at each step; `execute` makes one step only, since the pragma has no columns to fetch.
            self._db.executescript(f"PRAGMA incremental_vacuum({VACUUM_PAGES})")
        return gone

    def _is_too_large(self) -> bool:
        return self._max_bytes is not None and self.held_bytes() > self._max_bytes

    def held_bytes(self) -> int:
        """Returns how much of the file is in use; pages that a trim freed do not count, though the disk may still have
        them."""
        size, pages, free = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
        )
        return int(size * (pages - free))

    def _slice_end(self, upto: int, slice_hits: int) -> int:
        end = total = 0
        for seq, size in self._db.execute(_OLDEST, (upto, slice_hits)).fetchall():
            total += size
            if end and total > TRIM_BYTES:
                break
            end = seq
        return end

    @contextmanager
    def _committing(self) -> Iterator[None]:
        with plain_errors(self.path, "written"), transaction(self._db):
            yield

    def _identities(self) -> list[tuple[int, int]]:
        return [file_identity(name) for name in self._names]

    def _still_there(self) -> None:
        """Raises where the files were removed or replaced under us: the system then syncs to files nobody can open."""
        with plain_errors(self.path, "found"):
            if self._identities() != self._files:
                raise LogUnavailable(f"the log {self.path} was replaced while it was open")
