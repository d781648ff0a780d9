"""What a replay looks at in a delivery file, for its writer and for those who only look, and what operators asked for.

Files of an older format, which a reader may meet, hold no command, job or reroute yet.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from runtime.model.command import Selection
from runtime.store.delivery_lookups import LookupReader
from runtime.store.delivery_rows import AppliedRow, DeadRow, EventFlag, EventRow, JobRow
from runtime.store.delivery_schema import select_sql, stored_format

REPLAY = "replay"
"""Reason of a retry row that a replay handed over and that was not tried yet."""

_SINCE = 3
"""The format that brought the tables."""

_DEAD = select_sql("dead", ("id", *DeadRow._fields))
_EVENTS = select_sql("event", EventRow._fields)
_ARRIVED = "coalesce((SELECT max(recv_us) FROM event WHERE event.seq = dead.seq), failed_ms * 1000)"
_NAMED = "EXISTS (SELECT 1 FROM event WHERE event.seq = dead.seq AND event.pos = dead.pos AND event.name = ?)"
_FIRED = (
    "SELECT count(*) FROM event, json_each(event.tags) AS tag WHERE seq > ? AND tag.key = ? AND tag.value = 'fired'"
)

_events = msgspec.json.Decoder(dict[str, str])


class DeadLetter(NamedTuple):
    """A dead letter with its number in this file."""

    id: int
    row: DeadRow


@dataclass(slots=True)
class Standing:
    """What is known about one hit's items for one tag."""

    dead: dict[int, DeadRow] = field(default_factory=dict)
    """By position; -1 is the whole hit."""
    waiting: set[int] = field(default_factory=set)
    """Positions that have a retry row."""
    states: dict[int, str] = field(default_factory=dict)
    """Position to what the tag did with the event by its summary; "" where it did nothing."""
    upto: int = 0
    """The tag's cursor."""


