"""Whether an environment runs what was last applied from a file, and who moved it since.

The audit log tells: `apply`, and `serve --container`, note the file's name with the version that they publish.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from runtime.store.audit import AuditRow


@dataclass(frozen=True)
class Move:
    """An environment was pointed at a version."""

    version: int
    at: float
    """Unix seconds."""
    who: str
    what: str
    """publish or rollback."""
    note: str = ""
    file: str = ""
    """Name of the file that it was applied from; empty = it came about in another way."""
    commit: str = ""


@dataclass(frozen=True)
class Drift:
    """What the log says of an environment since a file was last applied to it."""

    applied: Move | None
    """None where no file ever was, as far as the log tells."""
    since: list[Move] = field(default_factory=list)
    """Where the environment was pointed at something else since, the oldest first; empty where it is what was applied.
    """


def drift(log: Iterable[AuditRow], environment: str) -> Drift:
    """Returns what the audit log, the oldest row first, says of an environment."""
    applied: Move | None = None
    since: list[Move] = []
    for row in log:
        if row.what not in ("publish", "rollback") or row.content.get("environment") != environment:
            continue
        move = _move(row)
        if move.file:
            applied, since = move, []
        else:
            since.append(move)
    if since and applied and since[-1].version == applied.version:
        since = []  # Somebody went back to it.
    return Drift(applied, since)


def commits(log: Iterable[AuditRow]) -> dict[int, str]:
    """Returns the commit that each version was made of, by its number, where one was given."""
    made = (row for row in log if row.what == "publish" and row.content.get("made"))
    return {each.version: each.commit for each in map(_move, made) if each.commit}


def _move(row: AuditRow) -> Move:
    said: dict[str, Any] = row.content
    words = (str(said.get(key, "")) for key in ("note", "file", "commit"))
    return Move(int(said.get("version", 0)), row.at, row.who, row.what, *words)
