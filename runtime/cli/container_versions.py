"""`firsthand container versions|publish|rollback`: what was published, and which version is live."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import typer

from runtime.cli.options import data_folder
from runtime.cli.output import print_json, print_table
from runtime.cli.taking_effect import when_taken_up
from runtime.containers.versions import read_version
from runtime.errors import OperatorError
from runtime.explain.explorer import iso
from runtime.store.control import Control
from runtime.store.files import control_path

COLUMNS = ["version", "live", "time", "note", "hash"]

_DATA = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data.")


def versions(
    data: Path | None = _DATA, json: bool = typer.Option(False, "--json", help="Print JSON, one object a line.")
) -> None:
    """List all versions, the newest first."""
    with Control.read(control_path(data_folder(data))) as control:
        live, found = control.live(), control.versions()
    rows = [
        {
            "version": each.number,
            "live": live is not None and live[0] == each.number,
            "time": iso(each.created_at),
            "note": each.note,
            "hash": each.hash,
        }
        for each in found
    ]
    if json:
        print_json(rows)
    else:
        table = [row | {"live": "live" if row["live"] else "", "hash": str(row["hash"])[:12]} for row in rows]
        print_table(table, COLUMNS, empty="Nothing is published yet.")


def publish(
    version: int = typer.Argument(..., min=1, help="A version's number, as `container versions` lists it."),
    data: Path | None = _DATA,
) -> None:
    """Make a version live that was published before."""
    _point(data_folder(data), version, "publish")


def rollback(
    version: int | None = typer.Argument(None, min=1, help="Default: the one that was live before this one."),
    data: Path | None = _DATA,
) -> None:
    """Make an earlier version live. A second rollback goes back further."""
    _point(data_folder(data), version, "rollback")


def _point(folder: Path, version: int | None, what: Literal["publish", "rollback"]) -> None:
    with Control(control_path(folder)) as control:
        number = _latest(control.earlier()) if version is None else version
        snapshot = read_version(control, number)  # What cannot be read must not become live.
        before = control.point(number, what=what)
    if before == number:
        typer.echo(f"Nothing to do: version {number} is live already.")
        return
    typer.echo(f"Version {number} is live{f', after version {before}' if before else ''}.")
    typer.echo(when_taken_up(folder, snapshot))


def _latest(earlier: list[int]) -> int:
    if not earlier:
        raise OperatorError(
            "No version was live before this one, as far as the audit log tells.",
            hint="Name one: `firsthand container versions` lists them.",
        )
    return earlier[-1]
