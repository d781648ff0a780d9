"""Which fields the last events really have: types, share, most frequent values. What completion in the admin UI offers.

Fields are named as conditions name them: dotted paths, a list's members by their place, of which the first one stands
for all. Nothing is stored for this, and personal data is masked.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from runtime.explain.explorer import iso
from runtime.explain.recent_events import KEPT_S, RecentEvents, recent_events
from runtime.explain.tally import Record, Tally
from runtime.model.policy import Policy
from runtime.text.masks import mask_text

MOST_FIELDS = 1000
LONGEST_PATH = 200
DEEPEST = 12

_kept: dict[Path, tuple[float, Fields]] = {}
_one_at_a_time = Lock()


@dataclass(frozen=True)
class Fields:
    """The index of one sample."""

    events: int
    """That were looked at."""
    since: str
    """Arrival of the oldest of them, "" where there are none."""
    partial: str
    """Why it does not tell all; "" where it does."""
    fields: tuple[Record, ...]
    """`path` and what `Tally` tells of it; those that most events have first."""

    def find(self, q: str = "", limit: int = 50) -> Record:
        """Returns the fields whose path holds the text, those that begin with it first."""
        folded = q.casefold()
        found = [each for each in self.fields if folded in each["path"].casefold()]
        found.sort(key=lambda each: not each["path"].casefold().startswith(folded))
        about = {"events": self.events, "since": self.since, "partial": self.partial}
        return about | {"found": len(found), "fields": found[:limit]}


def fields(data_dir: Path, policy: Policy) -> Fields:
    """Returns the index of the last live events; the same answer for a minute."""
    with _one_at_a_time:
        known = _kept.get(data_dir)
        if known is None or time.monotonic() - known[0] >= KEPT_S:
            known = _kept[data_dir] = (time.monotonic(), index(recent_events(data_dir, policy)))
        return known[1]


def index(recent: RecentEvents) -> Fields:
    """Returns the index of a sample."""
    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    is_cut = False
    for each in recent.events:
        for path, value in _leaves(orjson.loads(each.text)):
            if path in tallies or len(tallies) < MOST_FIELDS:
                tallies[path].add(value, each.at_us)
            else:
                is_cut = True
    since = iso(recent.events[-1].at_us / 1e6) if recent.events else ""
    partial = recent.partial or (f"events have more than {MOST_FIELDS} fields" if is_cut else "")
    return Fields(len(recent.events), since, partial, tuple(_told(tallies, len(recent.events))))


def _told(tallies: Mapping[str, Tally], of: int) -> Iterator[Record]:
    for path, tally in sorted(tallies.items(), key=lambda entry: (-entry[1].events, entry[0])):
        # Senders name fields too: a name that holds an address is not shown.
        if mask_text(path) == path:
            yield {"path": path, **tally.told(path, of)}


def _leaves(event: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yields every path of an event that a condition can name, with what lies there; tables and lists are among it."""
    waiting: list[tuple[str, Any, int]] = [("", event, 0)]
    while waiting:
        above, value, depth = waiting.pop()
        for key, part in value.items() if isinstance(value, dict) else enumerate(value[:1]):
            path = f"{above}.{key}" if above else str(key)
            # A key with a dot in it is beyond every path.
            if part is None or key == "" or "." in str(key) or len(path) > LONGEST_PATH:
                continue
            yield path, part
            if isinstance(part, dict | list) and depth < DEEPEST:
                waiting.append((path, part, depth + 1))
