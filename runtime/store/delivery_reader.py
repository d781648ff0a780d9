"""What people ask of a delivery file: summaries, fates, dead letters, attempts. Read-only, in short reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from runtime.store.delivery_replay import DeadLetter, ReplayReader
from runtime.store.delivery_rows import TOTALS, AttemptRow, DeadRow, EventRow, QuarantineRow, RetryRow
from runtime.store.delivery_schema import TOTALS_SQL, WIDE, open_reader, select_sql, stored_format

_Terms = list[tuple[str, Sequence[Any]]]
"""Conditions with their values; one without values is not asked."""

_EVENT = select_sql("event", EventRow._fields)
_RETRY = select_sql("retry", RetryRow._fields)
_DEAD = select_sql("dead", ("id", *DeadRow._fields))
_ATTEMPT = select_sql("attempt", ("id", *AttemptRow.__struct_fields__))
_QUARANTINE = select_sql("quarantine", QuarantineRow._fields)
# Each is a search in an index: a scrape must not cost more the more is stored.
_WAITING = "SELECT count(*) FROM retry WHERE tag = ?"
_OLDEST_WAITING = "SELECT min(seq) FROM retry WHERE tag = ?"
_ARRIVED = "SELECT recv_us FROM event WHERE seq >= ? ORDER BY seq, pos LIMIT 1"
_QUARANTINE_SINCE = 2
"""The format that brought the table."""

Fate = Literal["delivered", "retry", "dead", "pending"]
"""What became of an item that a tag made: the vendor took it, it waits for another try, it was given up, or the tag's
cursor has not passed it yet (which also holds for a batch that was sent a moment ago)."""


class Waiting(NamedTuple):
    """A tag's items that wait for another try."""

    items: int
    since_us: int
    """Arrival of the oldest one's hit, Unix microseconds; 0 where nothing waits, or nobody knows any more."""


class Attempt(NamedTuple):
    """An attempt with its number and its members as (seq, pos) in the order of the body."""

    id: int
    row: AttemptRow
    members: tuple[tuple[int, int], ...]


