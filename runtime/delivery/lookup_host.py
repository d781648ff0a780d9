"""One server that look-ups go to: how many at once, and when it is left alone.

It is left alone after a few look-ups in a row without any answer, for a time that doubles as it goes on. Then one is
let through; its answer ends it. An answer that tells of an error is one all the same: it delays nobody.
"""

from __future__ import annotations

import asyncio

from runtime.delivery.ports import Tuning
from runtime.telemetry import log


class Host:
    """Times are seconds of one monotonic clock."""

    def __init__(self, name: str, tuning: Tuning) -> None:
        self.places = asyncio.Semaphore(tuning.lookups_at_once)
        self._name, self._tuning = name, tuning
        self._failures = 0
        self._until = 0.0
        self._opened = 0.0

    def rest(self, now: float) -> float:
        """Returns for how long it is left alone; 0.0 where it may be asked."""
        return max(0.0, self._until - now) if self._failures >= self._tuning.lookup_failures else 0.0

    def lets(self, now: float) -> bool:
        """Tells whether a look-up may be tried now. Of a host that is left alone the one who asks first tries it."""
        if self._failures < self._tuning.lookup_failures:
            return True
        if self.rest(now):
            return False
        self._until = now + self._wait()
        return True

    def answered(self) -> None:
        """Notes that the host answered."""
        if self._failures >= self._tuning.lookup_failures:
            log().info("lookup_host_back", host=self._name)
        self._failures = 0

    def failed(self, now: float, started: float, reason: str) -> None:
        """Notes that a look-up begun at `started` had no answer; one from before the host was left alone tells the same
        outage and lengthens nothing."""
        if self._failures >= self._tuning.lookup_failures and started < self._opened:
            return
        self._failures += 1
        if self._failures < self._tuning.lookup_failures:
            return
        if self._failures == self._tuning.lookup_failures:
            log().warning("lookup_host_down", host=self._name, reason=reason)
        self._opened, self._until = now, now + self._wait()

    def _wait(self) -> float:
        over = min(self._failures - self._tuning.lookup_failures, 10)
        return float(min(self._tuning.lookup_pause_s * 2**over, self._tuning.lookup_most_pause_s))
