"""The ledger: collects what happened, and writes it as one settlement at most a quarter of a second later.

A settlement that cannot be written (disk full) is kept and tried again; meanwhile the consumer stops reading, so that
memory stays bounded and nothing is forgotten.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from runtime.delivery.rollups import Rollups
from runtime.delivery.wake import Wake
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_rows import AttemptRow, DeadRow, RetryRow, Settlement
from runtime.telemetry import log


class Ledger:
    """Everything written goes through here. Loop thread only; a commit happens between two steps of any task."""

    def __init__(self, store: DeliveryStore, clock: Callable[[], float], rows: int = 5000) -> None:
        self.store = store
        self.pending = Settlement()
        self._clock = clock
        self._rows = rows
        self._rollups = Rollups()
        self._broken = False
        self.before: Callable[[], None] = lambda: None
        """Called before each commit, to bring the cursors up to date."""
        self.after: Callable[[Settlement], None] = lambda _: None
        """Called with what was just written: file and memory agree in that moment."""

    @property
    def full(self) -> bool:
        """Tells that a commit is due by size."""
        return self.pending.size >= self._rows

    @property
    def broken(self) -> bool:
        """Tells that the last commit failed: take in no more hits."""
        return self._broken

    def now_ms(self) -> int:
        """Returns Unix milliseconds."""
        return int(self._clock() * 1000)

    def attempt(self, row: AttemptRow) -> None:
        """Notes one try."""
        self.pending.attempts.append(row)

    def dead(self, row: DeadRow) -> None:
        """Notes a dead letter, and counts it by tag and reason code."""
        self.pending.dead[row.tag, row.seq, row.pos] = row
        self.count("dead", row.tag)

    def park(self, row: RetryRow) -> None:
        """Notes that an item waits for another try."""
        self.pending.retries[row.tag, row.seq, row.pos] = row
        self.count("retried", row.tag)

    def unpark(self, tag: str, seq: int, pos: int) -> None:
        """Notes that an item no longer waits."""
        self.pending.retries[tag, seq, pos] = None

    def count(self, name: str, label: str, n: int = 1, *, minute: int | None = None) -> None:
        """Adds to a minute's counter; without `minute` to the present one."""
        at = int(self._clock() // 60) if minute is None else minute
        counts, key = self.pending.rollups, (at, name, label)
        if key not in counts:
            key = (at, name, self._rollups.label(at, name, label))
        counts[key] = counts.get(key, 0) + n

    def settle(self) -> bool:
        """Commits what is pending; returns False where the file could not be written."""
        self.before()
        settlement = self.pending
        if settlement.size and not self._commit(settlement):
            return False
        self.pending = Settlement()
        self.after(settlement)
        return True

    def _commit(self, settlement: Settlement) -> bool:
        try:
            self.store.settle(settlement)
        except sqlite3.Error as error:
            if not self._broken:
                log().error("settle_failed", error=str(error), rows=settlement.size)
            self._broken = True
            return False
        if self._broken:
            log().info("settle_recovered", rows=settlement.size)
        self._broken = False
        return True


class Settler:
    """Settles at a steady pace until it is stopped."""

    def __init__(self, ledger: Ledger, every_s: float) -> None:
        self._ledger, self._every_s = ledger, every_s
        self._stopped = False
        self._wake = Wake()

    async def run(self) -> None:
        """Runs until `stop`."""
        while not self._stopped:
            await self._wake.wait(self._every_s)
            self._ledger.settle()

    def stop(self) -> None:
        """Ends `run` after one more settlement."""
        self._stopped = True
        self._wake.call()
