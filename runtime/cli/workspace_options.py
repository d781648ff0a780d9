"""What the commands of `firsthand workspace` share: their options, the control database, and how one result is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import typer

from runtime.cli.options import data_folder, read_settings
from runtime.cli.problem_text import problem_lines
from runtime.containers.draft import read_files
from runtime.containers.policy import policy_in_force
from runtime.containers.read_only import require_writable
from runtime.containers.workspace import Kept, Read
from runtime.errors import Problem
from runtime.lua.script_check import ScriptCheck
from runtime.store.control import Control
from runtime.store.files import control_path

NAME = typer.Argument(..., help="The workspace's name.")
DATA = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data.")
JSON = typer.Option(False, "--json", help="Print one JSON object instead of lines.")
NOTE = typer.Option("", help="Kept with it, for those who read the history.")
STARTED_FROM = typer.Option(
    None, "--from", min=1, metavar="REVISION", help="The revision that this was made of; default: the latest."
)


@contextmanager
def reading(data: Path | None) -> Iterator[Control]:
    """Gives the control database for reading."""
    with Control.read(control_path(data_folder(data))) as control:
        yield control


@contextmanager
def writing(data: Path | None, *, only_reads: bool = False) -> Iterator[tuple[Control, Read]]:
    """Gives the control database for writing, and what reads and checks a draft; refused in read-only mode."""
    settings = read_settings()
    read = partial(read_files, script_check=ScriptCheck, policy=policy_in_force(settings), now=datetime.now(UTC))
    if only_reads:
        with reading(data) as control:
            yield control, read
        return
    require_writable(settings)
    with Control(control_path(data_folder(data))) as control:
        yield control, read


def print_one(content: dict[str, Any], as_json: bool, text: str, problems: Sequence[Problem]) -> None:
    """Prints one result, with the draft's problems where it has some."""
    if as_json:
        typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
        return
    typer.echo(text)
    if problems:
        typer.echo(problem_lines("the draft", problems))


def print_saved(kept: Kept, started_from: int, as_json: bool, more: str = "") -> None:
    """Tells what became of a save."""
    name, number = kept.workspace.name, kept.workspace.latest.number
    if number in (started_from, kept.merged_with):
        text = f"Nothing to do: revision {number} of {name} says that already."
    elif kept.merged_with is not None:
        text = f"Revision {number} of {name} has both: this change, and revision {kept.merged_with}."
    else:
        text = f"Revision {number} of {name} is saved."
    content = {
        "saved": number not in (started_from, kept.merged_with),
        "revision": number,
        "merged_with": kept.merged_with,
        "valid": kept.draft.valid,
        "problems": kept.draft.problems,
    }
    print_one(content, as_json, f"{text}{more}", kept.draft.problems)
