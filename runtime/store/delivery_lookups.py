"""What a delivery file keeps about look-ups: the answers of each hit, and the hits that wait for some.

A hit that waited has, beside its answers, a row that names the tags whose items were handed over when it went on. A tag
that lags behind makes no second item of such a hit.
"""

from __future__ import annotations

import sqlite3

import msgspec

from runtime.store.delivery_rows import LookupRow, Settlement
from runtime.store.delivery_schema import stored_format

HANDED_OVER = ""
"""The key of the row that names tags."""

SINCE = 4
"""The format that brought the tables."""

# What a hit was decided by is never replaced.
_RECORD = "INSERT OR IGNORE INTO lookup (seq, key, value, at_ms) VALUES (?, ?, ?, ?)"
_WAIT = "INSERT OR REPLACE INTO waiting (seq, since_ms) VALUES (?, ?)"
_GO_ON = "DELETE FROM waiting WHERE seq = ?"

PRUNE = (
    "DELETE FROM lookup WHERE (seq, key) IN (SELECT seq, key FROM lookup WHERE seq <= ? AND at_ms < ? ORDER BY seq"
    " LIMIT ?)"
)
"""Deletes answers whose hits are past retention: an answer is never older than the arrival of its hit."""


def handed_over(seq: int, tags: list[str], at_ms: int) -> LookupRow:
    """Returns the row that names the tags whose items a hit handed over when it had waited."""
    return LookupRow(seq, HANDED_OVER, msgspec.json.encode(sorted(tags)), at_ms)


def tags_of(value: bytes) -> frozenset[str]:
    """Returns the tags that such a row names."""
    return frozenset(msgspec.json.decode(value, type=list[str]))


def write_lookups(connection: sqlite3.Connection, settlement: Settlement) -> None:
    """Writes a settlement's part that is about look-ups."""
    connection.executemany(_RECORD, [row for rows in settlement.lookups.values() for row in rows.values()])
    connection.executemany(_WAIT, [(seq, at) for seq, at in settlement.waiting.items() if at is not None])
    connection.executemany(_GO_ON, [(seq,) for seq, at in settlement.waiting.items() if at is None])


class LookupReader:
    """Questions to one open file; committed rows only."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of(self, seq: int) -> dict[str, bytes]:
        """Returns the recorded answers of a hit by key, with the row under `HANDED_OVER`."""
        if stored_format(self._connection) < SINCE:
            return {}
        return dict(self._connection.execute("SELECT key, value FROM lookup WHERE seq = ?", (seq,)))

    def waiting(self) -> dict[int, int]:
        """Returns the hits that wait for look-ups, in order, with the time (Unix ms) since when."""
        if stored_format(self._connection) < SINCE:
            return {}
        return dict(self._connection.execute("SELECT seq, since_ms FROM waiting ORDER BY seq"))

    def are_there(self) -> bool:
        """Tells whether the file holds any answer, or any hit that waits for one."""
        sql = "SELECT EXISTS (SELECT 1 FROM lookup) OR EXISTS (SELECT 1 FROM waiting)"
        return bool(self._connection.execute(sql).fetchone()[0])

    def waits(self, seq: int) -> bool:
        """Tells whether a hit waits for look-ups."""
        if stored_format(self._connection) < SINCE:
            return False
        return self._connection.execute("SELECT 1 FROM waiting WHERE seq = ?", (seq,)).fetchone() is not None
