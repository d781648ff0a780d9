"""CPU time of processes, as the kernel counts it."""

from __future__ import annotations

import os
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> dict[str, int]:
    """Returns the pids of a server's processes by name, for example {"edge-0": 4711}."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))) and int(fields[1]) == pid:
            found[(entry / "comm").read_text().strip()] = int(entry.name)
    return found


def cpu_s(pid: int) -> float:
    """Returns user and system seconds of a process and all its threads."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) * _TICK_S if fields else 0.0


def _stat(pid: int) -> list[str]:
    """Returns the fields of /proc/PID/stat after the name, or nothing where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
