"""Keeps counters few: a visitor may invent event names, but not rows without end."""

from __future__ import annotations

from collections.abc import Iterable

from runtime.store.delivery_rows import storable

LABELS = 200
"""Different labels of one counter in one minute; further ones are counted together."""

EVER = 1000
"""Different labels of one total; further ones are counted together."""

CODES = 50
"""Different codes of one tag in one total."""

OTHER = "(other)"


class Rollups:
    """Remembers which labels the last minutes have seen, and which the totals have."""

    def __init__(self, totals: Iterable[tuple[str, str]] = ()) -> None:
        """`totals` are name and label of the totals that the file has."""
        self._seen: dict[tuple[int, str], set[str]] = {}
        self._ever: dict[tuple[str, str], set[str]] = {}
        for name, label in totals:
            tag, _, code = label.rpartition(" ")
            self._ever.setdefault((name, tag), set()).add(code)

    def label(self, minute: int, name: str, label: str) -> str:
        """Returns the label to count by: itself, or `(other)` where the minute has too many already."""
        label = storable(label, 100)
        seen = self._seen.get((minute, name))
        if seen is None:
            seen = self._start(minute, name)
        if label in seen:
            return label
        if len(seen) >= LABELS or (name != "events" and not self._is_kept((name, ""), label, EVER)):
            return OTHER
        seen.add(label)
        return label

    def code(self, name: str, tag: str, code: str) -> str:
        """Returns the label of a total by tag and code: `TAG CODE`."""
        return f"{tag} {code if self._is_kept((name, tag), code, CODES) else OTHER}"

    def _is_kept(self, group: tuple[str, str], label: str, most: int) -> bool:
        ever = self._ever.setdefault(group, set())
        if label not in ever and len(ever) >= most:
            return False
        ever.add(label)
        return True

    def _start(self, minute: int, name: str) -> set[str]:
        if len(self._seen) > 1000:
            self._seen = {key: labels for key, labels in self._seen.items() if key[0] >= minute - 1}
        return self._seen.setdefault((minute, name), set())
