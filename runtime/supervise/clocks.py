"""How another process of ours fares, by the kernel's own account: the CPU time it has used, and whether it sleeps."""

from __future__ import annotations

import time
from pathlib import Path

_SCHED = 2


def cpu_s(pid: int) -> float | None:
    """Returns the CPU seconds that a process has used since it began, None where that cannot be told."""
    try:
        # How the kernel numbers the CPU clock of another process (clock_getcpuclockid(3)); Linux only.
        return time.clock_gettime((~pid << 3) | _SCHED)
    except (OSError, OverflowError):
        return None


def sleeps(pid: int) -> bool:
    """Tells whether a process waits for something that may never come: not for a CPU, a disk or its continuation."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return True  # No such file on this system: then the wall clock has to do.
    return state == "S"
