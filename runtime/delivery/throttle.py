"""How fast a tag may send: requests and events per second, each a token bucket on the monotonic clock."""

from __future__ import annotations

from runtime.model.delivery import TagPlan

_BURST_S = 0.1
"""A bucket holds a tenth of a second's tokens, at least one: enough that a late wake-up costs no throughput, too little
for a burst that a vendor would count against the tag."""

_ROUNDING = 1e-6
"""A token that is short by so little is whole: many small steps add up to less."""


class Bucket:
    """Tokens that come back at a steady pace. Whoever finds one may take more than there are and leaves a debt, because
    a batch may be larger than the bucket; so the average holds."""

    def __init__(self, per_s: float, now: float) -> None:
        self.per_s = per_s
        self._size = max(1.0, per_s * _BURST_S)
        self._tokens, self._at = self._size, now

    def wait(self, now: float) -> float:
        """Returns the seconds until there is a token, 0.0 for now."""
        missing = 1.0 - self._filled(now)
        return missing / self.per_s if missing > _ROUNDING else 0.0

    def take(self, now: float, n: int) -> None:
        """Takes `n` tokens, there or not."""
        self._tokens, self._at = self._filled(now) - n, now

    def _filled(self, now: float) -> float:
        return min(self._size, self._tokens + (now - self._at) * self.per_s)


class Throttle:
    """One tag's two buckets. Without figures it never waits."""

    def __init__(self) -> None:
        self._requests: Bucket | None = None
        self._events: Bucket | None = None

    def configure(self, plan: TagPlan, now: float) -> None:
        """Takes over a plan's figures; a bucket whose figure stays keeps what is in it."""
        self._requests = _bucket(self._requests, plan.requests_per_s, now)
        self._events = _bucket(self._events, plan.events_per_s, now)

    def wait(self, now: float) -> float:
        """Returns the seconds until a request may start, 0.0 for now."""
        return max((bucket.wait(now) for bucket in (self._requests, self._events) if bucket), default=0.0)

    def take(self, now: float, events: int) -> None:
        """Notes that a request with that many events starts."""
        if self._requests:
            self._requests.take(now, 1)
        if self._events:
            self._events.take(now, events)


def _bucket(old: Bucket | None, per_s: float | None, now: float) -> Bucket | None:
    if per_s is None:
        return None
    return old if old and old.per_s == per_s else Bucket(per_s, now)