class DeliveryReader:
    """The reading side, for another process than the writer. Newest first, pages by what came before."""

    def __init__(self, path: Path) -> None:
        """Raises FormatTooNew, and sqlite3.OperationalError where there is no file, or no table in it, yet."""
        self._connection = open_reader(path)
        self.replay = ReplayReader(self._connection)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def cursors(self) -> dict[str, int]:
        """Returns every cursor; "" is the pipeline's."""
        return dict(self._connection.execute("SELECT tag, upto FROM cursor"))

    def events(
        self, *, name: str = "", client: str = "", event_id: str = "", flags: int = 0,
        since_us: int = 0, until_us: int = 0, before: tuple[int, int] | None = None, limit: int = 50,
    ) -> list[EventRow]:  # fmt: skip
        """Returns summaries that meet every given filter, older than `before` (seq, pos)."""
        terms: _Terms = [
            ("name = ?", [name] if name else []),
            ("client = ?", [client] if client else []),
            ("event_id = ?", [event_id] if event_id else []),
            ("flags & ? <> 0", [flags] if flags else []),
            ("recv_us >= ?", [since_us] if since_us else []),
            ("recv_us < ?", [until_us] if until_us else []),
            ("(seq, pos) < (?, ?)", before or []),
        ]
        return [EventRow._make(row) for row in self._page(_EVENT, terms, "seq DESC, pos DESC", limit)]

    def event(self, seq: int, pos: int) -> EventRow | None:
        """Returns one event's summary."""
        rows = self._page(_EVENT, [("seq = ?", [seq]), ("pos = ?", [pos])], "seq", 1)
        return EventRow._make(rows[0]) if rows else None

    def dead_letters(
        self,
        *,
        tag: str | None = None,
        reason: str = "",
        seq: int = 0,
        since_ms: int = 0,
        before_id: int = 0,
        limit: int = 50,
    ) -> list[DeadLetter]:
        """Returns dead letters; tag "" asks for those of the pipeline, None for all; `seq` for those of one hit."""
        terms: _Terms = [
            ("seq = ?", [seq] if seq else []),
            ("tag = ?", [] if tag is None else [tag]),
            ("reason = ?", [reason] if reason else []),
            ("failed_ms >= ?", [since_ms] if since_ms else []),
            ("id < ?", [before_id] if before_id else []),
        ]
        rows = self._page(_DEAD, terms, "id DESC", limit)
        return [DeadLetter(row[0], DeadRow._make(row[1:])) for row in rows]

    def retries(self, *, tag: str = "", limit: int = 50) -> list[RetryRow]:
        """Returns items that wait for another try, the next due first."""
        rows = self._page(_RETRY, [("tag = ?", [tag] if tag else [])], "due_ms", limit)
        return [RetryRow._make(row) for row in rows]

    def attempts(self, *, tag: str = "", before_id: int = 0, limit: int = 50) -> list[Attempt]:
        """Returns a tag's attempts, or everybody's."""
        terms: _Terms = [
            ("tag = ?", [tag] if tag else []),
            ("id < ?", [before_id] if before_id else []),
        ]
        return [_attempt(row) for row in self._page(_ATTEMPT, terms, "id DESC", limit)]

    def attempts_of(self, seq: int, pos: int, tag: str) -> list[Attempt]:
        """Returns every attempt that carried one item, in the order of time."""
        around: _Terms = [("tag = ?", [tag]), ("first_seq <= ?", [seq]), ("last_seq >= ?", [seq])]
        near = self._page(_ATTEMPT, [*around, ("first_seq >= ?", [seq - WIDE])], "id", -1)
        wide = self._page(
            f"{_ATTEMPT} INDEXED BY attempt_wide",
            [(f"last_seq - first_seq > {WIDE} AND tag = ?", [tag]), *around],
            "id",
            -1,
        )
        rows = {row[0]: row for row in near + wide}
        return [found for found in map(_attempt, sorted(rows.values())) if (seq, pos) in found.members]

    def fate(self, seq: int, pos: int, tag: str) -> Fate:
        """Returns what became of an item that the tag made."""
        place = (tag, seq, pos)
        if self._connection.execute("SELECT 1 FROM dead WHERE tag = ? AND seq = ? AND pos = ?", place).fetchone():
            return "dead"
        if self._connection.execute("SELECT 1 FROM retry WHERE tag = ? AND seq = ? AND pos = ?", place).fetchone():
            return "retry"
        upto = self._connection.execute("SELECT upto FROM cursor WHERE tag = ?", (tag,)).fetchone()
        return "delivered" if upto and seq <= upto[0] else "pending"

    def quarantine(self) -> list[QuarantineRow]:
        """Returns the scripts that are called no more because of a hit of this shard, the oldest first."""
        if stored_format(self._connection) < _QUARANTINE_SINCE:
            return []
        return [QuarantineRow._make(row) for row in self._page(_QUARANTINE, [], "since_ms, script", -1)]

    def counts(self, since_minute: int, until_minute: int) -> dict[tuple[str, str], int]:
        """Returns (name, label) to the sum of a span of Unix minutes, the end excluded."""
        sql = "SELECT name, label, sum(n) FROM rollup WHERE minute >= ? AND minute < ? GROUP BY name, label"
        since = max(since_minute, TOTALS + 1)
        return {(name, label): n for name, label, n in self._connection.execute(sql, (since, until_minute))}

    def series(self, name: str, since_minute: int, until_minute: int) -> list[tuple[int, str, int]]:
        """Returns (Unix minute, label, n) of one counter, for charts."""
        sql = "SELECT minute, label, n FROM rollup WHERE name = ? AND minute >= ? AND minute < ? ORDER BY minute, label"
        return list(self._connection.execute(sql, (name, max(since_minute, TOTALS + 1), until_minute)))

    def totals(self) -> dict[tuple[str, str], int]:
        """Returns (name, label) to how often since the file was made."""
        return {(name, label): n for name, label, n in self._connection.execute(TOTALS_SQL, (TOTALS,))}

    def waiting(self, tag: str) -> Waiting:
        """Returns how many of a tag's items wait for another try, and when the hit of the oldest arrived."""
        number = self._connection.execute(_WAITING, (tag,)).fetchone()[0]
        oldest = self._connection.execute(_OLDEST_WAITING, (tag,)).fetchone()[0]
        arrived = self._connection.execute(_ARRIVED, (oldest,)).fetchone() if number else None
        return Waiting(number, arrived[0] if arrived else 0)

    def _page(self, select: str, terms: _Terms, order: str, limit: int) -> list[tuple[Any, ...]]:
        given = [(text, values) for text, values in terms if values]
        where = f" WHERE {' AND '.join(text for text, _ in given)}" if given else ""
        values = [*(value for _, values in given for value in values), limit]
        return self._connection.execute(f"{select}{where} ORDER BY {order} LIMIT ?", values).fetchall()


def _attempt(row: tuple[Any, ...]) -> Attempt:
    kept = AttemptRow(*row[1:])
    flat = msgspec.msgpack.decode(kept.members, type=list[int])
    return Attempt(row[0], kept, tuple(zip(flat[::2], flat[1::2], strict=True)))
