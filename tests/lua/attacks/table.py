"""The form of the attack tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Row = tuple[str, str, str] | tuple[str, str, str, Any]
"""Name, body of a `map(event, settings)`, expectation, and for "ok" the returned value (a tuple where it is several).

The expectation is a fault kind, "ok" (the script ends normally), or "any" where both are harmless.
"""

Rows = list[Row]


@dataclass(frozen=True)
class Attack:
    """One script that must not escape, hang, crash, or change what the next call sees."""

    cls: str
    name: str
    body: str
    expect: str
    values: list[Any] | None
    """What it must return; None is anything."""


def attacks_of(*tables: dict[str, Rows]) -> tuple[Attack, ...]:
    """Returns all rows of the tables as attacks."""
    return tuple(_attack(cls, row) for table in tables for cls, rows in table.items() for row in rows)


def _attack(cls: str, row: Row) -> Attack:
    if len(row) == 3:
        return Attack(cls, *row, values=None)
    name, body, expect, value = row
    return Attack(cls, name, body, expect, list(value) if isinstance(value, tuple) else [value])
