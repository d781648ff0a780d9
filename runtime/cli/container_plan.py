"""`firsthand container plan|apply|diff`: what a file would change, changing it, and what two versions differ in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import typer

from runtime.cli.change_text import change_lines
from runtime.cli.options import data_folder, read_settings
from runtime.cli.problem_text import problem_lines
from runtime.cli.taking_effect import when_taken_up
from runtime.containers.diff import Changes, compare
from runtime.containers.draft import Draft, read_draft
from runtime.containers.policy import policy_in_force
from runtime.containers.publish import publish_draft
from runtime.containers.versions import live_version, read_version, require_live
from runtime.errors import OperatorError
from runtime.lua.script_check import ScriptCheck
from runtime.model.snapshot import Snapshot
from runtime.store.control import Control
from runtime.store.files import control_path

CHANGED = 2
"""Exit code where something differs; 1 is for errors."""

# Not `exists=True`: typer would exit with 2, which here means that something changes.
_FILE = typer.Argument(..., help="The container file.")
_DATA = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data.")
_JSON = typer.Option(False, "--json", help="Print one JSON object instead of lines.")


def plan(file: Path = _FILE, data: Path | None = _DATA, as_json: bool = _JSON) -> None:
    """Show what publishing a file would change against what is live: its problems first, then each difference.

    Exit 0 where nothing would change, 2 where something would, 1 where the file has errors.
    """
    draft, live = _read(file), _live(data_folder(data))
    changes = compare(live, draft.snapshot()) if draft.valid else Changes()
    if as_json:
        _print({"valid": draft.valid, "problems": draft.problems, "live": live and live.number} | changes.as_dict())
    else:
        _problems(file, draft)
        if draft.valid:
            typer.echo("\n".join([*change_lines(changes), _summary(changes, live)]))
    raise typer.Exit(_code(changes) if draft.valid else 1)


def apply(
    file: Path = _FILE,
    note: str = typer.Option("", help="Kept with the version, for example the commit it comes from."),
    data: Path | None = _DATA,
) -> None:
    """Publish a file: make a version of it and make that live, where it differs from what is live."""
    folder, draft = data_folder(data), _read(file)
    if not draft.valid:
        typer.echo(problem_lines(str(file), draft.problems), err=True)
        raise typer.Exit(1)
    _problems(file, draft)
    with Control(control_path(folder)) as control:
        before = live_version(control)
        number = publish_draft(control, draft, note or f"from {file.name}")
        live = require_live(control)
    if before and before.number == number:
        typer.echo(f"Nothing to do: version {number} is live, and is what {file} says.")
        return
    typer.echo(f"Version {number} is live{f', after version {before.number}' if before else ''}.")
    typer.echo(when_taken_up(folder, live))


def diff(
    a: str = typer.Argument(..., metavar="A", help="A version's number, `live`, or a container file."),
    b: str = typer.Argument(..., metavar="B", help="Likewise; what B adds is shown as added."),
    data: Path | None = _DATA,
    as_json: bool = _JSON,
) -> None:
    """Show what two versions, or a version and a file, differ in. Exit 0 where nothing, 2 where something differs."""
    changes = compare(*(_snapshot(each, data) for each in (a, b)))
    if as_json:
        _print(changes.as_dict())
    else:
        typer.echo("\n".join(change_lines(changes)) or "There is no difference.")
    raise typer.Exit(_code(changes))


def _read(file: Path) -> Draft:
    return read_draft(file, ScriptCheck, policy_in_force(read_settings()))


def _live(folder: Path) -> Snapshot | None:
    path = control_path(folder)
    if not path.exists():
        return None
    with Control.read(path) as control:
        return live_version(control)


def _snapshot(name: str, data: Path | None) -> Snapshot:
    """Returns the version or the file of that name."""
    if name == "live" or name.isdecimal():
        with Control.read(control_path(data_folder(data))) as control:
            return require_live(control) if name == "live" else read_version(control, int(name))
    if not Path(name).is_file():
        raise OperatorError(f"{name} is no version's number and no file.", hint="`firsthand container versions`.")
    return _read(Path(name)).snapshot()


def _problems(file: Path, draft: Draft) -> None:
    if draft.problems:
        typer.echo(problem_lines(str(file), draft.problems))


def _summary(changes: Changes, live: Snapshot | None) -> str:
    if live is None:
        return "Nothing is live yet: publishing this makes the first version."
    if not changes:
        return f"No changes: version {live.number} is live, and is what the file says."
    count = len(changes.own) + len(changes.built_in)
    return f"{count} change{'' if count == 1 else 's'} against version {live.number}, which is live."


def _code(changes: Changes) -> int:
    return CHANGED if changes else 0


def _print(content: dict[str, Any]) -> None:
    typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
