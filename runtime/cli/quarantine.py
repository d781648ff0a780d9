"""`firsthand quarantine`: scripts that hung or crashed a router and are called no more."""

from __future__ import annotations

from pathlib import Path

import typer

from runtime.cli.options import data_folder
from runtime.cli.output import print_json, print_table
from runtime.errors import OperatorError
from runtime.explain.explorer import iso
from runtime.model.command import LiftQuarantine
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.store.quarantine import read_quarantine

app = typer.Typer(
    help="Look at scripts that hung a router and are called no more, and lift that.", no_args_is_help=True
)

COLUMNS = ["script", "since", "cause", "hit", "shard"]


@app.command("list")
def list_(
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
    json: bool = typer.Option(False, "--json", help="Print JSON, one object a line."),
) -> None:
    """List the scripts that are called no more, the oldest first."""
    rows = [
        {"script": row.script, "since": iso(row.since_ms / 1000), "cause": row.cause, "hit": row.hit, "shard": shard}
        for shard, row in read_quarantine(data_folder(data))
    ]
    if json:
        print_json(rows)
    else:
        print_table(rows, COLUMNS, empty="No script is quarantined.")


@app.command()
def lift(
    script: str = typer.Argument(help="The script, as `quarantine list` prints it."),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
) -> None:
    """Let a script run again: within a second where the server runs, else from its next start on."""
    folder = data_folder(data)
    if script not in {row.script for _, row in read_quarantine(folder)}:
        raise OperatorError(f"`{script}` is not quarantined.", hint="`firsthand quarantine list` shows what is.")
    with Control(control_path(folder)) as control:
        number = control.command(LiftQuarantine(script=script))
    typer.echo(f"Command {number}: {script} runs again within a second, or from the next start of the server on.")
