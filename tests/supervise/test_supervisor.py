"""The supervisor in a process of its own, with real children: restarts, order of stopping, and its own death."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.server import until


class Entry(NamedTuple):
    """One line of the diary."""

    what: str
    name: str
    pid: int
    at: float


class Family:
    """A running supervisor and its children."""

    def __init__(self, folder: Path, *members: str) -> None:
        self.folder = folder
        self._errors = (folder / "log").open("wb")
        command = [sys.executable, "-m", "tests.supervise.family", str(folder), *members]
        self.process = subprocess.Popen(command, stderr=self._errors, start_new_session=True)

    def diary(self, what: str, name: str = "") -> list[Entry]:
        """Returns the entries of a kind so far."""
        path = self.folder / "diary"
        lines = path.read_text().splitlines() if path.exists() else []
        entries = [Entry(what, name, int(pid), float(at)) for what, name, pid, at in map(str.split, lines)]
        return [entry for entry in entries if entry.what == what and name in ("", entry.name)]

    def wait_for(self, what: str, times: int, name: str = "") -> list[Entry]:
        """Waits until so many entries are there."""
        with until(f"{times} × {what} {name}") as wait:
            while len(found := self.diary(what, name)) < times:
                wait()
        return found

    def logged(self, event: str) -> list[dict[str, object]]:
        """Returns the log lines of an event."""
        lines = map(json.loads, (self.folder / "log").read_text().splitlines())
        return [line for line in lines if line["event"] == event]

    def stop(self) -> int:
        """SIGTERM for the supervisor alone, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def close(self) -> None:
        """Leaves nothing behind."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self._errors.close()


@pytest.fixture
def families(tmp_path: Path) -> Iterator[list[Family]]:
    running: list[Family] = []
    yield running
    for family in running:
        family.close()


def start(families: list[Family], folder: Path, *members: str) -> Family:
    family = Family(folder, *members)
    families.append(family)
    return family


def gone(pid: int) -> bool:
    """Tells whether a process is no more, or only its exit code is left."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_killed_child_is_started_again_and_the_others_stay(families: list[Family], tmp_path: Path) -> None:
    family = start(families, tmp_path, "edge=calm", "router=calm")
    family.wait_for("start", 2)
    (victim,) = family.diary("start", "edge")
    os.kill(victim.pid, signal.SIGKILL)
    first, second = family.wait_for("start", 2, "edge")
    assert first.pid != second.pid
    assert len(family.diary("start", "router")) == 1
    assert family.stop() == 0
    (died,) = family.logged("process_died")
    assert (died["process"], died["status"], died["level"]) == ("edge", "SIGKILL", "warning")
    (restarted,) = family.logged("process_restarted")
    assert (restarted["process"], restarted["restarts"], restarted["pid"]) == ("edge", 1, second.pid)


def test_children_bear_their_names(families: list[Family], tmp_path: Path) -> None:
    family = start(families, tmp_path, "edge-0=calm")
    (child,) = family.wait_for("start", 1)
    assert Path(f"/proc/{child.pid}/comm").read_text() == "edge-0\n"
    assert family.stop() == 0


def test_a_child_that_keeps_dying_is_started_ever_later(families: list[Family], tmp_path: Path) -> None:
    family = start(families, tmp_path, "router=frail", "admin=calm")
    starts = family.wait_for("start", 5, "router")
    gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(starts)]
    # The delay doubles from 0.05 s; a gap is at least the delay, however slow the machine is.
    assert all(gap >= 0.05 * 2**place for place, gap in enumerate(gaps)), gaps
    assert family.stop() == 0
    assert {line["status"] for line in family.logged("process_died")} == {"exit code 3"}


def test_stages_stop_one_after_the_other(families: list[Family], tmp_path: Path) -> None:
    family = start(families, tmp_path, "edge=slow", "router=slow", "admin=calm")
    family.wait_for("start", 3)
    assert family.stop() == 0
    stops = family.diary("stop")
    assert [entry.name for entry in stops] == ["edge", "router", "admin"]
    assert stops[1].at - stops[0].at >= 0.2
    assert len(family.logged("process_died")) == 0
    assert [line["signal"] for line in family.logged("stopping")] == ["SIGTERM"]


def test_a_child_that_does_not_stop_is_killed_and_the_next_stage_still_stops(
    families: list[Family], tmp_path: Path
) -> None:
    family = start(families, tmp_path, "edge=stubborn", "router=calm")
    family.wait_for("start", 2)
    (stubborn,) = family.diary("start", "edge")
    assert family.stop() == 0
    assert [entry.name for entry in family.diary("stop")] == ["router"]
    assert [line["process"] for line in family.logged("process_killed")] == ["edge"]
    with until("the child that was killed is gone") as wait:
        while not gone(stubborn.pid):
            wait()


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_hurries_all_at_once(families: list[Family], tmp_path: Path, second: signal.Signals) -> None:
    family = start(families, tmp_path, "edge=patient", "router=patient", "admin=calm")
    family.wait_for("start", 3)
    family.process.send_signal(signal.SIGTERM)
    family.wait_for("told", 1)
    assert [entry.name for entry in family.diary("told")] == ["edge"]
    family.process.send_signal(second)
    assert family.process.wait(20) == 0
    assert {entry.name for entry in family.diary("stop")} == {"edge", "router", "admin"}
    assert family.logged("process_killed") == []


def test_an_interrupt_hurries_at_once(families: list[Family], tmp_path: Path) -> None:
    family = start(families, tmp_path, "edge=patient", "router=patient")
    family.wait_for("start", 2)
    family.process.send_signal(signal.SIGINT)
    assert family.process.wait(20) == 0
    assert {entry.name for entry in family.diary("stop")} == {"edge", "router"}


def test_a_dead_child_does_not_keep_the_supervisor_from_stopping(families: list[Family], tmp_path: Path) -> None:
    family = start(families, tmp_path, "router=frail")
    family.wait_for("start", 4)
    assert family.stop() == 0


def test_children_stop_when_the_supervisor_is_killed(families: list[Family], tmp_path: Path) -> None:
    family = start(families, tmp_path, "edge=calm", "router=slow", "admin=calm")
    children = family.wait_for("start", 3)
    os.kill(family.process.pid, signal.SIGKILL)
    assert family.process.wait(10) == -signal.SIGKILL
    assert {entry.name for entry in family.wait_for("stop", 3)} == {"edge", "router", "admin"}
    with until("no child is left") as wait:
        while not all(gone(child.pid) for child in children):
            wait()
