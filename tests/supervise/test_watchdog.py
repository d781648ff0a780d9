"""Who is stuck and who is not, and what the watchdog does about it."""

from __future__ import annotations

import faulthandler
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.supervise import clocks
from runtime.supervise.process import Process
from runtime.supervise.quarantine import Board
from runtime.supervise.watch import Marker
from runtime.supervise.watchdog import LOOK_S, Lookout, Patience, Watchdog
from tests.support.server import until

PATIENCE = Patience(cpu_s=0.6, slept_s=10.0)


class Fake:
    """A process as the lookout sees it: its clocks stand in the test's hands."""

    def __init__(self) -> None:
        self.now = self.cpu = 100.0
        self.asleep = False
        self.marker = Marker()
        self.lookout = Lookout(self.marker, PATIENCE, cpu_s=lambda _: self.cpu, sleeps=lambda _: self.asleep)

    def stuck(self, *, wall_s: float, cpu_s: float = 0.0, looks: int = 1) -> bool:
        """Lets time pass, in so many looks, and tells whether a hang is seen in any."""
        found = []
        for _ in range(looks):
            self.now += wall_s / looks
            self.cpu += cpu_s / looks
            found.append(self.lookout.look(1, self.now))
        return any(found)


@pytest.fixture
def fake() -> Fake:
    return Fake()


def test_a_call_that_uses_too_much_cpu_is_stuck(fake: Fake) -> None:
    fake.marker.enter("destination/a@1", "0.7")
    assert not fake.stuck(wall_s=0.1)
    assert not fake.stuck(wall_s=0.59, cpu_s=0.59, looks=5)
    hang = fake.lookout.look(1, fake.now)
    assert hang is None
    fake.cpu += 0.02
    hang = fake.lookout.look(1, fake.now + 0.1)
    assert hang is not None
    assert (hang.call.script, hang.call.hit) == ("destination/a@1", "0.7")
    assert hang.cpu_s == pytest.approx(0.61)
    assert hang.wall_s == pytest.approx(0.69)


def test_many_short_calls_are_not_one_long_one(fake: Fake) -> None:
    for _ in range(100):
        fake.marker.enter("destination/a@1", "0.7")
        assert not fake.stuck(wall_s=0.1, cpu_s=0.1)
        fake.marker.leave()


def test_cpu_that_is_used_outside_of_scripts_is_nobodys_fault(fake: Fake) -> None:
    fake.marker.enter("destination/a@1", "0.7")
    assert not fake.stuck(wall_s=0.1)
    fake.marker.leave()
    assert not fake.stuck(wall_s=60, cpu_s=60, looks=600)


def test_a_process_that_gets_no_cpu_is_not_to_blame(fake: Fake) -> None:
    fake.marker.enter("destination/a@1", "0.7")
    assert not fake.stuck(wall_s=600, cpu_s=0.5, looks=6000)


def test_a_call_that_only_sleeps_is_a_deadlock(fake: Fake) -> None:
    fake.asleep = True
    fake.marker.enter("client/a@1", "0.7")
    assert not fake.stuck(wall_s=9.9, looks=99)
    assert fake.stuck(wall_s=0.3, looks=3)


def test_while_the_supervisor_itself_was_stopped_nobody_slept_too_long(fake: Fake) -> None:
    fake.asleep = True
    fake.marker.enter("client/a@1", "0.7")
    assert not fake.stuck(wall_s=0.1)
    assert not fake.stuck(wall_s=3600, looks=1)


def test_a_process_whose_clock_cannot_be_read_is_judged_by_its_sleep() -> None:
    lookout = Lookout(marker := Marker(), PATIENCE, cpu_s=lambda _: None, sleeps=lambda _: True)
    marker.enter("client/a@1", "0.7")
    looks = [lookout.look(1, place * LOOK_S) for place in range(110)]
    assert looks[50] is None
    assert looks[-1] is not None


def spin() -> int:
    """Holds the interpreter's lock in native code."""
    re.match(r"(a+)+$", "a" * 64 + "b")
    return 0


def wait() -> int:
    """Does nothing for a long time."""
    time.sleep(3600)
    return 0


