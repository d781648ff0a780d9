"""`firsthand new-template`: a folder with everything that a template needs, and examples that pass."""

from __future__ import annotations

from pathlib import Path

import typer

from runtime.containers.own_templates import ID, Name, scaffold_files
from runtime.model.manifest import KIND_FOLDERS, Kind


def new_template(
    kind: str = typer.Argument(..., metavar="KIND", help="client, destination, variable or transformation."),
    id: str = typer.Argument(..., metavar="ID", help="Small letters, digits and _; the folder's name too."),
    into: Path = typer.Option(Path("."), help="The folder in which the template's folder is made."),
) -> None:
    """Make a new template: a folder ID/ with manifest, script, icon and examples that pass."""
    if kind not in KIND_FOLDERS:
        raise typer.BadParameter(f"`{kind}` is not one of {', '.join(KIND_FOLDERS)}", param_hint="KIND")
    if not ID.fullmatch(id):
        raise typer.BadParameter(f"`{id}` is not a small letter, then small letters, digits and `_`", param_hint="ID")
    folder = into / id
    if folder.exists():
        raise typer.BadParameter(f"{folder} exists already", param_hint="ID")
    make_template(kind, id, into)
    typer.echo(_next_steps(kind, folder))


def make_template(kind: Kind, id: str, into: Path) -> None:
    """Makes the folder of a template that does not exist yet."""
    for path, text in scaffold_files(Name(kind, id)).items():
        file = into / id / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _next_steps(kind: Kind, folder: Path) -> str:
    return f"""{folder} is made:
  manifest.yaml       its settings, and what it may read and reach
  {kind + ".lua":<18}  the script
  examples/           what comes of what: its tests and its documentation

Change an example, change the script until it passes, and so on:
  firsthand container test {folder}
See what comes of one {"request" if kind == "client" else "event"}, as JSON:
  firsthand try {folder} --event FILE --settings FILE
A container uses it from templates/{KIND_FOLDERS[kind]}/{folder.name}/ beside its container.yaml."""
