"""Buyers that never pause, and whom to kill meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time

from tests.support.server import Server
from tests.support.shop import Browser

SENDERS = 4


class Load:
    """Buys from several connections, without pause unless told, and remembers which purchases were acknowledged."""

    def __init__(self, port: int, senders: int = SENDERS, pause_s: float = 0.0) -> None:
        self.acknowledged: list[str] = []
        self.sent: list[str] = []
        """All that was tried."""
        self.refused = 0
        self._port, self._pause_s = port, pause_s
        self._going = True
        self._threads = [threading.Thread(target=self._buy, args=(number,)) for number in range(senders)]

    def _buy(self, sender: int) -> None:
        with Browser(self._port) as browser:
            count = 0
            while self._going:
                count += 1
                event_id = f"{time.time_ns()}.{sender}.{count}"
                self.sent.append(event_id)
                if browser.buy(event_id):
                    self.acknowledged.append(event_id)
                else:
                    self.refused += 1
                    time.sleep(0.02)
                time.sleep(self._pause_s)

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        for thread in self._threads:
            thread.join()


def victims(server: Server, round_number: int) -> list[int]:
    """Returns whom to kill: one process after the other by rounds, and every fifth round all of them."""
    pids = server.pids()
    if round_number % 5 == 4:
        return pids
    turn = round_number // 5 * 4 + round_number % 5
    return [pids[turn % len(pids)]]


def kill(pids: list[int]) -> None:
    """Kills at once. Some may be gone already: a supervisor's children end when it does."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def restart_if_dead(server: Server) -> None:
    """Starts the server again where its supervisor was killed, as an operator's service manager would."""
    assert server.process is not None
    try:
        server.process.wait(0.3)
    except subprocess.TimeoutExpired:
        server.wait_ready()
        return
    while server.pids():
        time.sleep(0.02)
    server.start()
