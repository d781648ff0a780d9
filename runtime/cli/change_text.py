"""How the difference of two versions is printed: a mark and a path, then what stood there and what stands there now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from runtime.cli.output import printable
from runtime.containers.diff import Change, Changes
from runtime.containers.yaml_text import yaml_text

_MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow"), "reordered": ("~", "yellow")}
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
BUILT_IN = "comes with this Firsthand:"


def change_lines(changes: Changes) -> list[str]:
    """Returns all that differs as lines; what nobody wrote, because it comes with Firsthand, at the end."""
    lines = [line for change in changes.own for line in _of_change(change)]
    if changes.built_in:
        lines += [BUILT_IN, *(f"  {line}" for change in changes.built_in for line in _of_change(change))]
    return lines


def _of_change(change: Change) -> Iterator[str]:
    mark, colour = _MARKS[change.change]
    order = " (order)" if change.change == "reordered" else ""
    yield typer.style(f"{mark} {printable(change.path)}{order}", fg=colour, bold=True)
    if change.text:
        yield from diff_lines(change.text)
    elif change.change in ("added", "removed"):
        value = change.after if change.change == "added" else change.before
        yield from (f"    {line}" for line in shown(value))
    else:
        for word, value, its in (("before", change.before, "red"), ("after", change.after, "green")):
            first, *more = shown(value)
            yield typer.style(f"    {word:<6}  {first}", fg=its)
            yield from (typer.style(f"{'':12}{line}", fg=its) for line in more)


def diff_lines(text: str) -> Iterator[str]:
    """Yields the lines of a unified diff."""
    for line in text.split("\n"):
        yield f"    {typer.style(_clean(line), fg=_COLOURS.get(line[:1]))}"


def shown(value: Any) -> list[str]:
    """Returns the lines of a value as it stands in a file."""
    if isinstance(value, Mapping) and value:
        return [_clean(line) for line in yaml_text(value).splitlines()]
    member = yaml_text({"x": value}).removeprefix("x:").removesuffix("\n")
    return [_clean(line.removeprefix(" ").removeprefix(" ")) for line in member.split("\n")]


def _clean(line: str) -> str:
    return printable(line.replace("\t", "    "))
