"""Counts what is seen under a name, a field's or a variable's, and tells it with personal data masked."""

from __future__ import annotations

from collections import Counter
from typing import Any

from runtime.explain.explorer import iso
from runtime.text.masks import mask
from runtime.text.redaction import environment_redactor

TOP = 5
MOST_DISTINCT = 1000
"""Values of one name that are told apart; those that come up after them count for nothing but the share."""
LONGEST = 300
"""Characters of a value that is listed."""
_LOOKED_AT = 25
"""Values that are masked, to find the top ones: several may look the same then."""

Record = dict[str, Any]
_TYPES: dict[type, str] = {
    bool: "boolean", int: "number", float: "number", str: "text", list: "list", tuple: "list", dict: "table",
}  # fmt: skip


class Tally:
    """What was seen under one name, from the newest event to the oldest."""

    __slots__ = ("_newest_us", "_types", "_values", "events")

    def __init__(self) -> None:
        self.events = 0
        self._newest_us = 0
        self._types: Counter[str] = Counter()
        self._values: Counter[tuple[str, Any]] = Counter()

    def add(self, value: Any, at_us: int) -> None:
        """Counts one event's value, which is not None."""
        kind = _TYPES.get(type(value), "text")
        self.events += 1
        self._newest_us = max(self._newest_us, at_us)
        self._types[kind] += 1
        if kind in ("list", "table") or (kind == "text" and len(value) > LONGEST):
            return
        # With its type: to Python true and 1 are the same.
        key = (kind, value)
        if key in self._values or len(self._values) < MOST_DISTINCT:
            self._values[key] += 1

    def told(self, name: str, of: int) -> Record:
        """Returns it as JSON data; `of` is how many events were looked at."""
        return {
            "types": [kind for kind, _ in self._types.most_common()],
            "events": self.events,
            "share": round(self.events / of, 4) if of else 0.0,
            "values": self._top(name),
            "last_seen": iso(self._newest_us / 1e6) if self._newest_us else "",
        }

    def _top(self, name: str) -> list[Record]:
        """Returns the most frequent values as they may be shown. One that is `masked` is no value to compare with."""
        redactor = environment_redactor()
        top: dict[tuple[str, Any], Record] = {}
        for (kind, value), count in self._values.most_common(_LOOKED_AT):
            shown = redactor.shown(mask(value, name))
            same = top.setdefault((kind, shown), {"value": shown, "count": 0, "masked": shown != value})
            same["count"] += count
        return sorted(top.values(), key=lambda each: -each["count"])[:TOP]
