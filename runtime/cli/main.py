"""The program `firsthand`: mounts the command groups, and turns our own errors into plain words and an exit code."""

from __future__ import annotations

import sys

import typer

from runtime import __version__
from runtime.cli import audit, bench, container, deliveries, events, health, new_template, quarantine, serve, try_
from runtime.errors import FirsthandError
from runtime.telemetry import configure
from runtime.text.redaction import environment_redactor

app = typer.Typer(
    name="firsthand",
    help="A self-hosted, first-party tag server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("serve")(serve.serve)
app.add_typer(container.app, name="container")
app.command("try")(try_.try_template)
app.add_typer(events.app, name="events")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(audit.app, name="audit")
app.command("new-template")(new_template.new_template)
app.command("health")(health.health)
app.command("bench")(bench.bench)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"firsthand {__version__}")
        raise typer.Exit


@app.callback()
def options(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True)) -> None:
    """A self-hosted, first-party tag server."""


def main() -> None:
    """Entry point. An error that we raised ourselves is told without a traceback; log lines go to standard error."""
    configure("warning", redact=environment_redactor().line)
    try:
        app()
    except FirsthandError as error:
        typer.echo(f"firsthand: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
