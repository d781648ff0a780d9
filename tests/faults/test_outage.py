"""A vendor that is down for two hours, and a tag that stays paused until its backlog is too old: in simulated time, on
real files, in a process of its own (outage_child.py)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.faults.conftest import Row

GROWTH_MIB = 20
NOT_STARVED_MS = 1000
"""What is held up behind a backlog waits for seconds at the least."""


def figures(kind: str, folder: Path) -> dict[str, Any]:
    """Runs one of the child's two and returns what it measured."""
    command = [sys.executable, "-m", "tests.faults.outage_child", kind, str(folder)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, timeout=400, check=True)
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def test_a_vendor_that_was_down_for_two_hours_gets_everything(tmp_path: Path, row: Row) -> None:
    found = figures("vendor", tmp_path)
    row(
        "vendor down 2 h at 50 hits/s",
        f"{found['backlog']} waited, {found['missing']} lost, {found['repeated']} repeated, "
        f"drained at {found['drained_per_s']}/s, RSS +{found['rss_growth']} MiB on {found['rss_before']}",
    )
    row(
        "  live p95 meanwhile, another tag",
        f"{found['others_p95_while_draining_ms']} ms while it drains, {found['calm_p95_ms']} ms before",
    )
    row(
        "  live p95 meanwhile, the same tag",
        f"{found['live_p95_while_replaying_ms']} ms while {found['replayed']} are replayed",
    )
    assert found["backlog"] > 350_000
    assert (found["missing"], found["repeated"]) == (0, 0)
    assert found["others_lag"] < 2000
    assert found["rss_growth"] <= GROWTH_MIB
    assert found["replayed"] == 20_000
    assert found["sent_in_replay"] <= found["replayed"] + found["live_hits_while_replaying"] + 1
    assert found["others_p95_while_draining_ms"] < NOT_STARVED_MS
    assert found["live_p95_while_replaying_ms"] < NOT_STARVED_MS


def test_a_backlog_that_is_too_old_expires_and_leaves_the_disk(tmp_path: Path, row: Row) -> None:
    found = figures("paused", tmp_path)
    before, after = found["bytes_before"], found["bytes_after"]
    row(
        "tag paused 3 h, backlog age 1 h",
        f"{found['hits']} hits: {found['letters'].get('expired')} dead letters `expired`, {found['counted']} counted; "
        + ", ".join(f"{name} {before[name] / 1e6:.1f} -> {after[name] / 1e6:.1f} MB" for name in before),
    )
    assert found["letters"] == {"expired": found["hits"]}
    assert found["counted"] == found["hits"]
    assert found["sent_by_the_paused"] == 0
    assert found["hits"] * 0.4 < found["upto_after_two_hours"] < found["hits"] * 0.6
    assert found["upto"] == found["hits"]
    assert found["appends_go_on"]
    assert all(after[name] < 0.02 * before[name] for name in before)
