"""What becomes of a tag's items: delivered, parked or dead. Writes it to the ledger and lets the watermark move.

An item taken from a retry row holds no cursor: the row stands for it until it is delivered or dead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from runtime.delivery.retry import Backoff
from runtime.delivery.settle import Ledger
from runtime.delivery.watermark import Watermark
from runtime.model.delivery import Item, Verdict
from runtime.store.delivery_rows import DeadRow, RetryRow, storable

_MOST_REMADE = 100
"""Parked items made anew at a time."""


class Unmade(NamedTuple):
    """Why a rerouted item is made no more."""

    reason: str
    message: str


class Later:
    """A rerouted item that is made anew at another time: its hit waits for look-ups."""


LATER = Later()


class Fates:
    """The bookkeeping of one tag."""

    def __init__(self, tag: str, ledger: Ledger, backoff: Backoff) -> None:
        self.watermark = Watermark()
        self.delivered = 0
        """Items delivered since the start."""
        self._tag, self._ledger, self._backoff = tag, ledger, backoff
        self._taken: dict[tuple[int, int], int] = {}
        """Items in memory that have a retry row, with the attempts made before."""
        self._next_due = ledger.store.next_due(tag)
        self.remake: Callable[[RetryRow], Item | Unmade | Later | None] = lambda row: None
        """Makes a parked item anew where its backlog was rerouted; None where it goes as it is."""

    def due(self, limit: int) -> list[Item]:
        """Takes up parked items whose time has come. Only right after a commit: then no row is in two places."""
        now = self._ledger.now_ms()
        if self._next_due is None or self._next_due > now or limit <= 0:
            return []
        rows = self._ledger.store.due(self._tag, now, limit + len(self._taken))
        new = [row for row in rows if (row.seq, row.pos) not in self._taken]
        if not new:
            # Rows due by now are all taken; those come back by `park`.
            self._next_due = self._ledger.store.next_due(self._tag, after_ms=now)
        arrivals = self._ledger.store.arrivals((row.seq, row.pos) for row in new)
        return self._take([(row, _item(row, arrived)) for row, arrived in zip(new, arrivals, strict=True)])

    def expect(self, due_ms: int) -> None:
        """Tells that a retry row of that time was written by somebody else."""
        self._next_due = due_ms if self._next_due is None else min(due_ms, self._next_due)

    def _take(self, rows: Sequence[tuple[RetryRow, Item]]) -> list[Item]:
        items: list[Item] = []
        remade = 0
        for row, item in rows:
            if remade == _MOST_REMADE:
                break  # The rest comes next time: the loop has other work, too.
            found = self.remake(row)
            remade += found is not None
            if isinstance(found, Later):
                continue
            self._taken[row.seq, row.pos] = row.attempts
            if isinstance(found, Unmade):
                self.bury(item, found.reason, found.message)
            else:
                items.append(found or item)
        return items

    def is_taken(self, item: Item) -> bool:
        """Tells whether the item came from a retry row."""
        return (item.seq, item.pos) in self._taken

    def deliver(self, items: Sequence[Item], *, dry_run: bool) -> None:
        """Notes that the vendor took the items, or that a dry run built their request."""
        for item in items:
            self._done(item)
        self.delivered += len(items)
        if items:
            self._ledger.count("dry_run" if dry_run else "delivered", self._tag, len(items))
        if not dry_run:
            now_us = 1000 * self._ledger.now_ms()
            waits = [max(0, now_us - item.received_us) for item in items if item.received_us]
            if waits:
                self._ledger.observe("delivery", self._tag, waits)

    def park(self, item: Item, verdict: Verdict, attempts: int) -> None:
        """Writes a retry row, so that the cursor can move past the item."""
        before = self._taken.pop((item.seq, item.pos), None)
        if before is None:
            self.watermark.done(item.seq)
        total = attempts + (before or 0)
        due_ms = self._ledger.now_ms() + int(1000 * self._backoff.wait(total, verdict.retry_after_s))
        self._next_due = min(due_ms, self._next_due or due_ms)
        self._ledger.park(
            RetryRow(
                self._tag, item.seq, item.pos, due_ms, total, item.key, item.version, item.event_id,
                item.expires_s, item.data, storable(verdict.reason, 500),
            )
        )  # fmt: skip

    def bury(self, item: Item, reason: str, message: str, *, status: int = 0, attempts: int = 0) -> None:
        """Writes a dead letter."""
        total = attempts + self._taken.get((item.seq, item.pos), 0)
        self._ledger.dead(
            DeadRow(
                self._tag, item.seq, item.pos, storable(reason, 500), storable(message, 2000), status, total,
                self._ledger.now_ms(), item.version, item.event_id, item.data,
            )
        )  # fmt: skip
        self._done(item)

    def _done(self, item: Item) -> None:
        if self._taken.pop((item.seq, item.pos), None) is None:
            self.watermark.done(item.seq)
        else:
            self._ledger.unpark(self._tag, item.seq, item.pos)


def _item(row: RetryRow, arrived_us: int) -> Item:
    return Item(
        received_us=0 if row.reason == "replay" else arrived_us,
        seq=row.seq, pos=row.pos, version=row.version, data=row.payload,
        key=row.key, event_id=row.event_id, expires_s=row.expires_s,
    )  # fmt: skip
