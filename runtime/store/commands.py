"""What operators ask of the routers, as rows of the control database: functions over one connection."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import msgspec

from runtime.errors import FormatTooNew
from runtime.model.command import Command
from runtime.store import audit

_ADD = "INSERT INTO command (at, body) VALUES (?, ?) RETURNING number"
_AFTER = "SELECT number, at, body FROM command WHERE number > ? ORDER BY number LIMIT ?"


class CommandRow(NamedTuple):
    """A command with its number."""

    number: int
    at: float
    """Unix seconds."""
    command: Command


def add(db: Any, who: str, command: Command) -> int:
    """Stores a command and returns its number. The caller holds the transaction."""
    number = int(db.execute(_ADD, [time.time(), msgspec.json.encode(command).decode()]).fetchone()[0])
    audit.add(db, who, "command", {"number": number, "command": msgspec.to_builtins(command)})
    return number


def after(db: Any, number: int, limit: int) -> list[CommandRow]:
    """Returns the commands that follow a number, in order; FormatTooNew where one is of a kind from the future."""
    return [CommandRow(number, at, _decoded(number, body)) for number, at, body in db.execute(_AFTER, [number, limit])]


def _decoded(number: int, body: str) -> Command:
    try:
        command: Command = msgspec.json.decode(body, type=Command)
    except msgspec.ValidationError as error:
        raise FormatTooNew(
            f"Command {number} cannot be read: {error}.", hint="Upgrade to the Firsthand that wrote it."
        ) from error
    return command
