"""A tag's circuit breaker: closed while the destination answers, open while it fails as a whole.

closed: up to K batches in flight. open: nothing is sent until the wait is over, then one batch as a probe; its success
closes the circuit, its failure lengthens the wait. stopped: open because the credential or the settings are at fault;
a person must act, and the probe comes at a fixed pace so that the repair is noticed without a restart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from runtime.delivery.retry import Backoff

State = Literal["closed", "open", "stopped"]


@dataclass(slots=True)
class Circuit:
    """Decides how many batches may start now. Times are seconds of one monotonic clock."""

    backoff: Backoff = field(default_factory=Backoff)
    stopped_probe_s: float = 300.0
    state: State = "closed"
    failures: int = 0
    reason: str = ""
    until: float = 0.0
    _opened: float = 0.0

    def room(self, now: float, concurrency: int, in_flight: int) -> int:
        """Returns how many more batches may start."""
        if self.state == "closed":
            return concurrency - in_flight
        return 1 if now >= self.until and not in_flight else 0

    def fail(self, now: float, started: float, reason: str, *, retry_after_s: float = 0.0, stop: bool = False) -> None:
        """Notes that the destination failed a batch that was started at `started`.

        Batches that were under way when the circuit opened tell the same outage, so they do not lengthen the wait.
        """
        stale = self.state != "closed" and started < self._opened
        self.state = "stopped" if stop or (stale and self.state == "stopped") else "open"
        self.reason = reason
        if stale:
            wait = min(retry_after_s, self.backoff.ceiling_of_retry_after_s)
        else:
            self._opened = now
            wait = self.stopped_probe_s if stop else self.backoff.wait(self.failures, retry_after_s)
            self.failures += 1
        self.until = max(self.until, now + wait)

    def succeed(self) -> None:
        """Notes that the destination answered."""
        self.state, self.failures, self.reason, self.until = "closed", 0, "", 0.0

    def probe_now(self) -> None:
        """Lets the next probe go at once, because settings changed."""
        self.until = 0.0
