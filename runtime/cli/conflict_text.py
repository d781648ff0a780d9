"""How conflicts of a merge are printed, and how they are decided on the command line."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast, get_args

import orjson
import typer

from runtime.cli.change_text import diff_lines, shown
from runtime.cli.output import printable
from runtime.containers.diff import unified
from runtime.containers.interchange import parse_document
from runtime.containers.merge import Given, Resolution, Side
from runtime.errors import ABSENT, Conflict, ContainerInvalid, MergeConflict

RESOLVE = typer.Option([], metavar="PATH=mine|theirs", help="Which side of a conflict holds. May be repeated.")
GIVE = typer.Option([], metavar="PATH=YAML", help="What stands in the place of both sides. May be repeated.")
SEEN = typer.Option(
    None, min=1, help="The revision or version that the conflicts were told of, so that it holds still."
)


def resolutions_of(resolve: Sequence[str], give: Sequence[str]) -> dict[str, Resolution]:
    """Returns what the options say, by path."""
    found: dict[str, Resolution] = {}
    for each in resolve:
        path, _, side = each.rpartition("=")
        if side not in get_args(Side):
            raise typer.BadParameter(f"`{each}` is not PATH=mine or PATH=theirs", param_hint="--resolve")
        found[path] = cast(Side, side)
    for each in give:
        path, _, text = each.partition("=")
        found[path] = Given(yaml_value(text))
    return found


def yaml_value(text: str) -> object:
    """Returns what a YAML or JSON text says; ContainerInvalid where it is none."""
    value, problems = parse_document(text.encode())
    if problems:
        raise ContainerInvalid(problems)
    return value


@contextmanager
def conflicts_told(as_json: bool = False) -> Iterator[None]:
    """Tells what conflicts there are in place of what could not be done, and exits with 1."""
    try:
        yield
    except MergeConflict as error:
        if as_json:
            found = [each.as_dict() for each in error.conflicts]
            typer.echo(orjson.dumps({"saved": False, "theirs": error.theirs, "conflicts": found}))
        else:
            typer.echo("\n".join(conflict_lines(error)), err=True)
        sys.exit(1)


def conflict_lines(error: MergeConflict) -> Iterator[str]:
    """Yields all conflicts with what each side has there, and how to go on."""
    count = len(error.conflicts)
    places = "This place was" if count == 1 else f"These {count} places were"
    yield f"{places} changed on both sides, so nothing was saved:"
    for conflict in error.conflicts:
        yield typer.style(f"! {printable(conflict.path)}", fg="yellow", bold=True)
        yield from _sides(conflict)
    yield "Say which side holds, and give the command again with all of these:"
    for conflict in error.conflicts:
        yield f"  --resolve {shlex.quote(printable(conflict.path) + '=')}mine   (or theirs; or --give PATH=YAML)"
    yield f"  --seen {error.theirs}"


def _sides(conflict: Conflict) -> Iterator[str]:
    sides = (("base", conflict.base), ("mine", conflict.mine), ("theirs", conflict.theirs))
    is_file = "/" in conflict.path or any(isinstance(side, str) and "\n" in side for _, side in sides)
    for name, side in sides:
        if side is ABSENT:
            yield f"    {name:<6}  (nothing)"
        elif not is_file:
            first, *more = shown(side)
            yield f"    {name:<6}  {first}"
            yield from (f"{'':12}{line}" for line in more)
        elif name != "base":
            yield f"    {name}, against what both started from:"
            before = "" if conflict.base is ABSENT else conflict.base
            yield from (f"    {line}" for line in list(diff_lines(unified("", before, side)))[2:])
