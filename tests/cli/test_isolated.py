"""How the process of a trial can end, and what its parent makes of it."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from runtime.cli.isolated import CallTimer, isolated
from runtime.cli.trial import Trial


def error_of(run: Any, **limits: Any) -> dict[str, str]:
    return dict(json.loads(isolated(run, **limits))["error"])


def spin(timer: CallTimer) -> Trial:
    timer.enter("", "")
    while True:
        pass


def test_what_the_child_gives_is_what_comes_back() -> None:
    def run(timer: CallTimer) -> Trial:
        timer.enter("", "")
        timer.leave()
        return Trial(result={"a": "x" * 1_000_000}, logs=["one"])

    assert json.loads(isolated(run)) == {
        "result": {"a": "x" * 1_000_000},
        "requests": [],
        "logs": ["one"],
        "error": None,
    }


def test_a_call_that_uses_cpu_time_without_end_is_a_fault_of_its_own() -> None:
    assert error_of(spin)["fault"] == "cpu"


def test_waiting_costs_a_call_nothing() -> None:
    def run(timer: CallTimer) -> Trial:
        timer.enter("", "")
        time.sleep(1)
        timer.leave()
        return Trial(result=1)

    assert json.loads(isolated(run))["result"] == 1


def test_a_child_that_waits_for_ever_is_ended() -> None:
    assert error_of(lambda timer: time.sleep(60), wall_s=0.2)["fault"] == "cpu"


@pytest.mark.parametrize(
    ("number", "fault", "word"),
    [
        (signal.SIGSEGV, "error", "SIGSEGV"),
        (signal.SIGABRT, "error", "SIGABRT"),
        (signal.SIGKILL, "memory", "killed"),
        (signal.SIGXCPU, "cpu", "operation"),
    ],
)
def test_a_child_that_dies_is_told_of_by_its_signal(number: int, fault: str, word: str) -> None:
    def die(timer: CallTimer) -> Trial:
        faulthandler.disable()  # In the child: its last words are not for this test's reader.
        os.kill(os.getpid(), number)
        raise AssertionError("still alive")

    error = error_of(die)
    assert error["fault"] == fault
    assert word in error["message"]


def test_a_child_that_just_ends_is_an_error() -> None:
    assert "exit code 7" in error_of(lambda timer: os._exit(7))["message"]


def test_memory_without_end_is_a_fault() -> None:
    def run(timer: CallTimer) -> Trial:
        held = []
        while True:
            held.append(bytearray(1 << 28))

    assert error_of(run)["fault"] == "memory"


def test_a_fault_of_ours_shows_no_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    def run(timer: CallTimer) -> Trial:
        raise KeyError("/a/path")

    error = error_of(run)
    assert error == {"fault": "error", "message": "the trial itself failed (KeyError); this is a fault of Firsthand"}
    assert capfd.readouterr() == ("", "")


def children() -> set[str]:
    """Returns this process's children, those that ended and nobody waited for among them."""
    return set(Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split())


def test_no_child_is_left_behind() -> None:
    before = children()
    for run in (spin, lambda timer: Trial()):
        isolated(run)
    assert children() <= before