class Ward:
    """One real process under a watchdog."""

    def __init__(self, patience: Patience) -> None:
        self.board = Board()
        self.watchdog = Watchdog(self.board, patience)
        self.marker = self.watchdog.marker("router-3", 3)
        self.process = Process("router-3", lambda: 0, 0)
        self._alive = os.pipe()

    def start(self, work: Callable[[], int], *, script: str = "destination/a@1", hit: str = "3.7") -> None:
        """Starts work, inside a script if it has a name."""

        def main() -> int:
            faulthandler.disable()  # A crash is what some of them are for.
            if script:
                self.marker.enter(script, hit)
            return work()

        self.process.main = main
        self.process.start(self._alive[1])

    def reap(self) -> bool:
        """Looks until the process is gone, and returns whether a script is to blame."""
        with until("the process is gone") as waiting:
            while (found := os.waitpid(self.process.pid, os.WNOHANG))[0] == 0:
                self.watchdog.look([self.process])
                waiting()
        blamed = self.watchdog.ended(self.process, found[1])
        self.process.ended(at_once=blamed)
        return blamed

    def close(self) -> None:
        """Leaves no process behind."""
        if self.process.pid:
            os.kill(self.process.pid, signal.SIGKILL)
            os.waitpid(self.process.pid, 0)
        for end in self._alive:
            os.close(end)


@pytest.fixture
def ward() -> Iterator[Ward]:
    made = Ward(Patience(cpu_s=0.2, slept_s=0.5))
    yield made
    made.close()


@pytest.mark.parametrize("work", [spin, wait])
def test_a_stuck_process_is_killed_and_its_script_put_up(ward: Ward, work: Callable[[], int]) -> None:
    ward.start(work)
    assert ward.reap()
    (entry,) = ward.board.entries()
    assert (entry.shard, entry.row.script, entry.row.hit, entry.row.cause) == (3, "destination/a@1", "3.7", "hung")
    assert ward.marker.call() is None
    assert ward.process.delay == 0
    assert ward.process.due <= time.monotonic()


def test_the_restart_after_a_hang_is_at_once_however_often_it_died_before(ward: Ward) -> None:
    ward.process.delay = 4.0
    ward.start(spin)
    ward.reap()
    assert ward.process.due <= time.monotonic()


def test_a_process_that_idles_outside_of_scripts_lives(ward: Ward) -> None:
    ward.start(wait, script="")
    for _ in range(20):
        ward.watchdog.look([ward.process])
        time.sleep(0.05)
    assert os.waitpid(ward.process.pid, os.WNOHANG) == (0, 0)


def test_a_stopped_process_is_not_blamed(ward: Ward) -> None:
    ward.start(spin)
    os.kill(ward.process.pid, signal.SIGSTOP)
    with until("it is stopped") as waiting:
        while "T (stopped)" not in Path(f"/proc/{ward.process.pid}/status").read_text():
            waiting()
    assert not clocks.sleeps(ward.process.pid)
    for _ in range(20):
        ward.watchdog.look([ward.process])
        time.sleep(0.05)
    assert os.waitpid(ward.process.pid, os.WNOHANG) == (0, 0)
    assert ward.board.entries() == []


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL])
def test_a_crash_inside_a_script_puts_it_up(ward: Ward, number: int) -> None:
    def crash() -> int:
        os.kill(os.getpid(), number)
        return 0

    ward.start(crash)
    assert ward.reap()
    (entry,) = ward.board.entries()
    assert (entry.row.script, entry.row.cause) == ("destination/a@1", "crashed")


def test_a_crash_outside_of_scripts_and_an_operators_kill_put_nothing_up(ward: Ward) -> None:
    def crash() -> int:
        os.kill(os.getpid(), signal.SIGSEGV)
        return 0

    ward.start(crash, script="")
    assert not ward.reap()
    for number in (signal.SIGKILL, signal.SIGTERM):
        ward.start(lambda: wait())
        with until("it is inside") as waiting:
            while not ward.marker.number:
                waiting()
        os.kill(ward.process.pid, number)
        assert not ward.reap()
        assert ward.marker.call() is None
    ward.start(lambda: 1)
    assert not ward.reap()
    assert ward.board.entries() == []


def test_the_clocks_of_another_process() -> None:
    assert clocks.cpu_s(2**22 + 1) is None
    pid = os.fork()
    if pid == 0:
        spin()
    try:
        with until("CPU time is used") as waiting:
            while (clocks.cpu_s(pid) or 0.0) < 0.05:
                waiting()
        assert not clocks.sleeps(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
