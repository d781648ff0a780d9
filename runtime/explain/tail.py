"""What comes in, as it comes: the newest hits with their events and what tags did, and the requests that were not
taken, in one list. Of one preview, or of everything that is live.

Reads are bounded, for they are repeated every other second: the newest hits of live traffic by their number; of a
preview, the summaries since it began, at most as many as a search looks through.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from runtime.explain.explorer import event_row, iso
from runtime.explain.newest import newest_hits
from runtime.explain.refused import refused_examples
from runtime.explain.shard import Shard, open_shards
from runtime.log.records import RecordUnreadable
from runtime.model.hit import LoggedHit
from runtime.store.event_search import EventQuery
from runtime.text.masks import mask_text

MOST = 50
MOST_EVENTS = 20
"""Of one hit, in the list."""
_LOOKED_AT = 1000
"""Hits that are looked at for those that are asked for."""

Row = dict[str, Any]


def live_tail(data_dir: Path, *, limit: int = MOST) -> list[Row]:
    """Returns the newest of live traffic, the newest first."""
    hits = [_hit(shard, logged) for shard, logged in islice(newest_hits(data_dir, looked_at=_LOOKED_AT), limit)]
    since = hits[-1]["at"] if len(hits) == limit else 0
    return _merged(hits, refused_examples(data_dir, since=since, limit=limit), limit)


def preview_tail(data_dir: Path, id: str, *, since: float, limit: int = MOST) -> list[Row]:
    """Returns the newest hits of a preview, and the requests that were not taken since it began, whoever sent them:
    those are kept without a name of their preview. `since` is when the preview was made, Unix seconds."""
    hits = list(islice(_of_preview(data_dir, id, since), limit))
    return _merged(hits, refused_examples(data_dir, since=since, limit=limit), limit)


def _merged(hits: list[Row], refused: list[Row], limit: int) -> list[Row]:
    return sorted([*hits, *refused], key=lambda row: -row["at"])[:limit]


def _of_preview(data_dir: Path, id: str, since: float) -> Iterator[Row]:
    found: list[Row] = []
    for shard in open_shards(data_dir):
        found += (_hit(shard, logged) for logged in _marked(shard, since) if logged.hit.preview == id)
    yield from sorted(found, key=lambda row: -row["at"])


def _marked(shard: Shard, since: float) -> Iterator[LoggedHit]:
    """Yields the hits that are not live and that the router has read, the newest first."""
    if shard.delivery is None:
        return
    query = EventQuery(previews=True, since_us=int(since * 1e6))
    for seq in dict.fromkeys(row.seq for row in shard.delivery.find(query, None, _LOOKED_AT).rows):
        try:
            logged = shard.log.get(seq)
        except RecordUnreadable:
            continue
        if logged is not None:
            yield logged


def _hit(shard: Shard, logged: LoggedHit) -> Row:
    hit = logged.hit
    rows = shard.delivery.events_of(logged.seq, MOST_EVENTS + 1) if shard.delivery else []
    told = {"method": hit.method, "host": mask_text(hit.host), "path": mask_text(hit.path), "client": hit.client}
    at = hit.received_us / 1e6
    return {
        "kind": "hit", "time": iso(at), "at": at, "id": logged.id, **told,
        "events": [event_row(shard, row) for row in rows[:MOST_EVENTS]],
        "more": len(rows) > MOST_EVENTS,
    }  # fmt: skip
