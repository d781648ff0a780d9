"""`firsthand container match`: which of the last stored events a trigger would match, and which it misses by one
condition. A draft's scripts may hang or crash: a process of its own runs them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer

from runtime.cli.dry_run import draft_of
from runtime.cli.isolated import CallTimer, Told, isolated
from runtime.cli.options import data_folder
from runtime.cli.output import printable
from runtime.containers.versions import require_live
from runtime.errors import OperatorError
from runtime.explain.match import MOST_S, match, read_conditions
from runtime.explain.recent_events import LAST
from runtime.model.container import Group
from runtime.model.snapshot import Snapshot
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.text.jsons import decode_json
from runtime.text.malformed import Malformed

LIVE = "live"
_SPARE_S = 15
"""Beside the time of the runs: what compiling the versions may take."""


def container_match(
    draft: str = typer.Argument(LIVE, metavar="[live|FILE|workspace:NAME]", help="Whose trigger and variables."),
    trigger: str = typer.Option("", help="Id of one of its triggers."),
    conditions: Path | None = typer.Option(
        None, help="Instead of a trigger: its conditions as JSON, as a container file has them; - is standard input."
    ),
    last: int = typer.Option(LAST, min=1, max=100_000, help="How many stored events, the newest."),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object instead of lines."),
) -> None:
    """Count the last stored events that a trigger would match, and show those that one condition keeps from it."""
    folder = data_folder(data)
    snapshot = snapshot_of(folder, draft)
    group = _group(snapshot, trigger, conditions)
    found = apart(lambda timer: match(folder, group, snapshot, last, watch=timer), MOST_S)
    typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2) if as_json else "\n".join(_lines(found)))


def snapshot_of(folder: Path, named: str) -> Snapshot:
    """Returns the live version, or what a file or a workspace would publish."""
    if named != LIVE:
        return draft_of(folder, named)
    with Control.read(control_path(folder)) as control:
        return require_live(control)


def apart(run: Callable[[CallTimer], Told], most_s: float) -> dict[str, Any]:
    """Returns the JSON of what runs in a process of its own; OperatorError where a script ended that."""
    allowed = int(most_s) + _SPARE_S
    found: dict[str, Any] = msgspec.json.decode(isolated(run, wall_s=2.0 * allowed, cpu_s=allowed))
    if "error" in found:
        raise OperatorError(str(found["error"]["message"]), hint="`firsthand container dry-run` names such a script.")
    return found


def _group(snapshot: Snapshot, trigger: str, conditions: Path | None) -> Group:
    if bool(trigger) == (conditions is not None):
        raise OperatorError("Which conditions are meant?", hint="Give either --trigger ID or --conditions FILE.")
    if conditions is not None:
        return read_conditions(_read(conditions))
    if trigger not in snapshot.container.triggers:
        known = ", ".join(snapshot.container.triggers) or "none"
        raise OperatorError(f"There is no trigger `{trigger}`.", hint=f"There are: {known}.")
    return snapshot.container.triggers[trigger]


def _read(file: Path) -> Any:
    try:
        return decode_json(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except OSError as error:
        raise OperatorError(f"Cannot read {file}: {error.strerror}.", hint="Name a file that exists.") from error
    except Malformed as error:
        raise OperatorError(f"The conditions are no JSON: {error.message}.", hint='Such as {"all": []}.') from error


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"Matches {found['matches']} of the last {found['events']} events ({found['share']:.1%})."
    if found["partial"]:
        yield f"Partial: {found['partial']}."
    if found["undecided"]:
        yield f"{found['undecided']} more are undecided: a look-up is not recorded, or a script is quarantined."
    yield from (printable(f"{count} x {fault}") for fault, count in found["faults"].items())
    yield from (printable(f"There is no variable `{name}`.") for name in found["unknown_variables"])
    yield from (_event(row) for row in found["hits"])
    if found["near"]:
        yield f"One condition short: {found['near']}"
    for row in found["near_misses"]:
        shown = (f"{each['path']} was {msgspec.json.encode(each['actual']).decode()}" for each in row["failing"])
        yield printable(f"{_event(row)}: {'; '.join(shown)}")


def _event(row: dict[str, Any]) -> str:
    return printable(f"  {row['id']}  {row['time']}  {row['name']}")
