"""`firsthand new-template`: a folder with everything that a template needs, and an example that passes."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import typer

from runtime.model.manifest import KIND_FOLDERS

_ID = re.compile(r"[a-z][a-z0-9_]*")
_MARKS = ("TEMPLATE_ID", "TEMPLATE_NAME")


def new_template(
    kind: str = typer.Argument(..., metavar="KIND", help="client, destination, variable or transformation."),
    id: str = typer.Argument(..., metavar="ID", help="Small letters, digits and _; the folder's name too."),
    into: Path = typer.Option(Path("."), help="The folder in which the template's folder is made."),
) -> None:
    """Make a new template: a folder ID/ with manifest, script, icon and one example that passes."""
    if kind not in KIND_FOLDERS:
        raise typer.BadParameter(f"`{kind}` is not one of {', '.join(KIND_FOLDERS)}", param_hint="KIND")
    if not _ID.fullmatch(id):
        raise typer.BadParameter(f"`{id}` is not a small letter, then small letters, digits and `_`", param_hint="ID")
    folder = into / id
    if folder.exists():
        raise typer.BadParameter(f"{folder} exists already", param_hint="ID")
    _copy(files("runtime.cli") / "scaffold" / kind, folder, id)
    typer.echo(f"{folder} is made: its script is {kind}.lua, what comes of it stands in examples/. Try it:")
    typer.echo(f"  firsthand try {folder} --event FILE --settings FILE")


def _copy(source: Traversable, target: Path, id: str) -> None:
    target.mkdir(parents=True)
    for entry in source.iterdir():
        if entry.is_dir():
            _copy(entry, target / entry.name, id)
        else:
            (target / entry.name).write_text(_named(entry.read_text(encoding="utf-8"), id), encoding="utf-8")


def _named(text: str, id: str) -> str:
    words = (id, id.replace("_", " ").capitalize())
    for mark, word in zip(_MARKS, words, strict=True):
        text = text.replace(mark, word)
    return text
