"""How long each script of a hit takes."""

from __future__ import annotations

import re
import time
from typing import Any


class Stopwatch:
    """A watch that adds up the time of each script's calls, of what is run between `start` and the reading."""

    def __init__(self) -> None:
        self._spent: dict[str, list[int]] = {}
        self._script, self._since = "", 0

    def enter(self, script: str, hit: str) -> None:
        """Notes when a call begins."""
        self._script, self._since = script, time.perf_counter_ns()

    def leave(self) -> None:
        """Adds its time to the script's."""
        self._spent.setdefault(self._script, []).append(time.perf_counter_ns() - self._since)

    def start(self) -> None:
        """Forgets what was noted."""
        self._spent.clear()

    def told(self) -> list[dict[str, Any]]:
        """Returns script (`destination/meta_capi`), calls and milliseconds of all of them, the slowest first."""
        rows = [
            {"script": re.split("[@#]", script, maxsplit=1)[0], "calls": len(spent), "ms": round(sum(spent) / 1e6, 3)}
            for script, spent in self._spent.items()
        ]
        return sorted(rows, key=lambda row: -row["ms"])
