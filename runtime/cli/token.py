"""`firsthand token`: what programs use the admin API with."""

from __future__ import annotations

from pathlib import Path

import typer

from runtime.cli.options import data_folder, read_settings
from runtime.cli.output import print_json, print_table
from runtime.explain.explorer import iso
from runtime.store.audit import os_user
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.store.users import role_of

app = typer.Typer(help="Give programs access to the admin API.", no_args_is_help=True)

_DATA = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data.")
_COLUMNS = ["id", "name", "role", "ends_with", "made", "by", "used", "expires"]
_DAY_S = 86400


@app.command("make")
def make(
    name: str = typer.Argument(help="What it is for."),
    role: str = typer.Option("viewer", help="viewer, editor, publisher or admin."),
    expires: int | None = typer.Option(None, min=1, max=9999, help="Days until it expires; default never."),
    data: Path | None = _DATA,
) -> None:
    """Make a token and print it: it is shown this once."""
    with Control(control_path(read_settings(data).data_dir)) as control:
        valid_s = expires * _DAY_S if expires else None
        typer.echo(control.accounts.add_token(name, role_of(role), os_user(), valid_s=valid_s))


@app.command("list")
def list_(data: Path | None = _DATA, json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List the tokens, the newest first."""
    with Control.read(control_path(data_folder(data))) as control:
        rows = [
            {
                "id": token.id, "name": token.name, "role": token.role, "ends_with": token.ending,
                "made": iso(token.made_at), "by": token.made_by, "used": iso(token.used_at) if token.used_at else "",
                "expires": iso(token.expires_at) if token.expires_at else "never",
            }
            for token in control.accounts.tokens()
        ]  # fmt: skip
    if json:
        print_json(rows)
    else:
        print_table(rows, _COLUMNS, empty="No program has a token.")


@app.command()
def revoke(id: int = typer.Argument(help="Its number in `firsthand token list`."), data: Path | None = _DATA) -> None:
    """End a token."""
    with Control(control_path(read_settings(data).data_dir)) as control:
        control.accounts.revoke(id)
    typer.echo(f"The token {id} is revoked.")
