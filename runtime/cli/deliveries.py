"""`firsthand deliveries`: attempts and dead letters on the terminal. What changes something is in replays.py."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import orjson
import typer

from runtime.cli import replays
from runtime.cli.options import data_folder
from runtime.cli.output import print_json, print_table
from runtime.explain.explorer import list_attempts, list_backlog, list_dead, list_waiting, show_attempt
from runtime.explain.letter import show_letter
from runtime.explain.selection import read_selection

app = typer.Typer(
    help="Look at attempts, dead letters and items that wait for another try; send them again.", no_args_is_help=True
)
replays.add_to(app)

ATTEMPT_COLUMNS = ["attempt", "time", "tag", "disposition", "status", "events", "ms", "reason"]
DEAD_COLUMNS = ["dead_letter", "time", "hit", "tag", "reason", "message", "event_id"]
WAITING_COLUMNS = ["hit", "due", "tag", "attempts", "reason", "event_id"]
BACKLOG_COLUMNS = ["tag", "shard", "cursor", "behind"]
NOTHING_WAITS = "No single item waits. While a destination fails as a whole, its hits wait: see --state backlog."


class State(StrEnum):
    """What to list."""

    ATTEMPTS = "attempts"
    DEAD = "dead"
    RETRY = "retry"
    BACKLOG = "backlog"


@app.command("list")
def list_(
    state: State = typer.Option(
        State.ATTEMPTS,
        help="attempts: requests sent · dead: given up · retry: items that wait for another try"
        " · backlog: hits that a tag has not passed yet.",
    ),
    tag: str = typer.Option("", help="Only this tag; `(pipeline)` for hits that could not be read."),
    reason: str = typer.Option("", help="With --state dead: only this reason."),
    event_name: str = typer.Option("", help="With --state dead: only events of this name."),
    event_id: str = typer.Option("", help="With --state dead: only this event_id."),
    hit: str = typer.Option("", help="With --state dead: only this hit, for example 0.17."),
    since: str = typer.Option("", help="With --state dead: the hit arrived since then: 2h, 7d, 2026-11-24T09:30."),
    until: str = typer.Option("", help="With --state dead: the hit arrived before then."),
    preview: bool = typer.Option(
        False, "--preview", help="With --state attempts: those for previews and environments beside live instead."
    ),
    limit: int = typer.Option(20, min=1, max=10_000, help="How many, the newest first."),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
    json: bool = typer.Option(False, "--json", help="Print JSON, one object a line."),
) -> None:
    """List what was sent, what was given up and why, or what waits."""
    folder = data_folder(data)
    if state is State.ATTEMPTS:
        rows = list_attempts(folder, limit=limit, tag=tag, previews=preview)
        columns, empty = ATTEMPT_COLUMNS, "No request was sent."
    elif state is State.DEAD:
        wanted = read_selection(
            tag=tag, reason=reason, event_name=event_name, event_id=event_id, hit=hit, since=since, until=until
        )
        rows, columns, empty = list_dead(folder, wanted, limit=limit), DEAD_COLUMNS, "Nothing dead."
    elif state is State.RETRY:
        rows, columns, empty = list_waiting(folder, limit=limit, tag=tag), WAITING_COLUMNS, NOTHING_WAITS
    else:
        rows, columns, empty = list_backlog(folder, tag=tag), BACKLOG_COLUMNS, "No router has run yet."
    if json:
        print_json(rows)
    else:
        print_table(rows, columns, empty=empty)


@app.command()
def show(
    id: str = typer.Argument(help="An attempt's or a dead letter's id, as `deliveries list` prints it."),
    dead: bool = typer.Option(False, "--dead", help="The id is a dead letter's."),
    data: Path | None = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data."),
) -> None:
    """Show one attempt, or one dead letter with its item, hit, event, request and the vendor's answers, as JSON."""
    folder = data_folder(data)
    record = show_letter(folder, id) if dead else show_attempt(folder, id)
    typer.echo(orjson.dumps(record, option=orjson.OPT_INDENT_2))
