"""One supervised process: forked, watched, told to stop, started again."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from runtime.supervise.names import name_process

FIRST_DELAY_S = 0.05
LONGEST_DELAY_S = 5.0
HEALTHY_AFTER_S = 5.0


@dataclass
class Process:
    """A child of the supervisor. `main` runs in the child; what it returns is the exit code."""

    name: str
    main: Callable[[], int]
    stage: int
    """Stop order: all processes of a stage have ended before the next stage is told to stop."""
    listener: socket.socket | None = None
    """The listening socket that it accepts from."""
    pid: int = 0
    started: float = 0.0
    restarts: int = 0
    delay: float = 0.0
    """Seconds to wait before the next start; grows while the process keeps dying young."""
    due: float = field(default=0.0)

    def start(self, alive_w: int, foreign: Sequence[socket.socket] = ()) -> None:
        """Forks. The child drops the supervisor's end of the alive pipe, so that it sees the supervisor die, and the
        listening sockets of other processes, so that those are closed once nobody accepts from them."""
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            self.pid, self.started = pid, time.monotonic()
            return
        os._exit(self._run_in_child(alive_w, foreign))

    def _run_in_child(self, alive_w: int, foreign: Sequence[socket.socket]) -> int:
        os.close(alive_w)
        for sock in foreign:
            sock.close()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        name_process(self.name)
        try:
            return self.main()
        except BaseException:  # noqa: BLE001 - the child's last frame: whatever it was, it is told and the exit code says so
            traceback.print_exc()
            return 1
        finally:
            sys.stdout.flush()
            sys.stderr.flush()

    def ended(self, *, at_once: bool = False) -> None:
        """Notes a death and when to start again. `at_once`: its cause is removed, so there is nothing to wait for."""
        lived = time.monotonic() - self.started
        self.pid = 0
        self.restarts += 1
        if at_once:
            self.delay, self.due = 0.0, time.monotonic()
            return
        young = lived < HEALTHY_AFTER_S
        self.delay = min(LONGEST_DELAY_S, max(FIRST_DELAY_S, self.delay * 2)) if young else FIRST_DELAY_S
        self.due = time.monotonic() + self.delay

    def signal(self, number: int) -> None:
        """Sends a signal if the process lives."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
