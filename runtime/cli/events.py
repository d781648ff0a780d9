"""`firsthand events`: the explorer on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import typer

from runtime.cli.beside_text import beside_text, look_beside
from runtime.cli.options import data_folder
from runtime.cli.output import print_json, print_table
from runtime.cli.trace_text import trace_text
from runtime.explain.search import list_events
from runtime.explain.trace import explain

app = typer.Typer(help="Look at stored events.", no_args_is_help=True)


@app.command("list")
def list_(
    limit: int = typer.Option(20, min=1, max=10_000, help="How many, the newest first."),
    name: str = typer.Option("", help="Only events of this name."),
    client: str = typer.Option("", help="Only events of this client."),
    event_id: str = typer.Option("", help="Only events of this event_id."),
    preview: bool = typer.Option(
        False, "--preview", help="Events of previews and of environments beside live, in place of live ones."
    ),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
    json: bool = typer.Option(False, "--json", help="Print JSON, one object a line."),
) -> None:
    """List the newest events and what became of them for each tag."""
    rows = list_events(data_folder(data), limit=limit, name=name, client=client, event_id=event_id, previews=preview)
    if json:
        print_json(rows)
    else:
        print_table(
            [_shown(row) for row in rows],
            ["id", "time", "name", "client", "event_id", "tags", "flags"],
            empty="No event is like that." if name or client or event_id else "No events yet.",
        )


@app.command()
def show(
    id: str = typer.Argument(help="A hit's id, for example 0.17, or one event of it: 0.17/2."),
    with_: str = typer.Option(
        "", "--with", metavar="VERSION|workspace:NAME", help="Show what that makes of it, beside the hit's own version."
    ),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
    json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show one hit from the request to the vendor's answer: claim, events, consent, triggers, requests, attempts."""
    folder = data_folder(data)
    record, text = (look_beside(folder, id, with_), beside_text) if with_ else (explain(folder, id), trace_text)
    typer.echo(orjson.dumps(record, option=orjson.OPT_INDENT_2) if json else text(record))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    place = f"{row['id']}/{row['position']}" if row["position"] > 0 else row["id"]
    tags = ", ".join(f"{tag}: {state}" for tag, state in sorted(row["tags"].items()))
    return row | {"id": place, "tags": tags, "flags": ", ".join(row["flags"])}
