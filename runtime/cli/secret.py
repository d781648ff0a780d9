"""`firsthand secret`: what tags and clients prove themselves with, kept sealed in the data folder."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from runtime.cli.options import read_settings
from runtime.cli.output import print_json, print_table
from runtime.errors import OperatorError
from runtime.explain.explorer import iso
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.store.secrets import key_file, new_vault, stored_name, vault_of
from runtime.text.vault import Vault

app = typer.Typer(help="Set the secrets that containers name as secret:NAME.", no_args_is_help=True)

_DATA = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data.")


@app.command("set")
def set_(name: str = typer.Argument(help="NAME of secret:NAME."), data: Path | None = _DATA) -> None:
    """Set a secret, from standard input. A server that runs takes it up within a second."""
    settings = read_settings(data)
    if sys.stdin.isatty():
        value = typer.prompt("Value", hide_input=True, confirmation_prompt=True)
    else:
        value = sys.stdin.read().rstrip("\r\n")
    vault = new_vault(key_file(settings.data_dir, settings.master_key_file))
    with Control(control_path(settings.data_dir)) as control:
        control.secrets.put(name, value, vault)
    typer.echo(f"The secret {stored_name(name)} is set.")


@app.command("list")
def list_(data: Path | None = _DATA, json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List the secrets that are set, without their values."""
    with Control(control_path(read_settings(data).data_dir)) as control:
        rows = [
            {"name": row.name, "set": iso(row.set_at), "by": row.who, "ends_with": row.ending}
            for row in control.secrets.rows()
        ]
    if json:
        print_json(rows)
    else:
        print_table(rows, ["name", "set", "by", "ends_with"], empty="No secret is set here.")


@app.command()
def remove(name: str = typer.Argument(help="NAME of secret:NAME."), data: Path | None = _DATA) -> None:
    """Remove a secret. Tags that need it stop, and lose nothing."""
    with Control(control_path(read_settings(data).data_dir)) as control:
        control.secrets.remove(name)
    typer.echo(f"The secret {stored_name(name)} is removed.")


@app.command()
def rotate(
    new_key: Path = typer.Argument(help="Where the new master key lies, or is to be made."),
    data: Path | None = _DATA,
) -> None:
    """Seal all secrets with another master key. Name it in FIRSTHAND_MASTER_KEY_FILE afterwards, and start anew."""
    settings = read_settings(data)
    file = key_file(settings.data_dir, settings.master_key_file)
    old = vault_of(file)
    if old is None:
        raise OperatorError(f"There is no master key at {file}.", hint="Nothing is sealed yet: set a secret first.")
    new: Vault = new_vault(new_key)
    with Control(control_path(settings.data_dir)) as control:
        count = control.secrets.rotate(old, new)
    typer.echo(f"{count} secrets are sealed with {new_key}. Set FIRSTHAND_MASTER_KEY_FILE to it and start anew.")
