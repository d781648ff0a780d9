"""`firsthand workspace diff|merge|publish`: from a draft to the version that is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import typer

from runtime.cli.change_text import change_lines
from runtime.cli.conflict_text import GIVE, RESOLVE, SEEN, conflicts_told, resolutions_of
from runtime.cli.dry_run import before_publishing, new_errors
from runtime.cli.options import data_folder
from runtime.cli.problem_text import problem_lines
from runtime.cli.taking_effect import when_taken_up
from runtime.cli.workspace_options import DATA, JSON, NAME, print_one, reading, writing
from runtime.containers.diff import Changes
from runtime.containers.file_changes import compare_files
from runtime.containers.versions import read_version, require_environment
from runtime.containers.workspace import publish_workspace, take_in_live, version_files, workspace_files
from runtime.errors import ContainerInvalid, OperatorError
from runtime.store.control import LIVE, Control
from runtime.store.workspaces import Workspace

CHANGED = 2
"""Exit code of `diff` where something differs."""


def diff(
    name: str = NAME,
    against: str = typer.Option("base", help="`base`, `live`, a version's number, or -N for revision N."),
    data: Path | None = DATA,
    as_json: bool = JSON,
) -> None:
    """Show what a draft changes against the version that it is a draft of, or another one. Exit 2 where it does."""
    with reading(data) as control:
        workspace = control.workspaces.get(name)
        changes = Changes(compare_files(_other(control, workspace, against), workspace_files(control, workspace)))
    if as_json:
        typer.echo(orjson.dumps(changes.as_dict(), option=orjson.OPT_INDENT_2))
    else:
        typer.echo("\n".join(change_lines(changes)) or "There is no difference.")
    raise typer.Exit(CHANGED if changes else 0)


def merge(
    name: str = NAME,
    resolve: list[str] = RESOLVE,
    give: list[str] = GIVE,
    seen: int | None = SEEN,
    data: Path | None = DATA,
    as_json: bool = JSON,
) -> None:
    """Take into a draft what was made live since it was begun, and make it a draft of that version."""
    with writing(data) as (control, read), conflicts_told(as_json):
        kept = take_in_live(control, name, read, resolutions=resolutions_of(resolve, give), seen=seen)
    if kept is None:
        print_one({"saved": False}, as_json, f"Nothing to do: {name} is a draft of the live version.", [])
        return
    number, version = kept.workspace.latest.number, kept.workspace.base
    content = {"saved": True, "revision": number, "base": version, "valid": kept.draft.valid}
    text = f"Revision {number} of {name} has version {version} in it, and is a draft of that."
    print_one(content | {"problems": kept.draft.problems}, as_json, text, kept.draft.problems)


def publish(
    name: str = NAME,
    environment: str = typer.Option(LIVE, help="The environment that shall run it."),
    revision: int | None = typer.Option(
        None, min=1, help="The one that was looked at: refused where it is not the latest."
    ),
    note: str = typer.Option("", help="Kept with the version; default: the workspace's own note."),
    despite: str = typer.Option("", metavar="REASON", help="Publish new errors all the same; the audit log keeps why."),
    keep_open: bool = typer.Option(False, "--keep-open", help="Go on with it, as a draft of the new version."),
    data: Path | None = DATA,
    as_json: bool = JSON,
) -> None:
    """Make a version of a draft, and make that live. The workspace is closed then, unless it is kept open.

    The last stored hits run through the draft first: new errors keep it from being published, unless there is a reason.
    """
    folder = data_folder(data)
    with writing(data) as (control, read):
        require_environment(control, environment)
        workspace = control.workspaces.get(name)
        expected = revision or workspace.latest.number
        control.workspaces.require_publishable(workspace, expected, environment)
        draft = read(workspace_files(control, workspace))
        if not draft.valid:
            _refuse(name, ContainerInvalid(draft.problems), as_json)
        found = before_publishing(folder, draft.snapshot(), despite, err=as_json) if environment == LIVE else None
        reason = despite if new_errors(found) else ""
        before = control.live(environment)
        number = publish_workspace(
            control, name, read,
            revision=expected, environment=environment, note=note, reason=reason, keep_open=keep_open,
        )  # fmt: skip
        snapshot = read_version(control, number)
    made = not before or before[0] != number
    what = "is live" if environment == LIVE else f"runs in {environment}"
    text = f"Version {number} {what}{f', after version {before[0]}' if before and made else ' already'}."
    lines = [text, when_taken_up(folder, snapshot), _left(name, number, environment, keep_open)]
    content: dict[str, Any] = {"version": number, "environment": environment, "made": made, "reason": reason}
    print_one(content, as_json, "\n".join(lines), [])


def _left(name: str, number: int, environment: str, keep_open: bool) -> str:
    if environment != LIVE:
        return f"Workspace {name} stays open."
    return f"Workspace {name} is a draft of version {number} now." if keep_open else f"Workspace {name} is closed."


def _refuse(name: str, error: ContainerInvalid, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps({"version": None, "problems": error.problems}, option=orjson.OPT_INDENT_2))
    else:
        typer.echo(problem_lines(f"workspace {name}", error.problems), err=True)
    raise typer.Exit(1)


def _other(control: Control, workspace: Workspace, against: str) -> dict[str, str]:
    """Returns the files of what a draft is compared with."""
    if against == "live":
        live = control.live()
        return version_files(control, live[0] if live else 0)
    if against == "base":
        return version_files(control, workspace.base)
    try:
        number = int(against)
    except ValueError:
        hint = "Give `base`, `live`, a version's number, or -N for revision N."
        raise OperatorError(f"`{against}` is nothing to compare with.", hint=hint) from None
    return workspace_files(control, workspace, -number) if number < 0 else version_files(control, number)
