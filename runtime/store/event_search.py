"""Finds event summaries by what people filter for, the newest first, in bounded time.

An event id has an index that answers it. Any other filter looks through summaries, at most `SCAN` of them for one
answer: of all, or of those that have the name, which an index lists. Where that does not reach the end, the answer says
how far it got, and one goes on from there.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from runtime.store.delivery_rows import EventFlag, EventRow
from runtime.store.delivery_schema import select_sql

SCAN = 100_000
FACETS = 5_000
"""Summaries that facets are counted over."""

Before = tuple[int, int]
"""(seq, pos) of a summary; what is older follows."""

_EVENT = select_sql("event", EventRow._fields)
_FLOOR_OF_NAME = "SELECT seq FROM event WHERE name = ? AND seq <= ? ORDER BY seq DESC LIMIT 1 OFFSET ?"
_NEWEST = (1 << 63) - 1
_FACETS = "SELECT name, client, tags, flags FROM event WHERE flags & ? = 0 ORDER BY seq DESC, pos DESC LIMIT ?"


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted; everything given must hold."""

    name: str = ""
    client: str = ""
    event_id: str = ""
    tag: str = ""
    state: str = ""
    """What that tag, or any where none is given, did: fired, denied, dropped, …"""
    flag: str = ""
    """A flag's name in small letters, for example `repaired`."""
    since_us: int = 0
    until_us: int = 0
    previews: bool = False
    """Events of previews and of environments beside live, in place of live ones."""


EVERY = EventQuery()


class Found(NamedTuple):
    """One shard's answer."""

    rows: list[EventRow]
    until: Before | None
    """The last summary that was looked at, where there may be more; None where this is all."""


def find(connection: sqlite3.Connection, query: EventQuery, before: Before | None, limit: int) -> Found:
    """Returns the newest summaries that are like the query, at most `limit`."""
    terms = [*_terms(query)]
    floor = 0
    if not query.event_id:
        floor = _floor_of_name(connection, query.name, before) if query.name else _floor(connection, before)
        terms.append(("seq >= ?", [floor]))
    if before:
        terms.append(("(seq, pos) < (?, ?)", list(before)))
    where = " AND ".join(text for text, _ in terms)
    values = [value for _, given in terms for value in given]
    rows = connection.execute(f"{_EVENT} WHERE {where} ORDER BY seq DESC, pos DESC LIMIT ?", [*values, limit])
    found = [EventRow._make(row) for row in rows]
    if len(found) == limit:
        return Found(found, (found[-1].seq, found[-1].pos))
    return Found(found, (floor, -1) if floor > _first(connection) else None)


def facets(connection: sqlite3.Connection) -> dict[str, Counter[str]]:
    """Returns how often each name, client, tag's state and flag is there among the newest live events."""
    counted: dict[str, Counter[str]] = {key: Counter() for key in ("name", "client", "tag", "flag")}
    for name, client, tags, flags in connection.execute(_FACETS, (EventFlag.PREVIEW.value, FACETS)):
        counted["name"][name] += 1
        counted["client"][client] += 1
        counted["tag"].update(f"{tag} {state.partition(':')[0]}" for tag, state in msgspec.json.decode(tags).items())
        counted["flag"].update(flag.name.lower() for flag in EventFlag if flags & flag and flag.name)
    return counted


def _terms(query: EventQuery) -> Iterator[tuple[str, list[Any]]]:
    for column in ("name", "client", "event_id"):
        if value := getattr(query, column):
            yield f"{column} = ?", [value]
    if query.tag or query.state:
        # The text is ours: `{"tag":"state: reason",…}` without blanks; ids of tags hold nothing that JSON escapes.
        wanted = f'"{query.tag}":"{query.state}' if query.tag else f':"{query.state}'
        yield "instr(tags, ?) > 0", [wanted]
    if query.flag:
        yield "flags & ? <> 0", [EventFlag[query.flag.upper()].value]
    yield f"flags & ? {'<>' if query.previews else '='} 0", [EventFlag.PREVIEW.value]
    if query.since_us:
        yield "recv_us >= ?", [query.since_us]
    if query.until_us:
        yield "recv_us < ?", [query.until_us]


def _floor(connection: sqlite3.Connection, before: Before | None) -> int:
    """Returns the oldest hit that this answer looks at."""
    row = connection.execute("SELECT max(seq) FROM event").fetchone()
    return max(0, (before[0] if before else row[0] or 0) - SCAN)


def _floor_of_name(connection: sqlite3.Connection, name: str, before: Before | None) -> int:
    """Returns the same for the summaries of one name; 0 where there are no more than may be looked at."""
    row = connection.execute(_FLOOR_OF_NAME, (name, before[0] if before else _NEWEST, SCAN)).fetchone()
    return int(row[0]) if row else 0


def _first(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT min(seq) FROM event").fetchone()
    return int(row[0] or 0)
