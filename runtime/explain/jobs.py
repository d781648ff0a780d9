"""Commands that operators gave, and how far the routers are with them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from runtime.delivery.replay_task import WORDS, task_of_job
from runtime.errors import FormatTooNew, OperatorError
from runtime.explain.explorer import iso
from runtime.explain.shard import Shard, open_shards
from runtime.model.command import Cancel, Command, Discard, LiftQuarantine, Replay, Reroute
from runtime.store.control import CommandRow, Control
from runtime.store.delivery_rows import AppliedRow, JobRow
from runtime.store.files import control_path

Row = dict[str, Any]


def list_jobs(data_dir: Path, *, limit: int = 20) -> list[Row]:
    """Returns the newest commands, newest first: what was asked, how far each shard is, and what came of it.

    `state` is waiting (a router has not taken it yet), running, done, cancelled or failed. `remaining` counts the dead
    letters or the hits that are still to be looked at.
    """
    shards = [_Taken.read(shard) for shard in open_shards(data_dir) if shard.delivery]
    rows = _commands(control_path(data_dir))[-limit:]
    return [_job(row, shards) for row in reversed(rows)]


class _Taken(msgspec.Struct):
    """What one shard did about commands."""

    shard: int
    applied: dict[int, AppliedRow]
    parts: list[JobRow]
    remaining: dict[tuple[int, str], int]

    @classmethod
    def read(cls, shard: Shard) -> _Taken:
        assert shard.delivery is not None
        kept = shard.delivery.replay
        parts = kept.jobs()
        remaining = {(part.number, part.tag): _remaining(shard, part) for part in parts if part.state == "running"}
        return cls(shard.number, {row.number: row for row in kept.applied()}, parts, remaining)


def _remaining(shard: Shard, part: JobRow) -> int:
    task = task_of_job(part)
    if not task.by_letters:
        return max(0, part.last - part.place)
    assert shard.delivery is not None
    return shard.delivery.replay.count_letters(task.selection, part.place, part.last)


def _commands(path: Path) -> list[CommandRow]:
    """Returns all commands up to one that this Firsthand does not know."""
    found: list[CommandRow] = []
    try:
        with closing(Control.read(path)) as control:
            while more := control.commands(found[-1].number if found else 0, 1):
                found += more
    except (sqlite3.OperationalError, FormatTooNew):
        pass  # A file from before there were commands, or a command of a newer Firsthand.
    except OperatorError:
        return []  # No server has run here.
    return found


def _job(row: CommandRow, shards: list[_Taken]) -> Row:
    parts = [part for taken in shards for part in taken.parts if part.number == row.number]
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(msgspec.json.decode(part.counts, type=dict[str, int]))
    told: Row = {"command": row.number, "time": iso(row.at), **_asked(row.command)}
    told["state"] = _state(row.number, parts, shards)
    if isinstance(row.command, Replay | Reroute):
        remaining = sum(taken.remaining.get((row.number, part.tag), 0) for taken in shards for part in taken.parts)
        told |= dict[str, Any](matched=counts.total(), remaining=remaining) | {word: counts[word] for word in WORDS}
    applied = {taken.shard: taken.applied[row.number] for taken in shards if row.number in taken.applied}
    told["answers"] = {str(shard): msgspec.json.decode(answer.answer) for shard, answer in applied.items()}
    return told


def _state(number: int, parts: list[JobRow], shards: list[_Taken]) -> str:
    states = {part.state for part in parts}
    if any(number not in taken.applied for taken in shards) or not shards:
        return "waiting"
    return next((state for state in ("running", "failed", "cancelled") if state in states), "done")


def _asked(command: Command) -> Row:
    match command:
        case Replay():
            selection: Row = msgspec.to_builtins(command.selection)
            given = {name: value for name, value in selection.items() if value not in ("", 0, None)}
            return {"kind": f"replay {command.selection.which}", "tag": given.pop("tag", ""), "asked": given}
        case Reroute():
            return {"kind": f"reroute from {command.version}", "tag": command.of}
        case Cancel():
            return {"kind": f"cancel {command.command}", "tag": ""}
        case Discard():
            return {"kind": "discard", "tag": command.of}
        case LiftQuarantine():
            return {"kind": f"lift {command.script}", "tag": ""}
