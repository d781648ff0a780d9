"""A supervisor with children that do nothing but live and die, for tests to run as a program of its own.

`python -m tests.supervise.family FOLDER NAME=MANNER…`; the stage of a child is its place in the list. Every event is a
line of FOLDER/diary: `start NAME PID TIME`, `told` (to stop) or `stop` likewise. Manners: `calm` waits for its stop,
`frail` ends at once, `stubborn` ignores it, `slow` takes a moment to stop, `patient` takes a minute unless
it is told to hurry.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

from runtime.supervise import supervisor
from runtime.supervise.process import Process
from runtime.supervise.serving import Stopping
from runtime.supervise.supervisor import AlivePipe, Supervisor
from runtime.telemetry import configure

SLOW_S = 0.2
PATIENT_S = 60.0


def write(folder: Path, line: str) -> None:
    """Adds one line to the diary, whole even where several processes write."""
    with (folder / "diary").open("a") as diary:
        diary.write(f"{line} {time.monotonic()}\n")


def child(folder: Path, name: str, manner: str, alive_fd: int) -> int:
    """Lives as its manner says."""
    if manner == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if manner == "frail":
        write(folder, f"start {name} {os.getpid()}")
        return 3
    asyncio.run(_live(folder, name, manner, alive_fd))
    write(folder, f"stop {name} {os.getpid()}")
    return 0


async def _live(folder: Path, name: str, manner: str, alive_fd: int) -> None:
    stopping = None if manner == "stubborn" else Stopping(alive_fd)
    write(folder, f"start {name} {os.getpid()}")  # from now on it hears signals
    if stopping is None:
        await asyncio.sleep(60)
        return
    await stopping.wait()
    write(folder, f"told {name} {os.getpid()}")
    await stopping.patience(PATIENT_S if manner == "patient" else SLOW_S if manner == "slow" else 0)


def main(folder: Path, members: list[str]) -> int:
    """Runs the family until it is told to stop."""
    configure("info", redact=dict, process="supervisor")
    if any("stubborn" in member for member in members):
        supervisor.PATIENCE_S = supervisor.GRACE_S = 1.0
    alive = AlivePipe()
    children = [member.split("=") for member in members]
    processes = [
        Process(name, partial(child, folder, name, manner, alive.reader), stage)
        for stage, (name, manner) in enumerate(children)
    ]
    return Supervisor(processes, alive).run()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
