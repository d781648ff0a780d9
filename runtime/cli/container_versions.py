"""`firsthand container versions|publish|rollback`: what was published, and which version is live."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import typer

from runtime.cli.options import data_folder, read_settings
from runtime.cli.output import print_json, print_table
from runtime.cli.taking_effect import when_taken_up
from runtime.containers.drift import commits
from runtime.containers.read_only import require_writable
from runtime.containers.versions import read_version, require_environment
from runtime.errors import OperatorError
from runtime.explain.explorer import iso
from runtime.store.control import LIVE, Control
from runtime.store.files import control_path

COLUMNS = ["version", "live", "time", "who", "commit", "note", "hash"]

_SHORT = 12
"""Digits of a hash in a table; JSON has them all."""

_DATA = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data.")
_ENVIRONMENT = typer.Option(LIVE, help="The environment that shall run it.")


def versions(
    data: Path | None = _DATA, json: bool = typer.Option(False, "--json", help="Print JSON, one object a line.")
) -> None:
    """List all versions, the newest first."""
    with Control.read(control_path(data_folder(data))) as control:
        live, found, commit_of = control.live(), control.versions(), commits(control.audit_log())
    rows = [
        {
            "version": each.number,
            "live": live is not None and live[0] == each.number,
            "time": iso(each.created_at),
            "who": each.who,
            "commit": commit_of.get(each.number, ""),
            "note": each.note,
            "hash": each.hash,
        }
        for each in found
    ]
    if json:
        print_json(rows)
    else:
        print_table([_in_table(row) for row in rows], COLUMNS, empty="Nothing is published yet.")


def _in_table(row: dict[str, Any]) -> dict[str, Any]:
    short = {name: str(row[name])[:_SHORT] for name in ("hash", "commit")}
    return row | short | {"live": "live" if row["live"] else ""}


def publish(
    version: int = typer.Argument(..., min=1, help="A version's number, as `container versions` lists it."),
    environment: str = _ENVIRONMENT,
    data: Path | None = _DATA,
) -> None:
    """Make a version live that was published before."""
    _point(data, version, "publish", environment)


def rollback(
    version: int | None = typer.Argument(None, min=1, help="Default: the one that was live before this one."),
    environment: str = _ENVIRONMENT,
    data: Path | None = _DATA,
) -> None:
    """Make an earlier version live. A second rollback goes back further."""
    _point(data, version, "rollback", environment)


def _point(data: Path | None, version: int | None, what: Literal["publish", "rollback"], environment: str) -> None:
    require_writable(read_settings())
    folder = data_folder(data)
    with Control(control_path(folder)) as control:
        require_environment(control, environment)
        number = _latest(control.earlier(environment), environment) if version is None else version
        snapshot = read_version(control, number)  # What cannot be read must not become live.
        before = control.point(number, environment=environment, what=what)
    if before == number:
        typer.echo(f"Nothing to do: {runs(number, environment)} already.")
        return
    typer.echo(f"{runs(number, environment).capitalize()}{f', after version {before}' if before else ''}.")
    typer.echo(when_taken_up(folder, snapshot))


def runs(version: int, environment: str) -> str:
    """Returns in words that an environment runs a version."""
    return f"version {version} is live" if environment == LIVE else f"version {version} runs in {environment}"


def _latest(earlier: list[int], environment: str) -> int:
    if not earlier:
        raise OperatorError(
            f"No version was {environment} before this one, as far as the audit log tells.",
            hint="Name one: `firsthand container versions` lists them.",
        )
    return earlier[-1]
