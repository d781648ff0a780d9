"""Which data files there are: one log and one delivery file a shard, and the control database."""

from __future__ import annotations

import re
from pathlib import Path

_LOG_FILE = re.compile(r"log-([0-9]+)\.db")


def log_path(data_dir: Path, shard: int) -> Path:
    """Returns the log file of a shard."""
    return data_dir / f"log-{shard}.db"


def delivery_path(data_dir: Path, shard: int) -> Path:
    """Returns the delivery file of a shard."""
    return data_dir / f"delivery-{shard}.db"


def control_path(data_dir: Path) -> Path:
    """Returns the control database."""
    return data_dir / "control.db"


def shards(data_dir: Path) -> list[int]:
    """Returns the numbers of all shards that have a log file, in order."""
    matches = (_LOG_FILE.fullmatch(path.name) for path in data_dir.glob("log-*.db"))
    return sorted(int(match[1]) for match in matches if match)
