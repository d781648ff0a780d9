"""The ledger: collects what happened, and writes it as one settlement at most a quarter of a second later.

A settlement that cannot be written (disk full) is kept and tried again; meanwhile the consumer stops reading, so that
memory stays bounded and nothing is forgotten.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from runtime.delivery.reason_codes import dead_code, retry_code
from runtime.delivery.rollups import Rollups
from runtime.delivery.wake import Wake
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_lookups import HANDED_OVER, handed_over, tags_of
from runtime.store.delivery_rows import TOTALS, AttemptRow, DeadRow, EventRow, LookupRow, RetryRow, Settlement
from runtime.telemetry import PARTS, SUM, bucket, log

_HINT = "No hit is read until the delivery file can be written again; none is lost. Look at the disk and its rights."


class Ledger:
    """Everything written goes through here. Loop thread only; a commit happens between two steps of any task."""

    def __init__(
        self,
        store: DeliveryStore,
        clock: Callable[[], float],
        rows: int = 5000,
        *,
        costs: Mapping[str, list[int]] | None = None,
    ) -> None:
        """`costs` is what scripts have cost so far, see `Source.costs`."""
        self.store = store
        self.pending = Settlement()
        self._clock = clock
        self._rows = rows
        self._rollups = Rollups(store.totals())
        self._broken = False
        self._looks_up = store.lookups.are_there()
        self._costs = {} if costs is None else costs
        self._costs_told: dict[str, list[int]] = {}
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

    def attempt(self, row: AttemptRow, *, stopped: bool = False) -> None:
        """Notes one try; `stopped` tells that its tag waits for a person since."""
        self.pending.attempts.append(row)
        self.total("attempts", row.tag, "stopped" if stopped else row.disposition)
        if not row.dry_run:
            self.observe("attempt", row.tag, (row.ms * 1000,))

    def dead(self, row: DeadRow) -> None:
        """Notes a dead letter, and counts it by tag and reason code."""
        self.pending.dead[row.tag, row.seq, row.pos] = row
        self.count("dead", row.tag)
        self.total("dead_by_reason", row.tag, dead_code(row.tag, row.reason))

    def is_dead(self, tag: str, seq: int, pos: int) -> bool:
        """Tells whether a dead letter stands for the item, written or about to be."""
        place = (tag, seq, pos)
        if place in self.pending.dead or place in self.pending.revived:
            return place in self.pending.dead
        return self.store.is_dead(tag, seq, pos)

    def state(self, tag: str, seq: int, pos: int) -> str:
        """Returns what the tag did with an event, by its summary; "" where it did nothing."""
        row = self.summary(seq, pos)
        return "" if row is None else msgspec.json.decode(row.tags, type=dict[str, str]).get(tag, "")

    def summary(self, seq: int, pos: int) -> EventRow | None:
        """Returns an event's summary, written or about to be."""
        if (seq, pos) in self.pending.restated:
            return self.pending.restated[seq, pos]
        fresh = (row for row in reversed(self.pending.events) if (row.seq, row.pos) == (seq, pos))
        written = {row.pos: row for row in self.store.replay.summaries(seq)}
        return written.get(pos) or next(fresh, None)

    def park(self, row: RetryRow) -> None:
        """Notes that an item waits for another try."""
        self.pending.retries[row.tag, row.seq, row.pos] = row
        self.count("retried", row.tag)
        self.total("retried_by_reason", row.tag, retry_code(row.reason))

    def unpark(self, tag: str, seq: int, pos: int) -> None:
        """Notes that an item no longer waits."""
        self.pending.retries[tag, seq, pos] = None

    def record(self, seq: int, key: str, answer: bytes) -> None:
        """Notes what came of a hit's look-up, unless that is noted already."""
        rows = self.pending.lookups.setdefault(seq, {})
        rows.setdefault(key, LookupRow(seq, key, answer, self.now_ms()))
        self._looks_up = True

    def recorded(self, seq: int) -> dict[str, bytes]:
        """Returns the answers of a hit's look-ups by key, written or about to be."""
        fresh = {row.key: row.value for row in self.pending.lookups.get(seq, {}).values()}
        return fresh | self.store.lookups.of(seq) if self._looks_up else fresh

    def answers_written(self) -> bool:
        """Writes the answers that are pending: what was made with them must not leave before. A crash in between would
        make the same hit be decided anew. Returns False where the file could not be written."""
        return not self.pending.lookups or self.settle()

    def wait(self, seq: int) -> None:
        """Notes that a hit waits for look-ups: cursors may pass it, the log keeps it."""
        self.pending.waiting[seq] = self.now_ms()
        self._looks_up = True

    def go_on(self, seq: int, tags: Collection[str] = ()) -> None:
        """Notes that a hit waits no more, and which tags got their items."""
        self.pending.waiting[seq] = None
        if tags:
            self.pending.lookups.setdefault(seq, {})[HANDED_OVER] = handed_over(seq, [*tags], self.now_ms())

    def is_elsewhere(self, tag: str, seq: int) -> bool:
        """Tells that a tag which comes upon a hit again has nothing to do with it: it waits for look-ups, or waited and
        handed over what it made for the tag."""
        if not self._looks_up:
            return False
        waits = self.pending.waiting[seq] is not None if seq in self.pending.waiting else self.store.lookups.waits(seq)
        named = self.recorded(seq).get(HANDED_OVER)
        return waits or (named is not None and tag in tags_of(named))

    def count(self, name: str, label: str, n: int = 1, *, minute: int | None = None) -> None:
        """Adds to a minute's counter; without `minute` to the present one."""
        at = int(self._clock() // 60) if minute is None else minute
        counts, key = self.pending.rollups, (at, name, label)
        if key not in counts:
            key = (at, name, self._rollups.label(at, name, label))
        counts[key] = counts.get(key, 0) + n

    def total(self, name: str, tag: str, code: str, n: int = 1) -> None:
        """Adds to what is counted by tag and code, as a total only."""
        counts, key = self.pending.rollups, (TOTALS, name, f"{tag} {code}")
        if key not in counts:
            key = (TOTALS, name, self._rollups.code(name, tag, code))
        counts[key] = counts.get(key, 0) + n

    def observe(self, name: str, tag: str, microseconds: Sequence[int]) -> None:
        """Adds observations to a tag's histogram."""
        for value in microseconds:
            self.total(name, tag, PARTS[bucket(value)])
        self.total(name, tag, SUM, sum(microseconds))

    def settle(self) -> bool:
        """Commits what is pending; returns False where the file could not be written."""
        self.before()
        self._count_costs()
        settlement = self.pending
        if settlement.size and not self._commit(settlement):
            return False
        self.pending = Settlement()
        self.after(settlement)
        return True

    def _count_costs(self) -> None:
        for template, (nanoseconds, calls) in self._costs.items():
            told = self._costs_told.setdefault(template, [0, 0])
            if calls > told[1]:
                self.total("script", template, "ns", nanoseconds - told[0])
                self.total("script", template, "calls", calls - told[1])
                told[:] = nanoseconds, calls

    def _commit(self, settlement: Settlement) -> bool:
        try:
            self.store.settle(settlement)
        except sqlite3.Error as error:
            if not self._broken:
                log().error("settle_failed", error=str(error), rows=settlement.size, hint=_HINT)
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
