"""What people ask of a delivery file: summaries, fates, dead letters, attempts. Read-only, in short reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from runtime.store.delivery_lookups import HANDED_OVER, LookupReader
from runtime.store.delivery_replay import DeadLetter, ReplayReader
from runtime.store.delivery_rows import TOTALS, AttemptRow, DeadRow, EventFlag, EventRow, Made, QuarantineRow, RetryRow
from runtime.store.delivery_schema import TOTALS_SQL, WIDE, open_reader, select_sql, stored_format
from runtime.store.event_search import EVERY, Before, EventQuery, Found, facets, find

_Terms = list[tuple[str, Sequence[Any]]]
"""Conditions with their values; one without values is not asked."""

_EVENT = select_sql("event", EventRow._fields)
_RETRY = select_sql("retry", RetryRow._fields)
_DEAD = select_sql("dead", ("id", *DeadRow._fields))
_ATTEMPT = select_sql("attempt", ("id", *AttemptRow.__struct_fields__))
_OLDER_ATTEMPT = select_sql("attempt", ("id", *AttemptRow.__struct_fields__[:-2], "x'' AS made", "'' AS basis"))
_QUARANTINE = select_sql("quarantine", QuarantineRow._fields)
# Each is a search in an index: a scrape must not cost more the more is stored.
_NOT_LIVE = "EXISTS (SELECT 1 FROM event WHERE event.seq = attempt.first_seq AND event.flags & ? <> 0)"
_WAITING = "SELECT count(*) FROM retry WHERE tag = ?"
_OLDEST_WAITING = "SELECT min(seq) FROM retry WHERE tag = ?"
_ARRIVED = "SELECT recv_us FROM event WHERE seq >= ? ORDER BY seq, pos LIMIT 1"
_REASONS = (
    "SELECT 'dead', tag, reason, count(*) FROM dead WHERE failed_ms >= ? GROUP BY tag, reason UNION ALL"
    " SELECT 'waits', tag, reason, count(*) FROM retry GROUP BY tag, reason"
)
_GROUPS = (
    "SELECT tag, reason, count(*), min(version), min(failed_ms), max(failed_ms) FROM dead{}"
    " GROUP BY tag, reason ORDER BY count(*) DESC LIMIT 100"
)
_QUARANTINE_SINCE = 2
"""The format that brought the table."""
_MADE_SINCE = 4
"""The format that brought what attempts were made of."""

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

    @property
    def made(self) -> Made:
        """What the members were made of, as far as it was kept."""
        return msgspec.msgpack.decode(self.row.made, type=Made) if self.row.made else Made()


class DeliveryReader:
    """The reading side, for another process than the writer. Newest first, pages by what came before."""

    def __init__(self, path: Path) -> None:
        """Raises FormatTooNew, and sqlite3.OperationalError where there is no file, or no table in it, yet."""
        self._connection = open_reader(path)
        self.replay = ReplayReader(self._connection)
        self._lookups = LookupReader(self._connection)
        self._attempt = _ATTEMPT if stored_format(self._connection) >= _MADE_SINCE else _OLDER_ATTEMPT

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def cursors(self) -> dict[str, int]:
        """Returns every cursor; "" is the pipeline's."""
        return dict(self._connection.execute("SELECT tag, upto FROM cursor"))

    def find(self, query: EventQuery = EVERY, before: Before | None = None, limit: int = 50) -> Found:
        """Returns the newest summaries that are like a query."""
        return find(self._connection, query, before, limit)

    def facets(self) -> dict[str, Counter[str]]:
        """Returns what there is to filter by, with how often."""
        return facets(self._connection)

    def event(self, seq: int, pos: int) -> EventRow | None:
        """Returns one event's summary."""
        rows = self._page(_EVENT, [("seq = ?", [seq]), ("pos = ?", [pos])], "seq", 1)
        return EventRow._make(rows[0]) if rows else None

    def events_of(self, seq: int, limit: int) -> list[EventRow]:
        """Returns the summaries of one hit, in their order; none before the router has read it."""
        return [EventRow._make(row) for row in self._page(_EVENT, [("seq = ?", [seq])], "pos", limit)]

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

    def attempts(
        self, *, tag: str = "", before_id: int = 0, limit: int = 50, live: bool | None = None
    ) -> list[Attempt]:
        """Returns a tag's attempts, or everybody's: all, those for live hits alone, or those for the others alone."""
        terms: _Terms = [
            ("tag = ?", [tag] if tag else []),
            (f"NOT {_NOT_LIVE}", [EventFlag.PREVIEW.value] if live is True else []),
            (_NOT_LIVE, [EventFlag.PREVIEW.value] if live is False else []),
            ("id < ?", [before_id] if before_id else []),
        ]
        return [_attempt(row) for row in self._page(self._attempt, terms, "id DESC", limit)]

    def attempts_of(self, seq: int, pos: int, tag: str) -> list[Attempt]:
        """Returns every attempt that carried one item, in the order of time."""
        around: _Terms = [("tag = ?", [tag]), ("first_seq <= ?", [seq]), ("last_seq >= ?", [seq])]
        near = self._page(self._attempt, [*around, ("first_seq >= ?", [seq - WIDE])], "id", -1)
        wide = self._page(
            f"{self._attempt} INDEXED BY attempt_wide",
            [(f"last_seq - first_seq > {WIDE} AND tag = ?", [tag]), *around],
            "id",
            -1,
        )
        rows = {row[0]: row for row in near + wide}
        return [found for found in map(_attempt, sorted(rows.values())) if (seq, pos) in found.members]

    def retry(self, seq: int, pos: int, tag: str) -> RetryRow | None:
        """Returns the row of an item that waits for another try, None where it does not."""
        rows = self._page(_RETRY, [("tag = ?", [tag]), ("seq = ?", [seq]), ("pos = ?", [pos])], "seq", 1)
        return RetryRow._make(rows[0]) if rows else None

    def attempts_after(self, id: int, limit: int) -> list[Attempt]:
        """Returns the attempts that follow a number, in order."""
        return [_attempt(row) for row in self._page(self._attempt, [("id > ?", [id])], "id", limit)]

    def fate(self, seq: int, pos: int, tag: str) -> Fate:
        """Returns what became of an item that the tag made."""
        place = (tag, seq, pos)
        if self._connection.execute("SELECT 1 FROM dead WHERE tag = ? AND seq = ? AND pos = ?", place).fetchone():
            return "dead"
        if self._connection.execute("SELECT 1 FROM retry WHERE tag = ? AND seq = ? AND pos = ?", place).fetchone():
            return "retry"
        upto = self._connection.execute("SELECT upto FROM cursor WHERE tag = ?", (tag,)).fetchone()
        return "delivered" if upto and seq <= upto[0] else "pending"

    def lookups(self, seq: int) -> dict[str, bytes]:
        """Returns the recorded answers of a hit's look-ups by key: what `run` takes as `recorded`."""
        return {key: value for key, value in self._lookups.of(seq).items() if key != HANDED_OVER}

    def waits(self, seq: int) -> bool:
        """Tells whether a hit waits for look-ups, so that it has no summary yet."""
        return self._lookups.waits(seq)

    def quarantine(self) -> list[QuarantineRow]:
        """Returns the scripts that are called no more because of a hit of this shard, the oldest first."""
        if stored_format(self._connection) < _QUARANTINE_SINCE:
            return []
        return [QuarantineRow._make(row) for row in self._page(_QUARANTINE, [], "since_ms, script", -1)]

    def reasons(self, since_ms: int) -> list[tuple[str, str, str, int]]:
        """Returns (`dead` or `waits`, tag, reason, items): what was given up since then, and what waits now."""
        return self._connection.execute(_REASONS, (since_ms,)).fetchall()

    def dead_groups(self, tag: str | None = None) -> list[tuple[str, str, int, int, int, int]]:
        """Returns (tag, reason, letters, first version, first and last time in ms) of the most frequent reasons for
        which items were given up, of one tag or of all."""
        where, values = ("", []) if tag is None else (" WHERE tag = ?", [tag])
        return self._connection.execute(_GROUPS.format(where), values).fetchall()

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
