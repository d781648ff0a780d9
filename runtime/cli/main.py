"""The program `firsthand`: mounts the command groups, and turns our own errors into plain words and an exit code.

A command's module is imported when it is called: all of them together take a second, which every call would pay.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from runtime import __version__
from runtime.errors import FirsthandError
from runtime.telemetry import configure
from runtime.text.redaction import clean_line

_COMMANDS = {
    "serve": ("serve", "serve"),
    "container": ("container", "app"),
    "workspace": ("workspace", "app"),
    "preview": ("preview", "preview"),
    "try": ("try_", "try_template"),
    "new-template": ("new_template", "new_template"),
    "events": ("events", "app"),
    "deliveries": ("deliveries", "app"),
    "quarantine": ("quarantine", "app"),
    "audit": ("audit", "app"),
    "secret": ("secret", "app"),
    "user": ("user", "app"),
    "token": ("token", "app"),
    "doctor": ("doctor", "doctor"),
    "send-test": ("send_test", "send_one"),
    "health": ("health", "health"),
    "bench": ("bench", "bench"),
}
"""Command to its module here and what it is there: a group, or the function of a single command."""


class _Commands(TyperGroup):
    """The commands, each loaded when somebody asks for it."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Returns the names in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Returns a command, None where there is none of that name."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        found = getattr(import_module(f"runtime.cli.{module}"), name)
        holder = typer.Typer(add_completion=False, rich_markup_mode=None, callback=_nothing)
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=cmd_name)
        else:
            holder.command(cmd_name)(found)
        group: Any = typer.main.get_command(holder)
        return group.commands[cmd_name]


def _nothing() -> None:
    """Makes a group also of a single command."""


app = typer.Typer(
    name="firsthand",
    cls=_Commands,
    help="A self-hosted, first-party tag server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"firsthand {__version__}")
        raise typer.Exit


@app.callback()
def options(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True)) -> None:
    """A self-hosted, first-party tag server."""


def main() -> None:
    """Entry point. An error that we raised ourselves is told without a traceback; log lines go to standard error."""
    configure("warning", redact=clean_line)
    try:
        app()
    except FirsthandError as error:
        typer.echo(f"firsthand: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
