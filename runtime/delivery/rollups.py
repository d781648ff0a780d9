"""Keeps counters few: a visitor may invent event names, but not rows without end."""

from __future__ import annotations

from runtime.store.delivery_rows import storable

LABELS = 200
"""Different labels of one counter in one minute; further ones are counted together."""

OTHER = "(other)"


class Rollups:
    """Remembers which labels the last minutes have seen."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str], set[str]] = {}

    def label(self, minute: int, name: str, label: str) -> str:
        """Returns the label to count by: itself, or `(other)` where the minute has too many already."""
        label = storable(label, 100)
        seen = self._seen.get((minute, name))
        if seen is None:
            seen = self._start(minute, name)
        if label in seen:
            return label
        if len(seen) >= LABELS:
            return OTHER
        seen.add(label)
        return label

    def _start(self, minute: int, name: str) -> set[str]:
        if len(self._seen) > 1000:
            self._seen = {key: labels for key, labels in self._seen.items() if key[0] >= minute - 1}
        return self._seen.setdefault((minute, name), set())
