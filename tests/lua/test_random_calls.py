"""Random scripts against the real sandbox, in processes of their own: no escape, hang, death or trace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FULL = os.environ.get("FIRSTHAND_FUZZ") == "full"
SCRIPTS = 20_000 if FULL else 1_000
WALL_S = 1200


@pytest.mark.parametrize("seed", [1_000_000, 2_000_000])
def test_random_scripts_do_no_harm(seed: int) -> None:
    command = [sys.executable, "-m", "tests.lua.random_calls", str(seed), str(SCRIPTS)]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WALL_S, check=False)
    assert child.returncode == 0, child.stderr
    told = json.loads(child.stdout)
    assert told["wrong"] == []
    kinds = Counter(told["kinds"])
    assert kinds.total() == SCRIPTS
    assert kinds["ok"] > SCRIPTS // 4, "most scripts must get past their first call to try anything"
    assert set(kinds) <= {"ok", "cpu", "memory", "result", "error", "permission"}
