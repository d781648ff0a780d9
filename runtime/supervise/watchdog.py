"""The watchdog: kills a router that is stuck in a script, and puts the script away.

Most scripts cannot hang: Lua's own budget ends them. What it cannot end is native code, a deadlock, and what nobody
thought of. A call is stuck once it has used more CPU time than its deadline and half a second, by the process's own
CPU clock: a slow disk, a slow vendor, a stopped process or a busy machine use none. A call that sleeps all the time
(a deadlock) is stuck after some seconds by the wall clock; a process that wants a CPU and gets none does not sleep.

A router that died by itself inside a script (a bug in native code) is treated alike: the same hit would kill it again.
One that an operator killed is not.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from runtime.lua.values import Limits
from runtime.store.delivery_rows import QuarantineRow
from runtime.store.quarantine import Cause, Quarantined
from runtime.supervise import clocks
from runtime.supervise.process import Process
from runtime.supervise.quarantine import Board
from runtime.supervise.watch import Call, Marker
from runtime.telemetry import log

LOOK_S = 0.1
"""How often the routers are looked at. A look costs a microsecond."""
GRACE_S = 0.5
SLEPT_S = 10.0
"""Asleep for so long inside one call, a router is in a deadlock."""

CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE})
"""Deaths that native code dies by itself."""

_HINT = (
    "The script is called no more (`firsthand quarantine list`): publish a corrected version of it. What it cannot take"
    " meanwhile is kept: as dead letters, reason script_quarantined, or with a tag that is stopped."
)


class Hang(NamedTuple):
    """A call that does not end."""

    call: Call
    cpu_s: float
    """CPU time since it was first seen."""
    wall_s: float


@dataclass(frozen=True)
class Patience:
    """How long a call may take."""

    cpu_s: float = Limits().cpu_s + GRACE_S
    slept_s: float = SLEPT_S


class Lookout:
    """Watches the calls of one router, look by look."""

    def __init__(
        self,
        marker: Marker,
        patience: Patience,
        *,
        cpu_s: Callable[[int], float | None] = clocks.cpu_s,
        sleeps: Callable[[int], bool] = clocks.sleeps,
    ) -> None:
        self.marker = marker
        self._patience = patience
        self._cpu_clock, self._sleeps = cpu_s, sleeps
        self._number = 0
        self._cpu = self._began = self._looked = self._slept = 0.0

    def look(self, pid: int, now: float) -> Hang | None:
        """Returns the call that is stuck, if any. `now` is monotonic; to be called every `LOOK_S`."""
        number = self.marker.number
        if number != self._number:
            self._begin(number, pid, now)
            return None
        if not number:
            return None
        used = (self._cpu_clock(pid) or self._cpu) - self._cpu
        # Counted by looks of a bounded length: while the supervisor itself was stopped, nobody is to blame.
        self._slept += min(now - self._looked, 2 * LOOK_S) if self._sleeps(pid) else 0.0
        self._looked = now
        if used < self._patience.cpu_s and self._slept < self._patience.slept_s:
            return None
        call = self.marker.call()
        return Hang(call, used, now - self._began) if call and call.number == number else None

    def _begin(self, number: int, pid: int, now: float) -> None:
        self._number = number
        if number:
            self._cpu = self._cpu_clock(pid) or 0.0
            self._began = self._looked = now
            self._slept = 0.0


class Watchdog:
    """Watches every process that has a lookout, and remembers whom it blames on the board."""

    def __init__(self, board: Board, patience: Patience | None = None) -> None:
        self._board = board
        self._patience = patience or Patience()
        self._lookouts: dict[str, tuple[int, Lookout]] = {}
        self._killed: set[int] = set()

    def marker(self, name: str, shard: int) -> Marker:
        """Returns the mark for a process of that name, which from now on is watched."""
        marker = Marker()
        self._lookouts[name] = shard, Lookout(marker, self._patience)
        return marker

    def look(self, processes: list[Process]) -> None:
        """Kills whoever is stuck."""
        now = time.monotonic()
        for process in processes:
            shard, lookout = self._lookouts.get(process.name, (0, None))
            if lookout is None or not process.pid or process.pid in self._killed:
                continue
            hang = lookout.look(process.pid, now)
            if hang is not None:
                self._blame(process, shard, hang.call, "hung")
                _tell_hang(process, hang)
                self._killed.add(process.pid)
                process.signal(signal.SIGKILL)

    def ended(self, process: Process, status: int) -> bool:
        """Tells, before the process is started again, whether a script brought its end about; wipes its mark."""
        shard, lookout = self._lookouts.get(process.name, (0, None))
        if lookout is None:
            return False
        call, killed = lookout.marker.call(), process.pid in self._killed
        self._killed.discard(process.pid)
        lookout.marker.wipe()
        if killed:
            return True
        if call is None or not os.WIFSIGNALED(status) or os.WTERMSIG(status) not in CRASHES:
            return False
        self._blame(process, shard, call, "crashed")
        by = signal.Signals(os.WTERMSIG(status)).name
        log().error("script_crashed", **_about(process, call), status=by, hint=_HINT)
        return True

    def _blame(self, process: Process, shard: int, call: Call, cause: Cause) -> None:
        row = QuarantineRow(call.script, call.hit, time.time_ns() // 1_000_000, cause)
        self._board.post(Quarantined(shard, row))


def _tell_hang(process: Process, hang: Hang) -> None:
    figures = {"cpu_s": round(hang.cpu_s, 3), "wall_s": round(hang.wall_s, 3)}
    log().error("script_hung", **_about(process, hang.call), **figures, hint=_HINT)


def _about(process: Process, call: Call) -> dict[str, object]:
    return {"script": call.script, "hit": call.hit or None, "process": process.name, "pid": process.pid}
