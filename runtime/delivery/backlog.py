"""What a tag has in memory and not in flight: items being collected, and batches that came back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from runtime.delivery.batch import Bunch, Collector
from runtime.delivery.ports import Tuning
from runtime.model.delivery import Item, TagPlan


class Backlog:
    """A bounded queue of batches. Those that came back go first, the longest waiting foremost; those that the
    destination failed take turns with new ones, so that one bad batch does not stay the only probe."""

    def __init__(self, plan: TagPlan, tuning: Tuning) -> None:
        self._limits = tuning
        self._collector = Collector(plan.max_items, plan.max_bytes, plan.linger_ms / 1000)
        self._held: deque[Bunch] = deque()
        self._held_items = 0
        self._new_first = False

    def configure(self, plan: TagPlan) -> None:
        """Takes over a plan's figures for what comes next."""
        self._collector.max_items, self._collector.max_bytes = plan.max_items, plan.max_bytes
        self._collector.linger_s = plan.linger_ms / 1000

    def __len__(self) -> int:
        """Returns the number of items."""
        return self._collector.items + self._held_items

    def __iter__(self) -> Iterator[Item]:
        for bunch in self._held:
            yield from bunch.items
        yield from self._collector

    @property
    def room(self) -> int:
        """How many items more it should take; 0 or less where it is full."""
        if self._collector.bytes >= self._limits.queue_bytes:
            return 0
        return self._limits.queue_items - len(self)

    def add(self, items: Sequence[Item], now: float) -> bool:
        """Collects items; returns whether the next batch is ready at another time than before."""
        before = self._collector.due()
        for item in items:
            self._collector.add(item, now)
        return self._collector.due() != before

    def hold(self, bunch: Bunch, *, first: bool = False) -> None:
        """Takes a batch back as it is."""
        if first:
            self._held.appendleft(bunch)
        else:
            self._held.append(bunch)
        self._held_items += len(bunch.items)

    def next(self, now: float) -> Bunch | None:
        """Returns the next batch that is ready."""
        failed = bool(self._held and self._held[0].failures)
        new = self._collector.take(now) if not self._held or (failed and self._new_first) else None
        self._new_first = failed and new is None
        return new or self._back()

    def _back(self) -> Bunch | None:
        if not self._held:
            return None
        bunch = self._held.popleft()
        self._held_items -= len(bunch.items)
        return bunch

    def due(self) -> float | None:
        """Returns when a batch is ready: 0.0 for now, None where there is none."""
        return 0.0 if self._held else self._collector.due()

    def remove(self, unwanted: Callable[[Item], bool]) -> list[Item]:
        """Takes out and returns every item for which `unwanted` is true."""
        gone = self._collector.remove(unwanted)
        held, self._held, self._held_items = self._held, deque(), 0
        for bunch in held:
            gone += [item for item in bunch.items if unwanted(item)]
            bunch.items = [item for item in bunch.items if not unwanted(item)]
            if bunch.items:
                self.hold(bunch)
        return gone
