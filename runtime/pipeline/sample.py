"""Which events are in a tag's sample: by a hash of event id and tag, so without chance.

The browser's copy of an event, the server's, and a replay have one id and so one fate; two tags draw independently. A
higher percentage only adds events.
"""

from __future__ import annotations

from hashlib import blake2b

_WHOLE = 1 << 64


class Sample:
    """One tag's share of events."""

    __slots__ = ("_below", "_key", "percent")

    def __init__(self, tag: str, percent: float) -> None:
        self.percent = percent
        self._below = percent / 100 * _WHOLE
        # As the hash's key the tag cannot be mistaken for a part of the event's id.
        self._key = tag.encode()

    def takes(self, event_id: str) -> bool:
        """Tells whether the event is in it."""
        return self._hash(event_id) < self._below

    def explain(self, event_id: str) -> str:
        """Returns what was compared, for a trace: the hash on the scale of percent."""
        return f"its hash {self._hash(event_id) / _WHOLE * 100:.6f} is not below {self.percent:g} percent"

    def _hash(self, event_id: str) -> int:
        text = event_id.encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8, key=self._key).digest())


def compile_sample(tag: str, percent: float) -> Sample | None:
    """Returns the sample, None where every event is in it."""
    return Sample(tag, percent) if percent < 100 else None
