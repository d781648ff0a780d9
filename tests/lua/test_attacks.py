"""Every attack class against the real sandbox, one process a class: no escape, no hang, no crash, no trace left."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lua.attacks import ATTACKS, CLASSES
from tests.lua.attacks.table import Attack

ROOT = Path(__file__).parents[2]
WALL_S = 120
CPU_S = 1.0
"""Ten times the budget: one instruction on megabytes may overrun it, nothing may ignore it."""


def run_class(cls: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.lua.attack_child", cls]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WALL_S, check=False)
    reports = [json.loads(line) for line in child.stdout.splitlines() if line.startswith("{")]
    assert child.returncode == 0, f"the process died after {[report['name'] for report in reports]}: {child.stderr}"
    return reports


def problems_of(attack: Attack, report: dict[str, Any]) -> list[str]:
    problems = []
    if attack.expect not in ("any", report["outcome"]):
        problems.append(f"expected {attack.expect}")
    if attack.values is not None and report.get("values") != attack.values:
        problems.append(f"expected the values {attack.values}")
    if "0x" in json.dumps(report):
        problems.append("shows an address")
    if not report["unaffected"]:
        problems.append("changed the next call")
    if report["cpu_s"] > CPU_S:
        problems.append("ran too long")
    return [f"{attack.name}: {problem}; got {report}" for problem in problems]


@pytest.mark.parametrize("cls", CLASSES)
def test_no_attack_escapes_hangs_or_changes_the_next_call(cls: str) -> None:
    mine = [attack for attack in ATTACKS if attack.cls == cls]
    reports = run_class(cls)
    assert [report["name"] for report in reports] == [attack.name for attack in mine]
    pairs = zip(mine, reports, strict=True)
    assert [problem for attack, report in pairs for problem in problems_of(attack, report)] == []


def test_every_class_is_attacked_in_several_forms() -> None:
    assert len(CLASSES) == 19
    for cls in CLASSES:
        assert sum(attack.cls == cls for attack in ATTACKS) >= 5, cls
