"""`firsthand user`: who may use the admin port, for the operator of the machine, who needs no sign-in."""

from __future__ import annotations

from pathlib import Path

import typer

from runtime.cli.options import data_folder, read_settings
from runtime.cli.output import print_json, print_table
from runtime.explain.explorer import iso
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.store.users import role_of

app = typer.Typer(help="Say who may use the admin port.", no_args_is_help=True)

_DATA = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data.")
_NAME = typer.Argument(help="Name that the user signs in with.")
_URL = typer.Option("", help="Address of the admin port, for the link; default the first of $FIRSTHAND_ADMIN_HOSTS.")


@app.command("list")
def list_(data: Path | None = _DATA, json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List the users."""
    with Control.read(control_path(data_folder(data))) as control:
        sessions = control.accounts.sessions()
        rows = [
            {
                "name": user.name, "role": user.role, "state": "disabled" if user.disabled else "active",
                "second_factor": "yes" if user.totp else "no",
                "by": "single sign-on" if user.subject else "password", "made": iso(user.made_at),
                "sessions": sum(each.user == user.id for each in sessions),
            }
            for user in control.accounts.users()
        ]  # fmt: skip
    if json:
        print_json(rows)
    else:
        empty = "There is no user yet: `firsthand serve` prints the link that makes the first admin."
        print_table(rows, ["name", "role", "state", "second_factor", "by", "sessions", "made"], empty=empty)


@app.command()
def invite(
    role: str = typer.Option("viewer", help="viewer, editor, publisher or admin."),
    url: str = _URL,
    data: Path | None = _DATA,
) -> None:
    """Make a one-time link for somebody new. It holds for two days."""
    settings = read_settings(data)
    with Control(control_path(settings.data_dir)) as control:
        _print_link(settings, url, control.accounts.invite(role_of(role)))


@app.command()
def reset(
    name: str = _NAME,
    second_factor: bool = typer.Option(False, "--second-factor", help="Take the second factor away, too."),
    url: str = _URL,
    data: Path | None = _DATA,
) -> None:
    """Make a one-time link by which a user sets a new password. It holds for two days."""
    settings = read_settings(data)
    with Control(control_path(settings.data_dir)) as control:
        user = control.accounts.known(name)
        if second_factor and user.totp:
            control.accounts.change(user.name, totp=None)
        _print_link(settings, url, control.accounts.invite(user.role, user))


@app.command()
def disable(name: str = _NAME, data: Path | None = _DATA) -> None:
    """Let a user in no more, and end its sessions. Tokens that it made stay: see `firsthand token list`."""
    with Control(control_path(read_settings(data).data_dir)) as control:
        user = control.accounts.change(name, disabled=1)
    typer.echo(f"{user.name} is disabled.")


@app.command()
def enable(name: str = _NAME, data: Path | None = _DATA) -> None:
    """Let a disabled user in again."""
    with Control(control_path(read_settings(data).data_dir)) as control:
        user = control.accounts.change(name, disabled=0)
    typer.echo(f"{user.name} is enabled.")


@app.command()
def role(
    name: str = _NAME,
    new: str = typer.Argument(metavar="ROLE", help="viewer, editor, publisher or admin."),
    data: Path | None = _DATA,
) -> None:
    """Give a user another role. Its sessions end."""
    with Control(control_path(read_settings(data).data_dir)) as control:
        user = control.accounts.change(name, role=role_of(new))
    typer.echo(f"{user.name} is {user.role} now.")


def _print_link(settings: Settings, url: str, secret: str) -> None:
    known = url or (f"https://{settings.admin_hosts[0]}" if settings.admin_hosts else "")
    typer.echo(f"{known.rstrip('/')}/welcome/{secret}")
    if not known:
        typer.echo("That is a path of the admin port: --url gives the whole link.", err=True)
