"""The supervisor: starts every process, restarts what dies, and stops all in order.

It owns the listening sockets and the sockets between each edge and its router, so that a process that is started again
gets the same ones: connections wait in the kernel's queue while an edge is away for some milliseconds. Between two
looks at its children it lets the watchdog look at what they are doing.
SIGTERM stops all in order, each with time to finish. SIGINT, or a second signal of either kind, hurries: all at once.
If the supervisor itself dies, each process sees the alive pipe end and stops; none is left behind.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from types import FrameType

from runtime.supervise.process import Process
from runtime.supervise.watchdog import LOOK_S, Watchdog
from runtime.telemetry import log

PATIENCE_S = 20.0
"""Whoever has not ended so long after the first signal is told to hurry, as a second signal would."""
GRACE_S = 4.0
"""Whoever has not ended so long after being told to hurry is killed, so that stopping always ends."""


class AlivePipe:
    """A pipe whose reading end reports that the supervisor is gone."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()


class Supervisor:
    """Runs processes until a signal says stop."""

    def __init__(
        self,
        processes: Sequence[Process],
        alive: AlivePipe,
        watchdog: Watchdog | None = None,
        listeners: Sequence[socket.socket] = (),
    ) -> None:
        """`watchdog` looks after those that run scripts. `listeners` are closed as soon as nobody is started any more,
        and each process holds its own alone: once those are closed, a connection is refused, and none is left waiting
        for somebody who would accept it."""
        self._processes = list(processes)
        self._alive = alive
        self._watchdog = watchdog
        self._listeners = listeners
        self._stop_signal = 0
        self._hurried = False
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._wake_w.setblocking(False)

    def run(self) -> int:
        """Starts all processes and returns 0 after an orderly stop."""
        self._listen_for_signals()
        for process in self._processes:
            self._start(process)
        while not self._stop_signal:
            self._wait(self._next_due())
            self._reap(restart=True)
        self._stop_all()
        return 0

    def _start(self, process: Process) -> None:
        process.start(self._alive.writer, [each for each in self._listeners if each is not process.listener])

    def _listen_for_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_w.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGINT, self._ask_to_stop)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._hurried = bool(self._stop_signal) or number == signal.SIGINT
        self._stop_signal = number

    def _next_due(self) -> float:
        """Seconds until a dead process is to be started again; a second where all live."""
        now = time.monotonic()
        waits = [max(0.0, process.due - now) for process in self._processes if not process.pid]
        return min(waits, default=1.0)

    def _wait(self, timeout: float) -> None:
        """Waits for a signal; with a watchdog, until its next look at most."""
        longest = timeout if self._watchdog is None else min(timeout, LOOK_S)
        readable, _, _ = select.select([self._wake_r], [], [], longest)
        if readable:
            self._wake_r.recv(4096)
        if self._watchdog is not None:
            self._watchdog.look(self._processes)

    def _reap(self, *, restart: bool) -> None:
        for pid, status in _dead_children():
            process = next((p for p in self._processes if p.pid == pid), None)
            if process is not None:
                at_once = self._watchdog is not None and self._watchdog.ended(process, status)
                process.ended(at_once=at_once)
                if restart and not self._stop_signal:
                    log().warning("process_died", process=process.name, pid=pid, status=_describe(status))
        if restart and not self._stop_signal:
            self._start_due()

    def _start_due(self) -> None:
        now = time.monotonic()
        for process in self._processes:
            if not process.pid and process.due <= now:
                self._start(process)
                log().info("process_restarted", process=process.name, pid=process.pid, restarts=process.restarts)

    def _stop_all(self) -> None:
        log().info("stopping", signal=signal.Signals(self._stop_signal).name)
        for listener in self._listeners:
            listener.close()
        deadline = time.monotonic() + PATIENCE_S
        for stage in sorted({process.stage for process in self._processes}):
            self._stop(signal.SIGTERM, [p for p in self._processes if p.stage == stage], deadline)
        self._hurry()
        log().info("stopped")

    def _stop(self, number: int, processes: list[Process], deadline: float) -> None:
        """Tells them to stop and waits until they have. Gives up at the deadline, or when those that were given time
        are to hurry."""
        if self._out_of_time(number, deadline):
            return
        for process in processes:
            process.signal(number)
        while any(process.pid for process in processes) and not self._out_of_time(number, deadline):
            self._wait(min(0.5, max(0.0, deadline - time.monotonic())))
            self._reap(restart=False)

    def _out_of_time(self, number: int, deadline: float) -> bool:
        return time.monotonic() >= deadline or (self._hurried and number != signal.SIGINT)

    def _hurry(self) -> None:
        """Whoever still runs is told to hurry, then killed."""
        left = [process for process in self._processes if process.pid]
        if left:
            log().info("stopping_now", processes=[process.name for process in left])
        self._stop(signal.SIGINT, left, time.monotonic() + GRACE_S)
        for process in left:
            if process.pid:
                log().error("process_killed", process=process.name, pid=process.pid, after_s=GRACE_S)
                process.signal(signal.SIGKILL)


def _dead_children() -> Iterator[tuple[int, int]]:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status


def _describe(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
