"""Power fails at any moment of a recorded run: what was promised by then is there when the files are opened again.

The run is one of the real writer on real files; a preloaded library records each call to the disk. From that record
the folder is rebuilt as it may look after a power failure (disk_model.py says what may be lost), and opened by the
code that the server opens it with.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest

from runtime.log.sqlite import SqliteLog
from runtime.store.delivery import DeliveryStore
from tests.faults.conftest import Row
from tests.faults.disk_model import FOLDER, MARK, SYNC, DiskModel, Event, Files, Loss, read_events
from tests.log.samples import SAMPLE

HERE = Path(__file__).parent
SEED = 20261124
SHIPPED_PAGES = 1000
"""SQLite checkpoints when its write-ahead log has so many pages."""


@dataclass
class Promised:
    """What holds at a moment of the run, by its marks."""

    acknowledged: dict[int, str] = field(default_factory=dict)
    """Number of a hit to its query."""
    trimmed: int = 0
    """Hits and rows up to here may be gone."""

    def follow(self, event: Event) -> None:
        word, *values = msgspec.json.decode(event.data)
        if word == "ack":
            self.acknowledged[values[0]] = values[1]
        elif word in ("trim", "prune"):
            self.trimmed = max(self.trimmed, values[0])

    @property
    def to_be_there(self) -> dict[int, str]:
        return {seq: query for seq, query in self.acknowledged.items() if seq > self.trimmed}


ROWS = {
    "dead": "SELECT seq FROM dead ORDER BY seq",
    "event": "SELECT seq FROM event ORDER BY seq",
    "attempt": "SELECT first_seq FROM attempt ORDER BY first_seq",
}

Check = Callable[[Path, Promised], str]
"""Opens a rebuilt folder and returns what is wrong with it, "" for nothing."""


@dataclass
class Tally:
    """What came of all the cases of a run."""

    boundaries: int = 0
    cases: int = 0
    promised: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        hits = f"{self.promised} hits acknowledged, " if self.promised else ""
        return f"{hits}{self.boundaries} moments, {self.cases} folders rebuilt, {len(self.wrong)} wrong"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    assert compiler, "a C compiler is missing: `apt-get install gcc`"
    built = tmp_path_factory.mktemp("shim") / "record_shim.so"
    source = str(HERE / "record_shim.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(built), source, "-ldl"], check=True)
    return built


@pytest.fixture
def rebuilt() -> Iterator[Path]:
    """A folder for the rebuilt files, in memory where there is such a place: what is checked here is not the disk."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@dataclass(frozen=True)
class Recorder:
    """Runs power_child.py on one folder, as often as is wanted, into one record."""

    library: Path
    base: Path
    which: str
    pages: int = SHIPPED_PAGES

    def run(self, first: int, last: int, ending: str = "close") -> None:
        folder = (self.base / "data").resolve()
        folder.mkdir(exist_ok=True)
        values = [str(each) for each in (self.shim, folder, self.which, first, last, self.pages, ending)]
        recording = {"LD_PRELOAD": str(self.shim), "RECORD_FOLDER": str(folder), "RECORD_TO": str(self.record)}
        command = [sys.executable, "-m", "tests.faults.power_child", *values]
        subprocess.run(command, env=os.environ | recording, check=True, timeout=120)

    @property
    def record(self) -> Path:
        return self.base / "record"

    def events(self) -> list[Event]:
        return list(read_events(self.record))


def try_all(
    events: list[Event], folder: Path, check: Check, *, wanted: Callable[[int], bool] = lambda _: True
) -> Tally:
    """Loses power after each event whose place is `wanted`, in every way that the model offers."""
    disk, promised, tally, chance = DiskModel(), Promised(), Tally(), random.Random(SEED)
    seen: set[tuple[int, Loss]] = set()
    for place, event in enumerate(events):
        if event.kind == MARK:
            promised.follow(event)
            seen.clear()  # the same folder, but more is promised of it
        else:
            disk.follow(event)
        if not wanted(place):
            continue
        tally.boundaries += 1
        for loss in disk.losses(chance):
            if (disk.age, loss) in seen:
                continue
            seen.add((disk.age, loss))
            tally.cases += 1
            fill(folder, disk.after(loss))
            if wrong := checked(check, folder, promised):
                tally.wrong.append(f"after event {place} ({event.kind} {event.name}), {loss}: {wrong}")
    tally.promised = len(promised.acknowledged)
    return tally


def checked(check: Check, folder: Path, promised: Promised) -> str:
    try:
        return check(folder, promised)
    except Exception as error:  # noqa: BLE001 - whatever it is, the server could not start
        return f"it cannot be used: {error!r}"


