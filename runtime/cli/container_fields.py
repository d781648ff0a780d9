"""`firsthand container fields`: what conditions and settings can name, by the last stored events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import typer

from runtime.cli.container_match import apart, snapshot_of
from runtime.cli.options import data_folder, read_settings
from runtime.cli.output import print_table
from runtime.containers.policy import policy_in_force
from runtime.explain.fields import fields
from runtime.explain.seen_variables import MOST_S, seen_variables

COLUMNS = ["name", "types", "share", "values", "fault"]


def container_fields(
    draft: str = typer.Argument("", metavar="[live|FILE|workspace:NAME]", help="Tell of its variables instead."),
    search: str = typer.Option("", help="Only names that hold this text."),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object instead of lines."),
) -> None:
    """List the fields that the last stored events have, or the variables of a draft: types, share, frequent values."""
    folder = data_folder(data)
    if draft:
        snapshot = snapshot_of(folder, draft)
        found = apart(lambda timer: seen_variables(folder, snapshot, watch=timer), MOST_S)
        found["variables"] = [each for each in found["variables"] if search.casefold() in each["name"].casefold()]
    else:
        found = fields(folder, policy_in_force(read_settings(data))).find(search, limit=1 << 30)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    partial = f" Partial: {found['partial']}." if found["partial"] else ""
    typer.echo(f"Seen in the last {found['events']} events.{partial}")
    told = found["variables"] if draft else found["fields"]
    print_table([_row(each) for each in told], COLUMNS, empty="There is nothing of that name.")


def _row(told: dict[str, Any]) -> dict[str, Any]:
    values = ", ".join(_shown(each["value"]) for each in told["values"])
    name = told.get("path") or told["name"]
    return {**told, "name": name, "types": ", ".join(told["types"]), "share": f"{told['share']:.1%}", "values": values}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