class ReplayReader:
    """Questions to one open file; committed rows only."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def standing(self, tag: str, seq: int) -> Standing:
        """Returns what is known about a hit's items for a tag."""
        place = (tag, seq)
        dead = self._all(f"{_DEAD} WHERE tag = ? AND seq = ?", place)
        waiting = self._all("SELECT pos FROM retry WHERE tag = ? AND seq = ?", place)
        upto = self._all("SELECT upto FROM cursor WHERE tag = ?", (tag,))
        return Standing(
            {row[3]: DeadRow._make(row[1:]) for row in dead},
            {pos for (pos,) in waiting},
            {event.pos: _events.decode(event.tags).get(tag, "") for event in self.summaries(seq)},
            upto[0][0] if upto else 0,
        )

    def fired(self, tag: str, seq: int, pos: int) -> bool:
        """Tells that the tag made an item of an event, by its summary."""
        return self.standing(tag, seq).states.get(pos) == "fired"

    def waits(self, seq: int) -> bool:
        """Tells whether a hit waits for look-ups, so that nothing has come of it yet."""
        return LookupReader(self._connection).waits(seq)

    def summaries(self, seq: int) -> list[EventRow]:
        """Returns the summaries of a hit's events, without those that were given up before any tag ran."""
        rows = self._all(f"{_EVENTS} WHERE seq = ? AND flags & ? = 0", (seq, EventFlag.DEAD.value))
        return [EventRow._make(row) for row in rows]

    def letters(
        self, selection: Selection, *, after: int, last: int, before_ms: int, script_of: int = 0, limit: int = 50
    ) -> list[DeadLetter]:
        """Returns dead letters that the selection is about, by number: those that follow `after` up to `last` and were
        there at a time (numbers are given again); with `script_of` those that a script of that version caused."""
        where, values = _where(selection)
        where, values = [*where, "id > ?", "id <= ?", "failed_ms <= ?"], [*values, after, last, before_ms]
        if script_of:
            where, values = [*where, "version = ?", "reason GLOB 'script_*'"], [*values, script_of]
        rows = self._all(f"{_DEAD} WHERE {' AND '.join(where)} ORDER BY id LIMIT ?", (*values, limit))
        return [DeadLetter(row[0], DeadRow._make(row[1:])) for row in rows]

    def newest_letters(self, selection: Selection, limit: int = 50) -> list[DeadLetter]:
        """Returns the newest dead letters that the selection is about, newest first."""
        where, values = _where(selection)
        rows = self._all(f"{_DEAD} WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?", (*values, limit))
        return [DeadLetter(row[0], DeadRow._make(row[1:])) for row in rows]

    def last_letter(self) -> int:
        """Returns the number of the newest dead letter, 0 without one."""
        return self._number("SELECT coalesce(max(id), 0) FROM dead")

    def count_letters(self, selection: Selection, after: int, last: int) -> int:
        """Returns how many dead letters of a span of numbers the selection is about."""
        where, values = _where(selection)
        where, values = [*where, "id > ?", "id <= ?"], [*values, after, last]
        return self._number(f"SELECT count(*) FROM dead WHERE {' AND '.join(where)}", values)  # noqa: S608 - our own

    def dead_tags(self) -> set[str]:
        """Returns the tags that have dead letters."""
        return {tag for (tag,) in self._all("SELECT DISTINCT tag FROM dead")}

    def lost_hits(self, selection: Selection, first: int) -> int:
        """Returns how many hits of the selection's time, known by their summaries, lie before the log's first one."""
        sql = "SELECT count(DISTINCT seq) FROM event WHERE seq < ? AND recv_us >= ? AND recv_us < ? AND flags & ? = 0"
        return self._number(sql, (first, selection.since_us, selection.until_us, EventFlag.PREVIEW.value))

    def outstanding(self, tag: str) -> int:
        """Returns how many items of the tag a replay has handed over that were not tried yet."""
        return self._number("SELECT count(*) FROM retry WHERE tag = ? AND reason = 'replay'", (tag,))

    def parked(self, tag: str) -> int:
        """Returns how many items of the tag wait for another try."""
        return self._number("SELECT count(*) FROM retry WHERE tag = ?", (tag,))

    def undecided(self, tag: str, after: int) -> int:
        """Returns how many items the tag made of hits after that one, by the summaries."""
        return self._number(_FIRED, (after, tag))

    def jobs(self, *, running: bool = False) -> list[JobRow]:
        """Returns the parts of all replays, or of those under way."""
        where = " WHERE state = 'running'" if running else ""
        sql = select_sql("job", JobRow._fields) + where + " ORDER BY number, tag"
        return [JobRow._make(row) for row in self._newer(sql)]

    def applied(self) -> list[AppliedRow]:
        """Returns the commands that the router has carried out."""
        return [AppliedRow._make(row) for row in self._newer("SELECT number, at_ms, answer FROM applied")]

    def last_applied(self) -> int:
        """Returns the number of the last command that the router has carried out, 0 at first."""
        rows = self._newer("SELECT coalesce(max(number), 0) FROM applied")
        return int(rows[0][0]) if rows else 0

    def reroutes(self) -> set[tuple[str, int]]:
        """Returns (tag, version) of every backlog that was rerouted."""
        return {(tag, version) for tag, version in self._newer("SELECT tag, version FROM reroute")}

    def _newer(self, sql: str) -> list[tuple[Any, ...]]:
        return self._all(sql) if stored_format(self._connection) >= _SINCE else []

    def _number(self, sql: str, values: Iterable[Any] = ()) -> int:
        return int(self._all(sql, values)[0][0])

    def _all(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, tuple(values)).fetchall()


def _where(selection: Selection) -> tuple[list[str], list[Any]]:
    terms: list[tuple[str, Any]] = [
        # By the tag's index all of its letters would be sorted for each page; the plus keeps to the order of numbers.
        ("tag = ?" if selection.seq else "+tag = ?", selection.tag),
        ("seq = ?", selection.seq or None),
        ("reason = ?", selection.reason or None),
        ("event_id = ?", selection.event_id or None),
        (_NAMED, selection.event_name or None),
        (f"{_ARRIVED} >= ?", selection.since_us or None),
        (f"{_ARRIVED} < ?", selection.until_us or None),
    ]
    given = [(text, value) for text, value in terms if value is not None]
    return [text for text, _ in given] or ["1"], [value for _, value in given]