def fill(folder: Path, files: Files) -> None:
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def integrity(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("PRAGMA integrity_check").fetchone()[0]
    return "" if found == "ok" else f"integrity: {found}"


def look(path: Path) -> tuple[dict[int, str], int]:
    """Opens the log as an edge does; returns number and query of each hit, and the number of one that comes now."""
    with closing(SqliteLog(path, 0)) as log:
        hits = log.read(0, limit=1 << 30, max_bytes=1 << 30)
        return {each.seq: each.hit.query.decode() for each in hits}, log.append([SAMPLE])


def log_check(batches: dict[int, int]) -> Check:
    """`batches` gives the last hit of the transaction that each hit is of."""

    def check(folder: Path, promised: Promised) -> str:
        there, following = look(folder / "log-0.db")
        missing = promised.to_be_there.items() - there.items()
        last = max(there, default=0)
        if missing:
            return f"acknowledged and lost: {sorted(missing)}"
        if following <= max(promised.acknowledged, default=0):
            return f"number {following} is given twice"
        if batches.get(last, last) != last:
            return f"a transaction is there in part: it ends at {batches[last]}, the log at {last}"
        return integrity(folder / "log-0.db")

    return check


def batches_of(events: list[Event]) -> dict[int, int]:
    marks = [msgspec.json.decode(event.data) for event in events if event.kind == MARK]
    ends = sorted(values[0] for word, *values in marks if word == "commit")
    return {seq: end for start, end in zip([0, *ends], ends, strict=False) for seq in range(start + 1, end + 1)}


def delivery_check(folder: Path, promised: Promised) -> str:
    """Each settlement moved the cursor to a hit and wrote its dead letter, summary and attempt."""
    path = folder / "delivery-0.db"
    with closing(DeliveryStore(path)) as store, closing(sqlite3.connect(path)) as db:
        cursors = store.cursors()
        rows = {table: [seq for (seq,) in db.execute(query)] for table, query in ROWS.items()}
    upto = cursors.get("meta", 0)
    if cursors.get("", 0) != upto:
        return f"cursors of one settlement differ: {cursors}"
    for table, found in rows.items():
        oldest = found[0] if found else 1
        if found != list(range(oldest, upto + 1)) or oldest > promised.trimmed + 1:
            return f"the cursor is at {upto}, the rows of {table} are {found}"
    return integrity(path)


def shard_check(folder: Path, promised: Promised) -> str:
    """Every hit is in the log or parked: each settlement of this run parks the hit that its cursor passes."""
    with closing(SqliteLog(folder / "log-0.db", 0)) as log, closing(DeliveryStore(folder / "delivery-0.db")) as store:
        kept = {each.seq for each in log.read(0)} | {row.seq for row in store.due("meta", 1 << 40, 1 << 30)}
    lost = promised.acknowledged.keys() - kept
    return f"neither in the log nor parked: {sorted(lost)}" if lost else ""


def syncs(events: list[Event], name: str) -> int:
    return sum(event.kind == SYNC and event.name == name for event in events)


def without_syncs(events: list[Event], name: str) -> list[Event]:
    return [event for event in events if not (event.kind == SYNC and event.name == name)]


def restarted_twice(recorder: Recorder, first: int, second: int, last: int) -> list[Event]:
    """Records a start on an empty folder, a process that is killed (what it wrote stays in the write-ahead log, and the
    next one goes on with it), and one that is stopped."""
    recorder.run(0, first)
    recorder.run(first, second, "kill")
    recorder.run(second, last)
    return recorder.events()


def test_power_loss_at_every_write_of_the_log(library: Path, tmp_path: Path, rebuilt: Path, row: Row) -> None:
    events = restarted_twice(Recorder(library, tmp_path, "log", pages=40), 14, 26, 34)
    tally = try_all(events, rebuilt, log_check(batches_of(events)))
    row("power loss: log, every write of a run", str(tally))
    assert not tally.wrong, tally.wrong[:5]
    assert tally.cases > 5000
    assert tally.promised > 50
    assert syncs(events, "log-0.db") > 5, "there were hardly any checkpoints"


@pytest.mark.parametrize("name", ["log-0.db", "log-0.db-wal", FOLDER])
def test_a_sync_left_out_would_be_noticed(name: str, library: Path, tmp_path: Path, rebuilt: Path, row: Row) -> None:
    recorder = Recorder(library, tmp_path, "log", pages=40)
    recorder.run(0, 14)
    events = without_syncs(recorder.events(), name)
    tally = try_all(events, rebuilt, log_check(batches_of(events)), wanted=lambda place: place % 9 == 0)
    row(f"power loss: counter-check, {'folder' if name == FOLDER else name} never synced", str(tally))
    assert any("acknowledged and lost" in wrong for wrong in tally.wrong)


def test_power_loss_with_checkpoints_as_shipped(library: Path, tmp_path: Path, rebuilt: Path, row: Row) -> None:
    recorder = Recorder(library, tmp_path, "log")
    recorder.run(0, 180)
    events = recorder.events()
    chance = random.Random(SEED)
    near = {place for place, event in enumerate(events) if event.name == "log-0.db"}

    def wanted(place: int) -> bool:
        return chance.random() < (0.3 if place in near else 0.01)

    tally = try_all(events, rebuilt, log_check(batches_of(events)), wanted=wanted)
    row("power loss: log, checkpoints as shipped, some writes", str(tally))
    assert not tally.wrong, tally.wrong[:5]
    assert syncs(events, "log-0.db") > 3, "there was no checkpoint"


def test_power_loss_at_every_write_of_the_delivery_file(library: Path, tmp_path: Path, rebuilt: Path, row: Row) -> None:
    events = restarted_twice(Recorder(library, tmp_path, "delivery", pages=30), 20, 40, 50)
    tally = try_all(events, rebuilt, delivery_check)
    row("power loss: delivery file, every write of a run", str(tally))
    assert not tally.wrong, tally.wrong[:5]
    assert tally.cases > 5000
    assert syncs(events, "delivery-0.db") > 5, "there were hardly any checkpoints"


def test_power_loss_after_a_trim_up_to_the_cursor(library: Path, tmp_path: Path, rebuilt: Path, row: Row) -> None:
    recorder = Recorder(library, tmp_path, "shard")
    recorder.run(0, 6, "kill")
    tally = try_all(recorder.events(), rebuilt, shard_check)
    row("power loss: log trimmed up to the cursor", str(tally))
    assert not tally.wrong, tally.wrong[:2]
