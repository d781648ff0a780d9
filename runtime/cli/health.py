"""`firsthand health`: asks a running server whether it is ready. What a container's health check runs."""

from __future__ import annotations

import http.client

import orjson
import typer

from runtime.supervise.readiness import ask_ready


def health(
    host: str = typer.Option("127.0.0.1", help="Where the collector listens."),
    port: int = typer.Option(8080, help="The collector's port."),
) -> None:
    """Exit 0 where the server is ready; else print its reasons and exit 1."""
    try:
        status, body = ask_ready(host, port)
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        typer.echo(f"{host}:{port} does not answer: {why}. Does a server run, and on this port?", err=True)
        raise typer.Exit(1) from None
    typer.echo("ready" if status == 200 else f"not ready: {_reasons(body) or f'HTTP {status}'}")
    raise typer.Exit(0 if status == 200 else 1)


def _reasons(body: bytes) -> str:
    """Returns what /readyz says, "" where something else answered."""
    try:
        return ", ".join(map(str, orjson.loads(body)["reasons"]))
    except (ValueError, KeyError, TypeError):
        return ""
