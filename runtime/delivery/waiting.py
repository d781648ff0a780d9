"""Hits that wait for look-ups. Other hits go on meanwhile.

A hit that needs an answer which nobody has yet is written down as waiting, in the settlement in which the cursors pass
it; the log keeps it until it has gone on. Once its look-ups are recorded it is run again, and what it makes is written
in one settlement: its answers, its summary and counters, and its items as retry rows that are due. So it is counted
once, and a crash in between repeats nothing but the look-ups that were not recorded yet.

A tag that has not come to the hit by then, because it lags behind, gets no row: it runs the hit itself.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

from runtime.delivery.lookups import Lookups
from runtime.delivery.ports import Source, Tuning
from runtime.delivery.run_hit import run_hit
from runtime.delivery.settle import Ledger
from runtime.delivery.wake import Wake
from runtime.errors import OperatorError
from runtime.model.event import Outcome
from runtime.model.hit import LoggedHit
from runtime.model.lookup import Lookup
from runtime.telemetry import log

GoOn = Callable[[LoggedHit, Outcome], None]
"""Takes a hit that has waited, with all that it makes."""


class Waiting:
    """All hits of one router that wait. Loop thread only."""

    def __init__(self, source: Source, ledger: Ledger, lookups: Lookups, tuning: Tuning, go_on: GoOn) -> None:
        self._source, self._ledger, self._lookups, self._tuning = source, ledger, lookups, tuning
        self._go_on = go_on
        self._hits = dict.fromkeys(ledger.store.lookups.waiting(), 0)
        """With the rounds of look-ups so far."""
        self._ready = deque(self._hits)  # Those of before a restart: run again, they say what they need.
        self._wake = Wake()
        self._stopping = False
        self.on_room: Callable[[], None] = lambda: None
        """Called when a hit has gone on."""

    @property
    def full(self) -> bool:
        """Tells that no further hit should wait."""
        return len(self._hits) >= self._tuning.waiting_hits

    def add(self, seq: int, needs: Sequence[Lookup]) -> None:
        """Takes a hit that needs answers."""
        self._hits[seq] = 0
        self._ledger.wait(seq)
        self._ask(seq, needs)

    def stop(self) -> None:
        """Ends `run` after the hit at hand."""
        self._stopping = True
        self._wake.call()

    async def run(self) -> None:
        """Lets hits go on until `stop`."""
        while not self._stopping:
            began = time.monotonic()
            while self._ready and not (self._stopping or self._ledger.broken):
                self._take(self._ready.popleft())
                if time.monotonic() - began > self._tuning.slice_s:
                    await asyncio.sleep(0)
                    began = time.monotonic()
            await self._wake.wait(self._tuning.poll_s if self._ready else None)

    def _ask(self, seq: int, needs: Sequence[Lookup]) -> None:
        self._hits[seq] += 1
        task = self._lookups.record(seq, needs, self._hits[seq])
        task.add_done_callback(lambda done: None if done.cancelled() else self._again(seq))

    def _again(self, seq: int) -> None:
        self._ready.append(seq)
        self._wake.call()

    def _take(self, seq: int) -> None:
        """Runs a hit whose answers have come, whole: no commit can fall into the middle of it."""
        logged = self._hit(seq)
        if logged is None:
            log().error("waiting_hit_gone", hit=seq)
            self._ledger.go_on(seq)
            self._done(seq)
            return
        outcome = run_hit(self._source, logged, None)
        if outcome is None:
            asyncio.get_running_loop().call_later(self._tuning.poll_s, self._again, seq)
        elif outcome.needs:
            self._ask(seq, outcome.needs)
        else:
            self._go_on(logged, outcome)
            self._done(seq)
            if self._ledger.full:
                self._ledger.settle()

    def _hit(self, seq: int) -> LoggedHit | None:
        try:
            found = self._source.read(seq - 1, 1)
        except OperatorError:
            return None
        return found[0] if found and found[0].seq == seq else None

    def _done(self, seq: int) -> None:
        self._hits.pop(seq, None)
        self.on_room()
