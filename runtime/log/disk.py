"""Watches how full the log's disk is. A full disk cannot be written, and what cannot be written must not be accepted:
above the high watermark hits are refused, and taken again once the disk is back below the low one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from runtime.telemetry import log

EVERY_S = 1.0


def used_percent(folder: Path) -> float:
    """Returns how much of the folder's disk is used, of what this user may use at all, in percent."""
    found = os.statvfs(folder)
    used = found.f_blocks - found.f_bfree
    return 100.0 * used / max(1, used + found.f_bavail)


class DiskWatch:
    """Whether hits may be taken, by the disk."""

    def __init__(self, folder: Path, *, high: float, low: float, used: Callable[[Path], float] = used_percent) -> None:
        """`high` and `low` are percentages of the disk; `used` measures it."""
        self._folder, self._high, self._low, self._used = folder, high, low, used
        self.full = False
        self.look()

    @property
    def reasons(self) -> list[str]:
        """Why hits are not taken, for /readyz."""
        return ["the disk is full"] if self.full else []

    def look(self) -> None:
        """Measures, and tells the operator where it changed. A disk that cannot be asked changes nothing: the next
        append finds out."""
        try:
            used = self._used(self._folder)
        except OSError as error:
            log().warning("disk_unknown", folder=str(self._folder), error=str(error))
            return
        full = used > (self._low if self.full else self._high)
        if full and not self.full:
            log().error("disk_full", used_percent=round(used, 1), high_percent=self._high)
        elif self.full and not full:
            log().info("disk_has_room", used_percent=round(used, 1), low_percent=self._low)
        self.full = full

    async def run(self) -> None:
        """Looks each second. Returns only when it is cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            self.look()
