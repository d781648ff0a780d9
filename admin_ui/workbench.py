"""The process that runs scripts while they are written: started when first asked, kept warm, ended when it hangs.

One process answers one question at a time. Who asks has one question at a time too, and one that waits behind it, so
that nobody's typing takes the place of everybody else.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Condition, Lock
from typing import Any

import orjson

from admin_ui.refusals import Refused

PROCESSES = 2
WAIT_S = 20.0
"""For a process that is free; the longest job of another has half of it."""
WALL_S = 75.0
"""The process ends each job sooner by itself."""
_COMMAND = (sys.executable, "-m", "runtime.cli.workbench")

Answer = dict[str, Any]


class _Gone(Exception):
    """The process ended, or did not answer."""


class _Process:
    def __init__(self, data_dir: Path) -> None:
        given = os.environ | {"FIRSTHAND_DATA_DIR": str(data_dir.resolve())}
        self._running = subprocess.Popen(  # noqa: S603 - our own program, without a shell
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=given, cwd=_root()
        )
        self.end = weakref.finalize(self, _end, self._running)

    @property
    def runs(self) -> bool:
        """Whether it is still there: it ends itself where it has nothing to do for long."""
        return self._running.poll() is None

    def ask(self, line: bytes, within_s: float) -> Answer:
        """Returns the answer to one line; raises _Gone."""
        assert self._running.stdin is not None
        try:
            self._running.stdin.write(line)
            self._running.stdin.flush()
        except OSError:
            raise _Gone from None
        answer: Answer = orjson.loads(self._line(time.monotonic() + within_s))
        return answer

    def _line(self, until: float) -> bytes:
        assert self._running.stdout is not None
        pipe, line = self._running.stdout.fileno(), bytearray()
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([pipe], [], [], max(until - time.monotonic(), 0))
            part = os.read(pipe, 1 << 16) if ready else b""
            if not part:
                raise _Gone
            line += part
        return bytes(line)


class Workbench:
    """Answers questions about templates that are being written; for all threads of the admin process."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._lock, self._slots = Lock(), BoundedSemaphore(PROCESSES)
        self._free: list[_Process] = []
        self._asking: set[str] = set()
        self._waiting: set[str] = set()
        self._done = Condition(self._lock)

    def warm(self) -> None:
        """Starts a process where none is ready, so that the first question need not wait for that."""
        with self._lock:
            if not self._free and not self._asking:
                self._free.append(_Process(self._data_dir))

    def ask(self, job: Mapping[str, Any], who: str) -> Answer:
        """Returns the answer to a job, as `runtime.explain.workbench` makes it, or `error` where its process came to an
        end. Refused where `who` has another question open, or all processes stay busy."""
        line = orjson.dumps(job) + b"\n"
        with self._turn(who), self._process() as process:
            try:
                return process.ask(line, WALL_S)
            except _Gone:
                process.end()
        return {"error": {"fault": "error", "message": "the process that ran the script ended without an answer"}}

    @contextmanager
    def _turn(self, who: str) -> Iterator[None]:
        with self._lock:
            if who in self._waiting or not self._wait(who):
                raise Refused(429, "Other runs of yours are still under way.", "Wait for them to end.")
            self._asking.add(who)
        try:
            yield
        finally:
            with self._lock:
                self._asking.discard(who)
                self._done.notify_all()

    def _wait(self, who: str) -> bool:
        self._waiting.add(who)
        try:
            return self._done.wait_for(lambda: who not in self._asking, WAIT_S)
        finally:
            self._waiting.discard(who)

    @contextmanager
    def _process(self) -> Iterator[_Process]:
        if not self._slots.acquire(timeout=WAIT_S):
            raise Refused(503, "Others run scripts just now.", "Try again in a moment.")
        try:
            process = self._take()
            yield process
            if process.runs:
                with self._lock:
                    self._free.append(process)
        finally:
            self._slots.release()

    def _take(self) -> _Process:
        with self._lock:
            self._free = [process for process in self._free if process.runs]
            return self._free.pop() if self._free else _Process(self._data_dir)


def _end(running: subprocess.Popen[bytes]) -> None:
    running.kill()
    running.wait()
    for pipe in (running.stdin, running.stdout):
        if pipe is not None:
            pipe.close()


def _root() -> Path:
    """Returns a folder from which `runtime` can be imported, whatever the current one is."""
    return Path(__file__).resolve().parent.parent
