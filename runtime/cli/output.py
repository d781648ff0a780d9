"""How commands print: JSON lines for programs, plain tables for people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson
import typer

WIDEST = 100
"""Characters of a table's cell; JSON has the whole."""

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Returns text with control characters as \u escapes: what a visitor sent must not steer a terminal."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def print_json(rows: Sequence[dict[str, Any]]) -> None:
    """Prints one object a line."""
    for row in rows:
        typer.echo(orjson.dumps(row))


def print_table(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, empty: str) -> None:
    """Prints aligned columns; those that hold nothing anywhere are left out."""
    if not rows:
        typer.echo(empty)
        return
    columns = [name for name in columns if any(row.get(name) not in ("", None) for row in rows)]
    table = [columns, *([_cell(row.get(name, "")) for name in columns] for row in rows)]
    widths = [max(len(line[place]) for line in table) for place in range(len(columns))]
    for line in table:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    text = printable(str(value))
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
