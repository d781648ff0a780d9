"""The disk fills up, or turns read-only, under a running server: 503 while it lasts, and it goes on by itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.conftest import Row
from tests.faults.disk_load import Ballast, DiskLoad, integrity, readiness
from tests.support.fake_meta import FakeMeta
from tests.support.server import Server, until
from tests.support.shop import SECRETS, Browser, write_container

HERE = Path(__file__).parent
DISK_MB = 64
BEFORE = 100
"""Hits before the fault: so few that no file has old pages to write over, and each next write needs room."""
DURING_S, AFTER_S = 3.0, 1.0
NEVER_FULL = {"FIRSTHAND_DISK_HIGH_PERCENT": "100", "FIRSTHAND_DISK_LOW_PERCENT": "100"}


@pytest.fixture
def meta() -> Iterator[FakeMeta]:
    with FakeMeta(token=SECRETS["FIRSTHAND_SECRET_META_TOKEN"]) as fake:
        yield fake


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False) if shutil.which("mount") else None
    if done is None or done.returncode:
        pytest.skip(f"a disk of its own cannot be mounted here (it takes root): {done.stderr.strip() if done else ''}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@dataclass
class Fault:
    """A disk that is taken away and given back."""

    what: str
    strike: Callable[[], None]
    """Called again and again while the fault lasts."""
    mend: Callable[[], None]


@dataclass
class Seen:
    """What came of it."""

    reasons: str
    recovered_s: float
    repeated: int


def live_through(fault: Fault, server: Server, meta: FakeMeta, row: Row) -> Seen:
    """Runs load before, during and after the fault, and checks all that holds for any such fault."""
    pids = server.pids()
    with DiskLoad(server.port) as load:
        with until("some hits are taken") as wait:
            while len(load.acknowledged) < BEFORE:
                wait()
        with until("hits are refused") as wait:
            while not load.statuses[503]:
                fault.strike()
                wait()
        ends, reasons = time.monotonic() + DURING_S, readiness(server)
        while time.monotonic() < ends:
            fault.strike()
            time.sleep(0.05)
        refused = load.statuses[503]
        fault.mend()
        mended, taken = time.monotonic(), len(load.acknowledged)
        with until("hits are taken again") as wait:
            while len(load.acknowledged) == taken or readiness(server)[0] != 200:
                wait()
        recovered_s = time.monotonic() - mended
        time.sleep(AFTER_S)
    taken_ids = set(load.acknowledged)
    meta.wait(lambda: len(taken_ids - set(meta.counts)) == 0, 60)
    assert server.pids() == pids, "a process was started anew"
    assert server.stop() == 0
    repeated = sum(count - 1 for event_id, count in meta.counts.items() if event_id in taken_ids)
    row(fault.what, f"{load}, 0 lost, {repeated} sent twice, took hits again after {recovered_s:.1f} s")
    assert set(load.statuses) == {200, 503}
    assert refused > 10
    assert load.without_retry_after == 0
    assert load.unanswered == 0
    assert set(integrity(server.data).values()) == {"ok"}
    assert len(integrity(server.data)) == 3
    assert reasons[0] == 503
    return Seen(reasons[1], recovered_s, repeated)


def test_the_disk_is_nearly_full(meta: FakeMeta, disk: Path, tmp_path: Path, row: Row) -> None:
    ballast = Ballast(disk)
    share = DISK_MB * 2**20 * 91 // 100

    def strike() -> None:
        found = os.statvfs(disk)
        missing = share - (found.f_blocks - found.f_bfree) * found.f_frsize
        ballast.take(max(0, missing))

    with Server(disk, write_container(tmp_path, meta.endpoint), env=SECRETS) as server:
        fault = Fault("disk: above the high watermark", strike, ballast.give_back)
        seen = live_through(fault, server, meta, row)
    assert "the disk is full" in seen.reasons
    told = server.log_file.read_text()
    assert "disk_full" in told
    assert "disk_has_room" in told
    assert "log_append_failed" not in told, "the disk was not watched closely enough"


def test_the_disk_is_full_to_the_last_byte(meta: FakeMeta, disk: Path, tmp_path: Path, row: Row) -> None:
    ballast = Ballast(disk)
    with Server(disk, write_container(tmp_path, meta.endpoint), env=SECRETS | NEVER_FULL) as server:
        fault = Fault("disk: full in the middle of commits", lambda: ballast.take(DISK_MB << 20), ballast.give_back)
        seen = live_through(fault, server, meta, row)
    assert "the log cannot be written" in seen.reasons
    told = server.log_file.read_text()
    for failed, recovered in (("log_append_failed", "log_append_recovered"), ("settle_failed", "settle_recovered")):
        assert failed in told
        assert recovered in told


def test_processes_that_start_on_a_full_disk_answer(meta: FakeMeta, disk: Path, tmp_path: Path, row: Row) -> None:
    ballast = Ballast(disk)
    with Server(disk, write_container(tmp_path, meta.endpoint), env=SECRETS | NEVER_FULL) as server:
        with Browser(server.port) as browser:
            assert all(browser.buy(f"before.{number}") for number in range(BEFORE))
        ballast.take(DISK_MB << 20)
        for pid in server.pids()[1:]:
            os.kill(pid, signal.SIGKILL)
        with until("the new processes say that they are not ready") as wait:
            while not says(server, 503):
                ballast.take(DISK_MB << 20)
                wait()
        with DiskLoad(server.port) as load:
            time.sleep(DURING_S)
        reasons = readiness(server)[1]
        ballast.give_back()
        mended = time.monotonic()
        with until("it is ready, without a hit to try") as wait:
            while not says(server, 200):
                wait()
        ready_s = time.monotonic() - mended
        with Browser(server.port) as browser:
            assert browser.buy("after")
        meta.wait_events(BEFORE + 1)
    row("disk: processes killed while it is full", f"{load} meanwhile, 0 lost, ready again after {ready_s:.1f} s")
    assert "the log cannot be written" in reasons
    assert set(load.statuses) == {503}
    assert load.without_retry_after == load.unanswered == 0
    assert set(integrity(server.data).values()) == {"ok"}


def says(server: Server, status: int) -> bool:
    try:
        return readiness(server)[0] == status
    except OSError:
        return False


def test_the_disk_turns_read_only(meta: FakeMeta, tmp_path: Path, row: Row) -> None:
    compiler = shutil.which("cc")
    assert compiler, "a C compiler is missing: `apt-get install gcc`"
    shim, switch, data = tmp_path / "readonly_shim.so", tmp_path / "readonly", (tmp_path / "data").resolve()
    source = str(HERE / "readonly_shim.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(shim), source, "-ldl"], check=True)
    env = {"LD_PRELOAD": str(shim), "READONLY_FOLDER": str(data), "READONLY_WHILE": str(switch)}
    with Server(data, write_container(tmp_path, meta.endpoint), env=SECRETS | env) as server:
        seen = live_through(Fault("disk: read-only, then not", switch.touch, switch.unlink), server, meta, row)
    assert "the log cannot be written" in seen.reasons
    told = server.log_file.read_text()
    assert "settle_failed" in told
    assert "settle_recovered" in told
