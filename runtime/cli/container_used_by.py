"""`firsthand container used-by`: what would notice if a part were changed or removed."""

from __future__ import annotations

from pathlib import Path

import typer

from runtime.cli.options import data_folder
from runtime.cli.output import print_json, print_table
from runtime.containers.check_scripts import OWN
from runtime.containers.interchange import load_container
from runtime.containers.templates import BUILT_IN, Templates, load_templates
from runtime.containers.used_by import used_by as users_of
from runtime.containers.versions import require_live
from runtime.model.container import Container
from runtime.store.control import Control
from runtime.store.files import control_path

COLUMNS = ["path", "names", "how"]


def used_by(
    part: str = typer.Argument(
        ...,
        metavar="PART",
        help="tags.x, triggers.x, variables.x, folders.x, a template (destination/x), a module (shared/x) or a secret.",
    ),
    file: Path | None = typer.Argument(None, help="A container file; without it, what is live.", exists=True),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
    json: bool = typer.Option(False, "--json", help="Print JSON, one object a line."),
) -> None:
    """List every place that uses a part of a container, directly or through others, the nearest first."""
    found = users_of(*(_live(data) if file is None else _of_file(file)), part)
    if json:
        print_json([each._asdict() for each in found])
    else:
        rows = [
            {"path": each.path, "names": each.uses, "how": "" if each.distance == 1 else "indirectly"} for each in found
        ]
        print_table(rows, COLUMNS, empty=f"Nothing uses {part}.")


def _of_file(file: Path) -> tuple[Container, Templates]:
    return load_container(file), load_templates(BUILT_IN, file.parent / OWN)


def _live(data: Path | None) -> tuple[Container, Templates]:
    with Control.read(control_path(data_folder(data))) as control:
        live = require_live(control)
    return live.container, Templates(live.templates, live.shared)
