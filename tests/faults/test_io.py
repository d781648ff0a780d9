"""Every call that the log makes to the disk fails once, and three times in a row: no false 2xx, and all is well after.

The faults come from a library that is preloaded over open, write, fdatasync and ftruncate, so that the SQLite under
test is the one that is installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.faults.conftest import Row

HERE = Path(__file__).parent


def build_shim(folder: Path) -> Path:
    compiler = shutil.which("cc")
    assert compiler, "a C compiler is missing: `apt-get install gcc`"
    shim = folder / "io_shim.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(shim), str(HERE / "io_shim.c"), "-ldl"], check=True)
    return shim


def test_every_call_to_the_disk_may_fail(tmp_path: Path, row: Row) -> None:
    shim = build_shim(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.io_child", str(shim), str(tmp_path)],
        env=os.environ | {"LD_PRELOAD": str(shim)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=1200,
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    struck = [outcome for outcome in outcomes if outcome["struck"]]
    for kind in ("open", "write", "sync", "truncate"):
        of_kind = [outcome for outcome in struck if outcome["kind"] == kind]
        answers = Counter(status for outcome in of_kind for status in outcome["statuses"])
        figures = ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()) if status > 0)
        lost = sum(len(outcome["lost"]) for outcome in of_kind)
        row(f"I/O: the n-th {kind} fails, every n", f"{len(of_kind)} runs, answers {figures}, {lost} acknowledged lost")
        assert of_kind, f"no {kind} was ever struck"
    assert done.returncode == 0
    for outcome in outcomes:
        assert set(outcome["statuses"]) <= {-1, 200, 503}, outcome
        assert not outcome["lost"], outcome
        assert outcome["integrity"] == "ok", outcome
        assert outcome["statuses"][-1] == 200, f"it never recovered: {outcome}"
    assert any(503 in outcome["statuses"] for outcome in struck), "no fault was ever felt"
