"""`firsthand workspace apply|export|set|remove|rename-part`: what changes a draft, as files or part by part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast, get_args

import msgspec
import typer

from runtime.cli.conflict_text import GIVE, RESOLVE, SEEN, conflicts_told, resolutions_of, yaml_value
from runtime.cli.workspace_options import DATA, JSON, NAME, NOTE, STARTED_FROM, print_saved, reading, writing
from runtime.containers import edits
from runtime.containers.export import CONTAINER
from runtime.containers.files import Files, collect_files, write_files
from runtime.containers.workspace import edit_workspace, save_workspace, workspace_files
from runtime.errors import OperatorError

MARK = ".firsthand-workspace.json"
"""Beside exported files: which revision of which workspace they are, so that `apply` knows what they were made of."""

_PATH = typer.Argument(..., help="Keys from the top, with dots between them: tags.meta.settings.pixel_id")


class Mark(msgspec.Struct):
    """What the mark says."""

    workspace: str
    revision: int


def export(
    name: str = NAME,
    out: Path | None = typer.Option(None, help="Folder to write to; without it, container.yaml is printed."),
    revision: int | None = typer.Option(None, min=1, help="One of its revisions; default: the latest."),
    force: bool = typer.Option(False, "--force", help="Write over files that say something else."),
    data: Path | None = DATA,
) -> None:
    """Write a draft as files, as they were saved, to edit them and `apply` them again."""
    with reading(data) as control:
        workspace = control.workspaces.get(name)
        files = workspace_files(control, workspace, revision)
    if out is None:
        typer.echo(files[CONTAINER], nl=False)
        return
    if not force and _differs(out, files):
        raise OperatorError(f"{out} has other content.", hint="Give --force to write over it.")
    for path in write_files(out, files):
        typer.echo(path)
    _mark(out, name, revision or workspace.latest.number)


def apply(
    name: str = NAME,
    file: Path = typer.Argument(..., help="The container file.", exists=True, dir_okay=False),
    started_from: int | None = typer.Option(
        None, "--from", min=1, metavar="REVISION", help="The revision that the file was made of; `export` notes it."
    ),
    note: str = NOTE,
    resolve: list[str] = RESOLVE,
    give: list[str] = GIVE,
    seen: int | None = SEEN,
    data: Path | None = DATA,
    as_json: bool = JSON,
) -> None:
    """Save a file, and the templates beside it, as a workspace's next revision.

    Where others have saved since the revision that it was made of, both are merged, and the file is written anew with
    the changes of both; where both changed the same place, nothing is saved and the conflicts are shown.
    """
    files = collect_files(file)
    with writing(data) as (control, read), conflicts_told(as_json):
        start = started_from or _marked(file.parent, name)
        if start is None:
            latest = control.workspaces.get(name).latest.number
            raise OperatorError(
                f"Nobody knows which revision of {name} {file} was made of.",
                hint=f"Say it with --from (the latest is {latest}), or begin with `firsthand workspace export`.",
            )
        decided = resolutions_of(resolve, give)
        kept = save_workspace(control, name, files, read, started_from=start, note=note, resolutions=decided, seen=seen)
    written = write_files(file.parent, kept.files, container=file.name)
    _mark(file.parent, name, kept.workspace.latest.number)
    print_saved(kept, start, as_json, "".join(f"\nwritten: {path}" for path in written))


def set_(
    name: str = NAME,
    path: str = _PATH,
    value: str = typer.Argument(..., metavar="YAML", help="What shall stand there."),
    started_from: int | None = STARTED_FROM,
    note: str = NOTE,
    resolve: list[str] = RESOLVE,
    give: list[str] = GIVE,
    seen: int | None = SEEN,
    data: Path | None = DATA,
    as_json: bool = JSON,
) -> None:
    """Set one value of a draft: a whole part, or what lies deeper in it."""
    wanted = yaml_value(value)
    _edit(
        lambda files: edits.set_part(files, path, wanted), name, started_from, note, resolve, give, seen, data, as_json
    )


def remove(
    name: str = NAME,
    path: str = _PATH,
    started_from: int | None = STARTED_FROM,
    note: str = NOTE,
    resolve: list[str] = RESOLVE,
    give: list[str] = GIVE,
    seen: int | None = SEEN,
    data: Path | None = DATA,
    as_json: bool = JSON,
) -> None:
    """Remove one value of a draft: a whole part, or what lies deeper in it."""
    _edit(lambda files: edits.remove_part(files, path), name, started_from, note, resolve, give, seen, data, as_json)


def rename_part(
    name: str = NAME,
    part: str = typer.Argument(..., metavar="KIND.ID", help="The part, for example triggers.purchases."),
    new: str = typer.Argument(..., metavar="ID", help="What it shall be called."),
    started_from: int | None = STARTED_FROM,
    note: str = NOTE,
    resolve: list[str] = RESOLVE,
    give: list[str] = GIVE,
    seen: int | None = SEEN,
    data: Path | None = DATA,
    as_json: bool = JSON,
) -> None:
    """Give a part of a draft another name, wherever the draft names it."""
    kind, _, old = part.partition(".")
    if kind not in get_args(edits.Kind) or not old:
        raise OperatorError(f"`{part}` is no part.", hint=f"KIND is one of {', '.join(get_args(edits.Kind))}.")

    def edit(files: Files) -> Files:
        return edits.rename_part(files, cast(edits.Kind, kind), old, new)

    _edit(edit, name, started_from, note, resolve, give, seen, data, as_json)


def _edit(
    edit: Callable[[Files], Files],
    name: str,
    started_from: int | None,
    note: str,
    resolve: list[str],
    give: list[str],
    seen: int | None,
    data: Path | None,
    as_json: bool,
) -> None:
    with writing(data) as (control, read), conflicts_told(as_json):
        start = started_from or control.workspaces.get(name).latest.number
        decided = resolutions_of(resolve, give)
        kept = edit_workspace(control, name, edit, read, started_from=start, note=note, resolutions=decided, seen=seen)
    print_saved(kept, start, as_json)


def _differs(out: Path, files: Files) -> bool:
    return any((out / path).exists() and (out / path).read_bytes() != text.encode() for path, text in files.items())


def _mark(folder: Path, name: str, revision: int) -> None:
    (folder / MARK).write_bytes(msgspec.json.encode(Mark(name, revision)) + b"\n")


def _marked(folder: Path, name: str) -> int | None:
    try:
        mark = msgspec.json.decode((folder / MARK).read_bytes(), type=Mark)
    except (OSError, msgspec.DecodeError):
        return None
    return mark.revision if mark.workspace == name else None
