"""`firsthand workspace`: drafts that several people edit at once, until a version is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from runtime.cli.output import print_json, print_table
from runtime.cli.problem_text import problem_lines
from runtime.cli.workspace_edit import apply, export, remove, rename_part, set_
from runtime.cli.workspace_options import DATA, JSON, NAME, NOTE, print_one, reading, writing
from runtime.cli.workspace_publish import diff, merge, publish
from runtime.containers.export import CONTAINER
from runtime.containers.files import collect_files
from runtime.containers.workspace import create_workspace, workspace_files
from runtime.errors import OperatorError
from runtime.explain.explorer import iso
from runtime.store.control import Control
from runtime.store.workspaces import Workspace

app = typer.Typer(help="Edit drafts of the container, alone or with others, and publish them.", no_args_is_help=True)

_COLUMNS = ["workspace", "state", "base", "live", "revision", "valid", "time", "who", "note"]
_REVISION_COLUMNS = ["revision", "valid", "time", "who", "note"]


@app.command("list")
def list_(
    every: bool = typer.Option(False, "--all", help="Those that were published or discarded too."),
    data: Path | None = DATA,
    json: bool = typer.Option(False, "--json", help="Print JSON, one object a line."),
) -> None:
    """List the open workspaces: what each is a draft of, and who saved it last."""
    with reading(data) as control:
        live = _live(control)
        rows = [_row(each, live) for each in control.workspaces.list(closed=every)]
    if json:
        print_json(rows)
    else:
        print_table([_in_words(row) for row in rows], _COLUMNS, empty="There is no workspace.")


@app.command()
def create(
    name: str = NAME,
    version: int | None = typer.Option(None, min=1, help="The version to begin with; default: the live one."),
    file: Path | None = typer.Option(None, help="A container file to begin with, as a draft against what is live."),
    empty: bool = typer.Option(False, "--empty", help="Begin with nothing but a name."),
    note: str = NOTE,
    data: Path | None = DATA,
    as_json: bool = JSON,
) -> None:
    """Make a workspace, a draft of the live version or of another one."""
    if sum((version is not None, file is not None, empty)) > 1:
        raise OperatorError("--version, --file and --empty exclude each other.", hint="Begin with one of them.")
    files = collect_files(file) if file else {CONTAINER: f"container: {name}\n"} if empty else None
    with writing(data) as (control, read):
        kept = create_workspace(control, name, read, base=version, files=files, note=note)
    base = f", a draft of version {kept.workspace.base}" if kept.workspace.base else ""
    row = {"workspace": name, "base": kept.workspace.base, "revision": kept.workspace.latest.number}
    print_one(row | {"problems": kept.draft.problems}, as_json, f"Workspace {name} is open{base}.", kept.draft.problems)


@app.command()
def show(name: str = NAME, data: Path | None = DATA, as_json: bool = JSON) -> None:
    """Show how a workspace stands: its base, its latest revision, and what is wrong with the draft."""
    with writing(data, only_reads=True) as (control, read):
        workspace = control.workspaces.get(name)
        row = _row(workspace, _live(control))
        problems = read(workspace_files(control, workspace)).problems
    lines = [f"{key:<9} {value}" for key, value in _in_words(row).items() if value != ""]
    if row["live"] != row["base"]:
        lines.append(f"Live has moved to version {row['live']}: take it in with `firsthand workspace merge {name}`.")
    lines.append(problem_lines(f"workspace {name}", problems))
    print_one(row | {"problems": problems}, as_json, "\n".join(lines), [])


@app.command()
def revisions(
    name: str = NAME,
    data: Path | None = DATA,
    json: bool = typer.Option(False, "--json", help="Print JSON, one object a line."),
) -> None:
    """List a workspace's saves, the newest first."""
    with reading(data) as control:
        found = control.workspaces.revisions(control.workspaces.get(name))
    rows = [
        {
            "revision": each.number,
            "valid": each.snapshot is not None,
            "time": iso(each.at),
            "who": each.who,
            "note": each.note,
        }
        for each in found
    ]
    if json:
        print_json(rows)
    else:
        print_table([_in_words(row) for row in rows], _REVISION_COLUMNS, empty="There is none.")


@app.command()
def rename(
    name: str = NAME,
    new: str = typer.Argument(..., help="What it shall be called."),
    data: Path | None = DATA,
    as_json: bool = JSON,
) -> None:
    """Give a workspace another name."""
    with writing(data) as (control, _):
        control.workspaces.rename(control.workspaces.get(name), new)
    print_one({"workspace": new, "before": name}, as_json, f"Workspace {name} is called {new} now.", [])


@app.command()
def discard(name: str = NAME, data: Path | None = DATA, as_json: bool = JSON) -> None:
    """Close a workspace without publishing it. Its revisions stay in the history."""
    with writing(data) as (control, _):
        control.workspaces.discard(control.workspaces.get(name))
    print_one({"workspace": name, "state": "discarded"}, as_json, f"Workspace {name} was discarded.", [])


for command in (apply, export, diff, merge, publish, remove):
    app.command()(command)
app.command("set")(set_)
app.command("rename-part")(rename_part)


def _live(control: Control) -> int:
    found = control.live()
    return found[0] if found else 0


def _row(workspace: Workspace, live: int) -> dict[str, Any]:
    latest = workspace.latest
    return {
        "workspace": workspace.name,
        "state": workspace.state,
        "base": workspace.base,
        "live": live,
        "revision": latest.number,
        "valid": latest.snapshot is not None,
        "time": iso(latest.at),
        "who": latest.who,
        "note": workspace.note,
    }


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"valid": "valid" if row["valid"] else "has errors"}
