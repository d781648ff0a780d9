"""`firsthand container environments|environment`: where which version runs, beside `live`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from runtime.cli.options import data_folder, read_settings
from runtime.cli.output import print_json, print_table
from runtime.containers.environments import set_environment
from runtime.containers.read_only import require_writable
from runtime.errors import OperatorError
from runtime.store.control import LIVE, Control, Environment
from runtime.store.files import control_path

_COLUMNS = ["environment", "version", "hosts", "sends"]
_DATA = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data.")


def environments(
    data: Path | None = _DATA, json: bool = typer.Option(False, "--json", help="Print JSON, one object a line.")
) -> None:
    """List the environments: the version of each, the hosts on which it answers, and whether its tags send."""
    with Control.read(control_path(data_folder(data))) as control:
        rows = [_row(each) for each in control.environments()]
    if json:
        print_json(rows)
    else:
        print_table([_in_words(row) for row in rows], _COLUMNS, empty="Nothing is published yet.")


def environment(
    name: str = typer.Argument(..., help="A new one runs what is live, until another version is published to it."),
    hosts: str | None = typer.Option(None, help="Host names on which it answers, with commas between them."),
    sends: bool | None = typer.Option(
        None, "--sends/--no-sends", help="Whether its tags send; not, unless it is said."
    ),
    remove: bool = typer.Option(False, "--remove", help="Remove it: its hosts run what is live again."),
    data: Path | None = _DATA,
    json: bool = typer.Option(False, "--json", help="Print one JSON object instead of a line."),
) -> None:
    """Make an environment beside `live`, change where it answers and whether it sends, or remove it."""
    require_writable(read_settings())
    if remove and (hosts is not None or sends is not None):
        raise OperatorError("--remove excludes --hosts and --sends.", hint="Give one or the other.")
    with Control(control_path(data_folder(data))) as control:
        if remove:
            control.remove_environment(name)
            print_json([{"environment": name, "removed": True}]) if json else typer.echo(f"{name} was removed.")
            return
        given = None if hosts is None else [host for host in hosts.split(",") if host.strip()]
        found = set_environment(control, name, given, sends=sends)
    if json:
        print_json([_row(found)])
    else:
        where = ", ".join(found.hosts) or "no host, so that nothing reaches it: give --hosts"
        sending = "its tags send" if found.sends else "its tags build their requests and send nothing"
        typer.echo(f"{name} runs version {found.version} on {where}; {sending}.")


def _row(found: Environment) -> dict[str, Any]:
    sends = found.name == LIVE or found.sends
    return {"environment": found.name, "version": found.version, "hosts": list(found.hosts), "sends": sends}


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    hosts = "all that are no other's" if row["environment"] == LIVE else ", ".join(row["hosts"])
    return row | {"hosts": hosts, "sends": "sends" if row["sends"] else ""}
