from __future__ import annotations

import itertools
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from runtime.log.sqlite import SqliteLog, SqliteReader

ROUNDS = 5
ROOT = Path(__file__).parents[2]


def killed_after(path: Path, acknowledged: int) -> list[int]:
    """Runs a writing process, kills it with SIGKILL, and returns every number that it acknowledged."""
    command = [sys.executable, "-m", "tests.log.crash_child", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as child:
        assert child.stdout is not None
        lines = list(itertools.islice(child.stdout, acknowledged))
        child.kill()
        lines += [line for line in child.stdout if line.endswith(b"\n")]
    return [int(line) for line in lines]


def test_a_killed_writer_has_lost_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "log-0.db"
    acknowledged: list[int] = []

    for round in range(ROUNDS):
        acknowledged += killed_after(path, 100 + 150 * round)

        with closing(SqliteReader(path, 0)) as reader:
            there = [logged.seq for logged in reader.read(0, limit=1_000_000, max_bytes=1 << 30)]
        assert set(acknowledged) <= set(there)
        assert there == sorted(set(there))

    assert len(acknowledged) == len(set(acknowledged))
    with closing(SqliteLog(path, 0)) as log:
        assert log.append([]) > max(acknowledged)
