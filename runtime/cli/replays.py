"""`firsthand deliveries replay|reroute|cancel|discard|jobs`: what an operator asks of the routers.

Each command is one row of the control database, written here in one short transaction: the admin process, which will
own that file, does not write it yet. Routers that run take it within a second, others when they start.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import typer

from runtime.cli.options import data_folder
from runtime.cli.output import print_json, print_table
from runtime.errors import OperatorError
from runtime.explain.explorer import list_backlog
from runtime.explain.jobs import list_jobs
from runtime.explain.programs import Programs
from runtime.explain.replay import count, require_tag
from runtime.explain.selection import read_selection
from runtime.model.command import Cancel, Command, Discard, Replay, Reroute
from runtime.store.control import Control
from runtime.store.files import control_path

COUNT_COLUMNS = [
    "tag", "matched", "replayed", "delivered_before", "waiting", "too_old", "nothing", "failed", "gone", "no_tag",
]  # fmt: skip
JOB_COLUMNS = ["command", "time", "kind", "tag", "state", "remaining", *COUNT_COLUMNS[1:]]
WORDS = (
    "replayed: would be sent · delivered_before: the vendor has it · waiting: on its way already · too_old: past the"
    " vendor's limit · nothing: no item comes of it now · failed: a script fails · gone: past retention ·"
    " no_tag: the live version has no such tag"
)

HOW = "Nothing was done yet. To do it, give the same command with --yes."

_DATA = typer.Option(None, help="Data folder; default $FIRSTHAND_DATA_DIR or ./data.")
_YES = typer.Option(False, "--yes", help="Do it; without this, only say what would be done.")


class Which(StrEnum):
    """What a replay is about."""

    DEAD = "dead"
    UNDELIVERED = "undelivered"
    ALL = "all"


class Version(StrEnum):
    """By which version a replay makes its items."""

    ORIGINAL = "original"
    CURRENT = "current"


def add_to(app: typer.Typer) -> None:
    """Adds these commands to a group."""
    for command in (replay, reroute, cancel, discard, jobs):
        app.command()(command)


def replay(
    which: Which = typer.Option(
        Which.DEAD,
        help="dead: dead letters · undelivered: what hits make now that the vendor has not taken"
        " · all: beside these what it has taken, with the same event ids.",
    ),
    tag: str = typer.Option("", help="Only this tag; `(pipeline)` for hits that could not be read."),
    reason: str = typer.Option("", help="With --which dead: only this reason."),
    event_name: str = typer.Option("", help="Only events of this name."),
    event_id: str = typer.Option("", help="Only this event_id."),
    hit: str = typer.Option("", help="Only this hit, for example 0.17."),
    since: str = typer.Option("", help="Hits that arrived since then: 2h, 7d, 2026-11-24T09:30."),
    until: str = typer.Option("", help="Hits that arrived before then."),
    version: Version = typer.Option(
        Version.ORIGINAL, help="original: by the version that the hit arrived on · current: by the live one."
    ),
    rate: float = typer.Option(100.0, min=0.01, max=100_000, help="Items a second and shard, at most."),
    yes: bool = _YES,
    data: Path | None = _DATA,
    json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Send items again, with their event ids; live traffic goes first. Without --yes: count what that would be."""
    selection = read_selection(
        which=which.value, tag=tag, reason=reason, event_name=event_name, event_id=event_id, hit=hit,
        since=since, until=until,
    )  # fmt: skip
    command, folder = Replay(selection=selection, version=version.value, rate=rate), data_folder(data)
    require_tag(folder, selection.tag)
    if yes:
        _give(folder, command)
        return
    counted = count(folder, command)
    if json:
        print_json([counted])
        return
    print_table(counted["tags"], COUNT_COLUMNS, empty="Nothing is like that.")
    if counted["tags"]:
        typer.echo(WORDS if counted["complete"] else f"At least so many: the count took too long.\n{WORDS}")
        typer.echo(HOW)


def reroute(
    tag: str = typer.Argument(help="The tag whose backlog is stuck."),
    from_: int = typer.Option(..., "--from", min=1, help="The version that its hits arrived on."),
    yes: bool = _YES,
    data: Path | None = _DATA,
) -> None:
    """Release a tag's backlog of a version with the live one: from then on, its `map` is the live version's."""
    folder = data_folder(data)
    live = Programs(control_path(folder)).live()
    if tag not in live.container.tags:
        raise OperatorError(f"The live version {live.number} has no tag {tag}.", hint="A reroute needs one that has.")
    if from_ == live.number:
        raise OperatorError(f"Version {from_} is the live one.", hint="Publish the corrected version first.")
    if yes:
        _give(folder, Reroute(of=tag, version=from_))
        return
    print_table(list_backlog(folder, tag=tag), ["tag", "shard", "cursor", "behind"], empty="No router has run yet.")
    typer.echo(
        f"Hits that arrived on version {from_} are mapped for {tag} by version {live.number}, also those that come yet;"
        " so are its parked items, and dead letters that the old script caused. This cannot be taken back."
    )
    typer.echo(HOW)


def cancel(
    number: int = typer.Argument(help="The command's number, as `deliveries jobs` prints it."),
    data: Path | None = _DATA,
) -> None:
    """End a replay that is under way; what it has handed over already is sent."""
    _give(data_folder(data), Cancel(command=number))


def discard(
    tag: str = typer.Argument(help="A tag that the live version lacks."),
    yes: bool = _YES,
    data: Path | None = _DATA,
) -> None:
    """Give up the backlog of a removed tag, counted, so that it no longer holds the log."""
    folder = data_folder(data)
    live = Programs(control_path(folder)).live()
    if tag in live.container.tags:
        raise OperatorError(f"The live version has the tag {tag}.", hint="Only a removed tag's backlog is discarded.")
    if yes:
        _give(folder, Discard(of=tag))
        return
    print_table(list_backlog(folder, tag=tag), ["tag", "shard", "cursor", "behind"], empty="No such tag has a backlog.")
    typer.echo(HOW)


def jobs(
    limit: int = typer.Option(20, min=1, max=10_000, help="How many, the newest first."),
    data: Path | None = _DATA,
    json: bool = typer.Option(False, "--json", help="Print JSON, one object a line, with each shard's answer."),
) -> None:
    """List what was asked of the routers, and how far they are."""
    rows = list_jobs(data_folder(data), limit=limit)
    if json:
        print_json(rows)
    else:
        print_table([_without_zeros(row) for row in rows], JOB_COLUMNS, empty="Nothing was asked for yet.")


def _give(folder: Path, command: Command) -> None:
    with Control(control_path(folder)) as control:
        number = control.command(command)
    typer.echo(f"Command {number} is stored. See `firsthand deliveries jobs`.")


def _without_zeros(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value != 0}
