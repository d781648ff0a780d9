"""Collects a tag's items into batches: by key, full by count or bytes, or old enough."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from runtime.model.delivery import Item


@dataclass(slots=True)
class Bunch:
    """Items that share a request, and what was tried with them."""

    items: list[Item]
    attempts: int = 0
    """Sends so far of this very bunch, or of the one it was halved from."""
    failures: int = 0
    """How often the whole destination failed it."""
    delivered_before: int = 0
    """The tag's count of delivered items when this bunch first failed: when it grew, others pass and this one not."""

    @property
    def key(self) -> str:
        """The batch key that all its items have."""
        return self.items[0].key


@dataclass(slots=True)
class _Open:
    since: float
    items: list[Item] = field(default_factory=list)
    bytes: int = 0


class Collector:
    """Open batches by key, and full ones in the order in which they filled."""

    def __init__(self, max_items: int, max_bytes: int, linger_s: float) -> None:
        self.max_items, self.max_bytes, self.linger_s = max_items, max_bytes, linger_s
        self.items = 0
        self.bytes = 0
        self._open: dict[str, _Open] = {}
        self._full: deque[list[Item]] = deque()

    def add(self, item: Item, now: float) -> None:
        """Takes an item; one that no longer fits its batch begins the next."""
        size = len(item.data) + 1
        batch = self._open.get(item.key)
        if batch is None:
            batch = self._open[item.key] = _Open(now)
        elif batch.bytes + size > self.max_bytes:
            self._full.append(batch.items)
            del self._open[item.key]
            batch = self._open[item.key] = _Open(now)
        batch.items.append(item)
        batch.bytes += size
        self.items += 1
        self.bytes += size
        if len(batch.items) >= self.max_items:
            self._full.append(batch.items)
            del self._open[item.key]

    def __iter__(self) -> Iterator[Item]:
        for items in self._batches():
            yield from items

    def take(self, now: float) -> Bunch | None:
        """Returns the next batch that is full or has lingered, or None."""
        if self._full:
            return self._taken(self._full.popleft())
        due = self.due()
        if due is None or due > now:
            return None
        return self._taken(self._open.pop(next(iter(self._open))).items)

    def due(self) -> float | None:
        """Returns when a batch is ready: now (0.0) where one is full, None where there is no item at all."""
        if self._full:
            return 0.0
        oldest = next(iter(self._open.values()), None)
        return None if oldest is None else oldest.since + self.linger_s

    def remove(self, unwanted: Callable[[Item], bool]) -> list[Item]:
        """Takes out and returns every item for which `unwanted` is true."""
        gone = [item for items in self._batches() for item in items if unwanted(item)]
        if gone:
            kept = [item for items in self._batches() for item in items if not unwanted(item)]
            self._refill(kept)
        return gone

    def _refill(self, items: list[Item]) -> None:
        # What stayed is old already, so it need not linger again.
        self._full.clear()
        self._open.clear()
        self.items = self.bytes = 0
        for item in items:
            self.add(item, 0.0)

    def _batches(self) -> Iterator[list[Item]]:
        yield from self._full
        yield from (batch.items for batch in self._open.values())

    def _taken(self, items: list[Item]) -> Bunch:
        self.items -= len(items)
        self.bytes -= sum(len(item.data) + 1 for item in items)
        return Bunch(items)
