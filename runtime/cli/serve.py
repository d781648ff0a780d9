"""`firsthand serve`: publishes the container where it differs from what is live, and runs the server."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from runtime.app import Listen, start
from runtime.cli.options import read_settings, unknown_settings
from runtime.cli.problem_text import problem_lines
from runtime.errors import ContainerInvalid
from runtime.telemetry import configure, log
from runtime.text.redaction import clean_line


def serve(
    container: Path | None = typer.Option(
        None, help="Container file to publish where it differs from what is live.", exists=True, dir_okay=False
    ),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
    host: str = typer.Option("127.0.0.1", help="Address the collector listens on."),
    port: int = typer.Option(8080, help="The collector's port."),
    admin_host: str = typer.Option("127.0.0.1", help="Address of the admin port; others need $FIRSTHAND_ADMIN_HOSTS."),
    admin_port: int = typer.Option(8081, help="The admin port."),
    workers: int = typer.Option(1, min=1, max=64, help="Pairs of an edge and a router process."),
) -> None:
    """Run the server until it is told to stop."""
    settings = read_settings(data)
    configure(settings.log_level, redact=clean_line, process="supervisor")
    for name in unknown_settings(os.environ):
        log().warning("unknown_setting", name=name, hint="It is spelt otherwise, or of another release.")
    try:
        code = start(settings, container, Listen(host, port, admin_host, admin_port), workers)
    except ContainerInvalid as error:
        typer.echo(problem_lines(str(container or "the demo"), list(error.problems)), err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(code)
