"""Runs a trial in a child process, because what a script does to Lua itself cannot be ruled out: a table operation that
takes minutes, a crash. CPU time limits each call, so that a busy machine fails nothing; wall time is the last resort.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import time
from collections.abc import Callable
from typing import NoReturn, Protocol

from runtime.cli.trial import Trial
from runtime.errors import FirsthandError
from runtime.lua.sandbox import Limits

GRACE_S = 0.4
"""CPU seconds past the budget after which a call is taken to hang; single instructions on megabytes overrun by less."""
PROCESS_CPU_S = 10
WALL_S = 60.0
MEMORY_BYTES = 1 << 30
"""What the child may take on top of what it begins with; Lua's own share is a fortieth of it."""

_TOO_LONG = "one operation of the script took so long that its process was ended"


class Told(Protocol):
    """What a child hands to its parent."""

    def as_json(self) -> bytes:
        """Returns all of it as JSON."""


class CallTimer:
    """A watch that has the kernel end this process where a call uses far more than its budget of CPU time."""

    def enter(self, script: str, hit: str) -> None:
        """Starts the time of a call."""
        signal.setitimer(signal.ITIMER_PROF, Limits().cpu_s + GRACE_S)

    def leave(self) -> None:
        """Stops it."""
        signal.setitimer(signal.ITIMER_PROF, 0)


def isolated(run: Callable[[CallTimer], Told], wall_s: float = WALL_S, cpu_s: int = PROCESS_CPU_S) -> bytes:
    """Returns what `run` gives as JSON, or that of a Trial whose fault tells how its process ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _perform(run, writing, cpu_s)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = _read(pipe.fileno(), time.monotonic() + wall_s)
    if text is None:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if text is None:
        return _failed("cpu", _TOO_LONG)
    return text if status == 0 else _ended(os.waitstatus_to_exitcode(status))


def _perform(run: Callable[[CallTimer], Told], writing: int, cpu_s: int) -> NoReturn:
    """Is the child: nothing of the parent's may run in it afterwards, not even what waits for the process to end."""
    try:
        _limit(cpu_s)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(_outcome(run))
        os._exit(0)
    finally:
        os._exit(1)


def _limit(cpu_s: int) -> None:
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    held = _address_space()
    if held:
        resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY_BYTES, held + MEMORY_BYTES))


def _address_space() -> int:
    """Returns the bytes of address space that this process has; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _outcome(run: Callable[[CallTimer], Told]) -> bytes:
    try:
        return run(CallTimer()).as_json()
    except FirsthandError as error:
        return _failed("error", str(error))
    except MemoryError:
        return _failed("memory", "the trial needed more memory than it may have")
    except Exception as error:  # noqa: BLE001 - the parent must be told, and prints no traceback
        return _failed("error", f"the trial itself failed ({type(error).__name__}); this is a fault of Firsthand")


def _read(pipe: int, until: float) -> bytes | None:
    """Returns all that the child writes; None where it does not come to an end in time."""
    parts: list[bytes] = []
    while True:
        ready, _, _ = select.select([pipe], [], [], max(until - time.monotonic(), 0))
        if not ready:
            return None
        part = os.read(pipe, 1 << 16)
        if not part:
            return b"".join(parts)
        parts.append(part)


def _ended(code: int) -> bytes:
    """Returns the fault for a child that wrote nothing whole; a signal's code is negative."""
    if code in (-signal.SIGPROF, -signal.SIGXCPU):
        return _failed("cpu", _TOO_LONG)
    if code == -signal.SIGKILL:
        return _failed("memory", "the process of the script was killed, as happens where memory runs out")
    if code < 0:
        return _failed("error", f"the process of the script died ({signal.Signals(-code).name})")
    return _failed("error", f"the process of the script ended with exit code {code}")


def _failed(kind: str, message: str) -> bytes:
    trial = Trial()
    trial.fail(kind, message)
    return trial.as_json()
