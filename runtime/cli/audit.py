"""`firsthand audit`: who made which version live and asked the routers for what, in a chain that shows changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from runtime.cli.options import data_folder
from runtime.cli.output import print_json, print_table
from runtime.explain.explorer import iso
from runtime.store.audit import AuditRow
from runtime.store.control import Control
from runtime.store.files import control_path

app = typer.Typer(help="Look at who changed what.", no_args_is_help=True)

COLUMNS = ["number", "time", "who", "what", "detail"]

_DATA = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data.")


@app.command("list")
def list_(
    limit: int = typer.Option(20, min=1, max=100_000, help="How many, the newest first."),
    data: Path | None = _DATA,
    json: bool = typer.Option(False, "--json", help="Print JSON, one object a line, with the hashes."),
) -> None:
    """List what was done, the newest first."""
    with Control.read(control_path(data_folder(data))) as control:
        log = control.audit_log()[::-1][:limit]
    if json:
        print_json([row._asdict() | {"time": iso(row.at), "detail": row.content} for row in log])
    else:
        table = [row._asdict() | {"time": iso(row.at), "detail": _told(row)} for row in log]
        print_table(table, COLUMNS, empty="Nothing was done yet.")


@app.command()
def verify(
    known: str = typer.Option("", help="A hash that this command printed earlier: its row must still be there."),
    data: Path | None = _DATA,
) -> None:
    """Check that no row was changed, removed or slipped in, and that versions and the live pointer are as told.

    Exit 1 where something is wrong. Keep the hash that it prints elsewhere, and give it as --known the next time:
    whoever can write the file can write all of it anew, and only a hash that lies elsewhere shows that.
    """
    with Control.read(control_path(data_folder(data))) as control:
        problems, log = control.verify(known), control.audit_log()
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    last = f", the last hash is {log[-1].hash}" if log else ""
    typer.echo(f"The log is whole: {len(log)} row{'' if len(log) == 1 else 's'}{last}")


def _told(row: AuditRow) -> str:
    said = row.content
    if row.what in ("publish", "rollback"):
        after = f" after {said['before']}" if said.get("before") else ""
        note = f": {said['note']}" if said.get("note") else ""
        return f"{said.get('environment')} runs version {said.get('version')}{after}{note}"
    if row.what == "environment":
        return _environment(said)
    if row.what.startswith("workspace_"):
        return _workspace(row.what.removeprefix("workspace_"), said)
    if row.what == "begin":
        return f"the log begins with {len(said.get('versions', {}))} versions"
    return row.detail


def _environment(said: dict[str, Any]) -> str:
    name = said.get("environment")
    if said.get("version") is None:
        return f"{name} was removed"
    hosts = ", ".join(said.get("hosts", ())) or "no host"
    return f"{name} runs version {said['version']} on {hosts}{', and sends' if said.get('sends') else ''}"


def _workspace(what: str, said: dict[str, Any]) -> str:
    note = f": {said['note']}" if said.get("note") else ""
    number, revision = said.get("workspace"), said.get("revision")
    told = {
        "created": f"workspace {number}, {said.get('name')}, is a draft of version {said.get('base')}",
        "renamed": f"workspace {number} is called {said.get('name')}, and no longer {said.get('before')}",
        "published": f"workspace {number} is closed: revision {revision} became version {said.get('version')}",
        "discarded": f"workspace {number} is closed: revision {revision} was discarded",
        "saved": f"workspace {number} has revision {revision}, made of {said.get('started_from')}",
        "merged": f"workspace {number} took in version {said.get('base')} with revision {revision}",
    }
    return f"{told.get(what, what)}{'' if what == 'merged' else note}"
