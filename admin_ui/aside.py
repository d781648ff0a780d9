"""Runs a command of `firsthand` in a process of its own: for what may hang, crash or take long, such as scripts that
nobody has run yet. What the page shows is what the command that it names prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

from admin_ui.refusals import Refused

WALL_S = 120.0


def run_aside(data_dir: Path, *words: str, sent: str = "") -> Any:
    """Returns the JSON that a command prints; `sent` is its standard input. Refused in its own words where it fails."""
    command = [sys.executable, "-m", "runtime.cli.main", *words]
    given = os.environ | {"FIRSTHAND_DATA_DIR": str(data_dir)}
    try:
        done = subprocess.run(  # noqa: S603 - our own program, without a shell
            command, input=sent, capture_output=True, text=True, timeout=WALL_S, env=given, check=False
        )
    except subprocess.TimeoutExpired:
        raise Refused(503, "This took too long and was ended.", f"Try `firsthand {' '.join(words)}`.") from None
    try:
        return orjson.loads(done.stdout)
    except orjson.JSONDecodeError:
        told = done.stderr.strip().removeprefix("firsthand: ")
        raise Refused(422, told[-2000:] or f"The command ended with exit code {done.returncode}.") from None
