"""When a tag fires: a window over the arrival of hits, so a replay, or a tag that lags behind, decides as at first."""

from __future__ import annotations

from datetime import UTC, datetime

from runtime.model.container import Schedule


class Window:
    """A schedule, compiled: from its beginning on, and before its end."""

    __slots__ = ("_from_us", "_schedule", "_to_us")

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._from_us = _us(schedule.from_)
        self._to_us = _us(schedule.to)

    def reason(self, at_us: int) -> str:
        """Returns why that moment (Unix microseconds) is outside, or ""; one of two texts, whatever the moment."""
        if self._from_us is not None and at_us < self._from_us:
            return f"begins {_iso(self._schedule.from_)}"
        if self._to_us is not None and at_us >= self._to_us:
            return f"ended {_iso(self._schedule.to)}"
        return ""

    def explain(self, at_us: int) -> str:
        """Returns the window and the moment, for a trace."""
        bounds = [("from", self._schedule.from_), ("to", self._schedule.to)]
        shown = " ".join(f"{word} {_iso(bound)}" for word, bound in bounds if bound)
        return f"{shown}; the hit arrived {_iso(datetime.fromtimestamp(at_us / 1e6, UTC))}"


def compile_schedule(schedule: Schedule) -> Window | None:
    """Returns the window, None where it is open at both ends."""
    return Window(schedule) if schedule.from_ or schedule.to else None


def _us(moment: datetime | None) -> int | None:
    # Whole microseconds: a float of seconds would round the sixth place of the fraction.
    if moment is None:
        return None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
