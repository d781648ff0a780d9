"""The explorer's search over all shards: pages of events, the newest first, each with a cursor to the next."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.errors import OperatorError
from runtime.explain.explorer import event_row
from runtime.explain.shard import open_shards
from runtime.store.delivery_rows import EventRow
from runtime.store.event_search import Before, EventQuery, Found
from runtime.text.masks import mask_text

_CURSOR = re.compile(r"(\d{1,9}):(\d{1,18}):(-?\d{1,9})")
MOST_VALUES = 12
"""Of one facet."""


@dataclass(frozen=True)
class Page:
    """One answer."""

    rows: list[dict[str, Any]]
    next: str
    """The cursor of what follows, "" where this was the last."""


def search(data_dir: Path, query: EventQuery, *, cursor: str = "", limit: int = 50) -> Page:
    """Returns the newest events that are like the query, behind a cursor. OperatorError where that is none."""
    places = _places(cursor)
    shown: list[tuple[int, int, EventRow, dict[str, Any]]] = []
    found: dict[int, Found] = {}
    for shard in open_shards(data_dir):
        if shard.delivery is None or (cursor and shard.number not in places):
            continue
        answer = found[shard.number] = shard.delivery.find(query, places.get(shard.number), limit)
        shown += [(row.recv_us, shard.number, row, event_row(shard, row)) for row in answer.rows]
    shown.sort(key=lambda each: (-each[0], each[1], -each[2].seq, -each[2].pos))
    taken = shown[:limit]
    return Page([row for *_, row in taken], _next(found, places, taken))


def list_events(
    data_dir: Path, *, limit: int = 20, name: str = "", client: str = "", event_id: str = "", previews: bool = False
) -> list[dict[str, Any]]:
    """Returns the newest events, however far back they lie; with `previews` those of hits that are not live, in place
    of all others."""
    query = EventQuery(name=name, client=client, event_id=event_id, previews=previews)
    rows: list[dict[str, Any]] = []
    cursor = ""
    while len(rows) < limit:
        page = search(data_dir, query, cursor=cursor, limit=limit - len(rows))
        rows += page.rows
        cursor = page.next
        if not cursor:
            break
    return rows


def facets(data_dir: Path) -> dict[str, list[tuple[str, int]]]:
    """Returns name, client, tag's state and flag to their most frequent values among the newest events."""
    counted: dict[str, Counter[str]] = {}
    for shard in open_shards(data_dir):
        for key, values in (shard.delivery.facets() if shard.delivery else {}).items():
            counted.setdefault(key, Counter()).update(values)
    return {
        key: [(mask_text(value), n) for value, n in values.most_common(MOST_VALUES)] for key, values in counted.items()
    }


def _next(
    found: dict[int, Found], before: dict[int, Before], taken: list[tuple[int, int, EventRow, dict[str, Any]]]
) -> str:
    """Returns for each shard that may have more where to go on: behind its last row that is shown, else behind all that
    was looked at."""
    last = {number: (row.seq, row.pos) for _, number, row, _ in taken}
    places: list[str] = []
    for number, answer in found.items():
        all_shown = not answer.rows or last.get(number) == (answer.rows[-1].seq, answer.rows[-1].pos)
        place = answer.until if all_shown else last.get(number, before.get(number, (1 << 62, 0)))
        if place is not None:
            places.append(f"{number}:{place[0]}:{place[1]}")
    return ",".join(places)


def _places(cursor: str) -> dict[int, Before]:
    places: dict[int, Before] = {}
    for part in cursor.split(",") if cursor else ():
        known = _CURSOR.fullmatch(part)
        if known is None:
            raise OperatorError(f"`{cursor[:100]}` is no cursor.", hint="Take the one that the page before gave.")
        places[int(known[1])] = (int(known[2]), int(known[3]))
    return places
