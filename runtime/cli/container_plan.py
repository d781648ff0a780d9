"""`firsthand container plan|apply|diff`: what a file would change, changing it, and what two versions differ in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import typer

from runtime.cli.change_text import change_lines
from runtime.cli.container_versions import runs
from runtime.cli.drift_text import drift_lines
from runtime.cli.dry_run import WORKSPACE, before_publishing, draft_of, new_errors
from runtime.cli.options import data_folder, read_settings
from runtime.cli.problem_text import problem_lines
from runtime.cli.taking_effect import when_taken_up
from runtime.containers.diff import Changes, compare
from runtime.containers.draft import Draft, read_draft
from runtime.containers.drift import Drift, drift
from runtime.containers.policy import policy_in_force
from runtime.containers.publish import Origin, publish_draft
from runtime.containers.versions import live_version, read_version, require_environment, require_live
from runtime.errors import OperatorError
from runtime.lua.script_check import ScriptCheck
from runtime.model.snapshot import Snapshot
from runtime.store.control import LIVE, Control
from runtime.store.files import control_path

CHANGED = 2
"""Exit code where something differs; 1 is for errors."""

# Not `exists=True`: typer would exit with 2, which here means that something changes.
_FILE = typer.Argument(..., help="The container file.")
_DATA = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data.")
_JSON = typer.Option(False, "--json", help="Print one JSON object instead of lines.")
_ENVIRONMENT = typer.Option(LIVE, help="The environment that shall run it.")
_SHA = re.compile(r"[0-9a-f]{7,64}")


def _commit(given: str) -> str:
    if given and not _SHA.fullmatch(given):
        raise typer.BadParameter(f"`{given}` is not a commit's hash")
    return given


def plan(file: Path = _FILE, environment: str = _ENVIRONMENT, data: Path | None = _DATA, as_json: bool = _JSON) -> None:
    """Show what publishing a file would change against what is live: its problems first, then each difference.

    Where what is live is not what was last applied, that is told too, with who changed it. Exit 0 where nothing would
    change, 2 where something would, 1 where the file has errors.
    """
    draft, (live, moved) = _read(file), _running(data_folder(data), environment)
    changes = compare(live, draft.snapshot()) if draft.valid else Changes()
    if as_json:
        said = {"valid": draft.valid, "problems": draft.problems, "live": live and live.number, "drift": moved}
        _print(said | changes.as_dict())
    else:
        _problems(file, draft)
        if draft.valid:
            told = drift_lines(moved) if changes else []
            typer.echo("\n".join([*change_lines(changes), _summary(changes, live, environment), *told]))
    raise typer.Exit(_code(changes) if draft.valid else 1)


def apply(
    file: Path = _FILE,
    note: str = typer.Option("", help="Kept with the version: what it is for."),
    commit: str = typer.Option("", metavar="SHA", callback=_commit, help="The commit that the file is of."),
    environment: str = _ENVIRONMENT,
    despite: str = typer.Option("", metavar="REASON", help="Publish new errors all the same; the audit log keeps why."),
    data: Path | None = _DATA,
) -> None:
    """Publish a file: make a version of it and make that live, where it differs from what is live.

    Where there are stored hits, the last of them run through it first: new errors keep it from being published.
    """
    folder, draft = data_folder(data), _read(file)
    if not draft.valid:
        typer.echo(problem_lines(str(file), draft.problems), err=True)
        raise typer.Exit(1)
    _problems(file, draft)
    found = before_publishing(folder, draft.snapshot(), despite) if environment == LIVE else None
    reason = despite if new_errors(found) else ""
    with Control(control_path(folder)) as control:
        before = live_version(control, environment)
        number = publish_draft(control, draft, Origin(file.name, note, commit, reason), environment)
        now = read_version(control, number)
    if before and before.number == number:
        typer.echo(f"Nothing to do: {runs(number, environment)}, and is what {file} says.")
        return
    typer.echo(f"{runs(number, environment).capitalize()}{f', after version {before.number}' if before else ''}.")
    typer.echo(when_taken_up(folder, now))


def diff(
    a: str = typer.Argument(..., metavar="A", help="A version's number, `live`, workspace:NAME, or a container file."),
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
    return read_draft(file, ScriptCheck, policy_in_force(read_settings()), now=datetime.now(UTC))


def _running(folder: Path, environment: str) -> tuple[Snapshot | None, Drift]:
    """Returns what an environment runs, and how that came about."""
    path = control_path(folder)
    if not path.exists():
        return None, Drift(None)
    with Control.read(path) as control:
        require_environment(control, environment)
        return live_version(control, environment), drift(control.audit_log(), environment)


def _snapshot(name: str, data: Path | None) -> Snapshot:
    """Returns the version or the file of that name."""
    if name == "live" or name.isdecimal():
        with Control.read(control_path(data_folder(data))) as control:
            return require_live(control) if name == "live" else read_version(control, int(name))
    if name.startswith(WORKSPACE):
        return draft_of(data_folder(data), name)
    if not Path(name).is_file():
        raise OperatorError(f"{name} is no version's number and no file.", hint="`firsthand container versions`.")
    return _read(Path(name)).snapshot()


def _problems(file: Path, draft: Draft) -> None:
    if draft.problems:
        typer.echo(problem_lines(str(file), draft.problems))


def _summary(changes: Changes, live: Snapshot | None, environment: str) -> str:
    if live is None:
        return "Nothing is live yet: publishing this makes the first version."
    if not changes:
        return f"No changes: {runs(live.number, environment)}, and is what the file says."
    count = len(changes.own) + len(changes.built_in)
    return f"{count} change{'' if count == 1 else 's'}: {runs(live.number, environment)} now."


def _code(changes: Changes) -> int:
    return CHANGED if changes else 0


def _print(content: dict[str, Any]) -> None:
    typer.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
