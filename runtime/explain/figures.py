"""What the metrics are made of: counters and backlogs of all shards, read when somebody asks.

Each query is a search by key or index, so that what a scrape costs follows from the number of tags and not from that of
events. A shard that cannot be read keeps the totals it had: a counter that falls would look like a restart.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from runtime.errors import OperatorError, Overloaded
from runtime.explain.shard import Shard, open_shard
from runtime.store.files import delivery_path, log_path, shards

Totals = Counter[tuple[str, str]]
"""(counter, label) to how often."""


@dataclass(frozen=True)
class Lag:
    """How far one tag is behind in one shard; tag "" is the pipeline."""

    shard: int
    tag: str
    hits: int
    """Hits that its cursor has not passed."""
    since_us: int
    """Arrival of the oldest of them, Unix microseconds; 0 where there is none."""
    waiting: int
    """Items that wait for another try."""
    waiting_since_us: int


@dataclass
class Figures:
    """All shards together."""

    edge: Totals = field(default_factory=Counter)
    delivery: Totals = field(default_factory=Counter)
    lags: list[Lag] = field(default_factory=list)
    quarantined: set[str] = field(default_factory=set)
    """Ids of scripts."""
    readable: dict[int, bool] = field(default_factory=dict)
    log_bytes: dict[int, int] = field(default_factory=dict)
    delivery_bytes: dict[int, int] = field(default_factory=dict)

    @property
    def tags(self) -> list[str]:
        """Tags that have a cursor anywhere, in order."""
        return sorted({lag.tag for lag in self.lags if lag.tag})


class Reader:
    """Reads the figures of a data folder. One thread at a time."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._last: dict[int, tuple[Totals, Totals]] = {}

    def read(self) -> Figures:
        """Returns the figures as of now."""
        figures = Figures()
        for number in shards(self._data_dir):
            try:
                with open_shard(self._data_dir, number) as shard:
                    self._add(shard, figures)
                figures.readable[number] = True
            except (OperatorError, Overloaded, sqlite3.Error):
                figures.readable[number] = False
            edge, delivery = self._last.get(number, (Counter(), Counter()))
            figures.edge.update(edge)
            figures.delivery.update(delivery)
            figures.log_bytes[number] = _size(log_path(self._data_dir, number))
            figures.delivery_bytes[number] = _size(delivery_path(self._data_dir, number))
        return figures

    def _add(self, shard: Shard, figures: Figures) -> None:
        delivery = shard.delivery
        lags = [*_lags(shard)]
        quarantined = {row.script for row in delivery.quarantine()} if delivery else set()
        self._last[shard.number] = Counter(shard.log.totals()), Counter(delivery.totals() if delivery else {})
        figures.lags += lags
        figures.quarantined |= quarantined


def _lags(shard: Shard) -> Iterator[Lag]:
    last, delivery = shard.log.last_seq(), shard.delivery
    for tag, upto in sorted(delivery.cursors().items()) if delivery else ():
        hits = max(0, last - upto)
        since = shard.log.arrived_us(upto) if hits else 0
        assert delivery is not None
        waiting = delivery.waiting(tag)
        yield Lag(shard.number, tag, hits, since, waiting.items, waiting.since_us)


def _size(path: Path) -> int:
    """Returns the bytes of a SQLite file and its write-ahead log."""
    total = 0
    for each in (path, path.with_name(f"{path.name}-wal")):
        try:
            total += each.stat().st_size
        except FileNotFoundError:
            continue
    return total
