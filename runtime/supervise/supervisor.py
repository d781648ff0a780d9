"""The supervisor: starts every process, restarts what dies, and stops all in order.

It owns the listening sockets and the sockets between each edge and its router, so that a process that is started again
gets the same ones: connections wait in the kernel's queue while an edge is away for some milliseconds.
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
from runtime.telemetry import log

STAGE_TIMEOUT_S = 20.0
"""A stage that has not ended by then is killed, so that stopping always ends."""


class AlivePipe:
    """A pipe whose reading end reports that the supervisor is gone."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()


class Supervisor:
    """Runs processes until a signal says stop."""

    def __init__(self, processes: Sequence[Process], alive: AlivePipe) -> None:
        self._processes = list(processes)
        self._alive = alive
        self._stop_signal = 0
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._wake_w.setblocking(False)

    def run(self) -> int:
        """Starts all processes and returns 0 after an orderly stop."""
        self._listen_for_signals()
        for process in self._processes:
            process.start(self._alive.writer)
        while not self._stop_signal:
            self._wait(self._next_due())
            self._reap(restart=True)
        self._stop_all()
        return 0

    def _listen_for_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_w.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGINT, self._ask_to_stop)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_signal = number

    def _next_due(self) -> float:
        """Seconds until a dead process is to be started again; a second where all live."""
        now = time.monotonic()
        waits = [max(0.0, process.due - now) for process in self._processes if not process.pid]
        return min(waits, default=1.0)

    def _wait(self, timeout: float) -> None:
        readable, _, _ = select.select([self._wake_r], [], [], timeout)
        if readable:
            self._wake_r.recv(4096)

    def _reap(self, *, restart: bool) -> None:
        for pid, status in _dead_children():
            process = next((p for p in self._processes if p.pid == pid), None)
            if process is not None:
                process.ended()
                if restart and not self._stop_signal:
                    log().warning("process_died", process=process.name, pid=pid, status=_describe(status))
        if restart and not self._stop_signal:
            self._start_due()

    def _start_due(self) -> None:
        now = time.monotonic()
        for process in self._processes:
            if not process.pid and process.due <= now:
                process.start(self._alive.writer)
                log().info("process_restarted", process=process.name, pid=process.pid, restarts=process.restarts)

    def _stop_all(self) -> None:
        log().info("stopping", signal=signal.Signals(self._stop_signal).name)
        for stage in sorted({process.stage for process in self._processes}):
            self._stop_stage([p for p in self._processes if p.stage == stage])
        log().info("stopped")

    def _stop_stage(self, processes: list[Process]) -> None:
        for process in processes:
            process.signal(self._stop_signal)
        deadline = time.monotonic() + STAGE_TIMEOUT_S
        while any(process.pid for process in processes) and time.monotonic() < deadline:
            self._wait(min(0.5, max(0.0, deadline - time.monotonic())))
            self._reap(restart=False)
        for process in processes:
            if process.pid:
                log().error("process_killed", process=process.name, pid=process.pid, after_s=STAGE_TIMEOUT_S)
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
