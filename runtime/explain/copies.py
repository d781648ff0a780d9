"""Events that carry the same event id: a browser's and a server's copy of one thing, or a mistake of the sender."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.explain.explorer import event_row
from runtime.explain.shard import open_shards
from runtime.store.event_search import EventQuery

MOST = 10
"""Of one id."""


@dataclass(frozen=True)
class Copy:
    """Another event with the same id."""

    place: str
    """For example 0.17/2."""
    client: str
    name: str
    time: str
    twice: bool
    """Whether the same client took it: then it is no pair of browser and server, but a repetition."""


def copies(data_dir: Path, hit: str, events: Iterable[dict[str, Any]], client: str) -> dict[int, list[Copy]]:
    """Returns for each event of a hit's trace, by its position, the other live events with its id."""
    wanted = {each["position"]: str(each["event"].get("event_id") or "") for each in events}
    found: dict[int, list[Copy]] = {position: [] for position, id in wanted.items() if id}
    for shard in open_shards(data_dir):
        for position in found if shard.delivery else ():
            assert shard.delivery is not None
            rows = shard.delivery.find(EventQuery(event_id=wanted[position]), None, MOST + 1).rows
            for row in (event_row(shard, each) for each in rows):
                place = f"{row['id']}/{row['position']}"
                if place != f"{hit}/{position}":
                    same = row["client"] == client
                    found[position].append(Copy(place, row["client"], row["name"], row["time"], same))
    return {position: others[:MOST] for position, others in found.items() if others}
