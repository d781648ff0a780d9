"""How it is told that an environment runs something else than what was last applied to it."""

from __future__ import annotations

from runtime.cli.output import printable
from runtime.containers.drift import Drift, Move
from runtime.explain.explorer import iso

_WORDS = {"publish": "was published", "rollback": "was rolled back to"}


def drift_lines(found: Drift) -> list[str]:
    """Returns what was applied last and what happened since; nothing where that is what runs."""
    if not found.since:
        return []
    first = "No file was applied here" if found.applied is None else f"Last applied was {_applied(found.applied)}"
    return [f"{first}. {'Since then' if found.applied else 'Instead'}:", *map(_since, found.since)]


def _applied(move: Move) -> str:
    commit = f", commit {move.commit[:12]}" if move.commit else ""
    return f"version {move.version}, from {printable(move.file)}{commit}, {_when(move)}"


def _since(move: Move) -> str:
    note = f": {printable(move.note)}" if move.note else ""
    return f"  version {move.version} {_WORDS[move.what]}, {_when(move)}{note}"


def _when(move: Move) -> str:
    return f"{iso(move.at)} by {printable(move.who)}"
