"""`firsthand container export|schema`: a version as files again, and what editors check such a file with."""

from __future__ import annotations

from pathlib import Path

import orjson
import typer

from runtime.cli.options import data_folder
from runtime.containers.check_scripts import OWN
from runtime.containers.export import CONTAINER, Export
from runtime.containers.export import export as export_version
from runtime.containers.schema import container_schema
from runtime.containers.templates import BUILT_IN, load_templates
from runtime.containers.versions import read_version, require_live
from runtime.errors import OperatorError
from runtime.store.control import Control
from runtime.store.files import control_path

NOT_IN_A_VERSION = "A version holds what runs: comments, examples, icons and templates in no use are not in it."


def export(
    version: int | None = typer.Option(None, min=1, help="A version's number; default: the live one."),
    out: Path | None = typer.Option(None, help="Folder to write to; without it, container.yaml is printed."),
    force: bool = typer.Option(False, "--force", help="Write over files that say something else."),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
) -> None:
    """Write a version as container.yaml and its own templates, so that `apply` makes the same version of them again.

    A version holds what runs: comments, examples, icons and templates in no use are not in it.
    """
    with Control.read(control_path(data_folder(data))) as control:
        snapshot = require_live(control) if version is None else read_version(control, version)
    found = export_version(snapshot, load_templates(BUILT_IN))
    if out is None:
        typer.echo(found.files[CONTAINER], nl=False)
    else:
        _write(out, found, force)
    for line in _notes(found, out):
        typer.echo(line, err=True)


def schema(
    file: Path | None = typer.Argument(None, help="A container file, for the templates beside it.", exists=True),
) -> None:
    """Print the JSON Schema of container files, for editors, with the settings of every template."""
    templates = load_templates(BUILT_IN, *([file.parent / OWN] if file else []))
    typer.echo(orjson.dumps(container_schema(templates), option=orjson.OPT_INDENT_2))


def _write(out: Path, found: Export, force: bool) -> None:
    other = [path for path, text in found.files.items() if (out / path).exists() and not _says(out / path, text)]
    if other and not force:
        raise OperatorError(f"{out} has other content in {', '.join(other)}.", hint="Give --force to write over it.")
    for path, text in found.files.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(text.encode())
        typer.echo(out / path)


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _notes(found: Export, out: Path | None) -> list[str]:
    own = [path for path in found.files if path != CONTAINER]
    notes = []
    if own:
        listed = f"Its own templates are not printed: give --out. They are {', '.join(own)}."
        notes.append(listed if out is None else NOT_IN_A_VERSION)
    if found.differing:
        listed = ", ".join(found.differing)
        notes.append(
            f"This Firsthand brings other code than the version has, so that `apply` makes another one: {listed}."
        )
    return notes
