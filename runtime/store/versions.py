"""Versions in the control database, and the pointers of environments to them: functions over one connection.

Who writes holds the transaction; each change adds its row to the audit log in it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.errors import OperatorError
from runtime.store import audit

LIVE = "live"

_INSERT_BLOB = "INSERT OR IGNORE INTO blob (hash, content) VALUES (?, ?)"
_INSERT = "INSERT INTO version (hash, created_at, note, who, source) VALUES (?, ?, ?, ?, ?) RETURNING number"
_POINT = (
    "INSERT INTO environment (name, version) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version"
)
_RUNNING = (
    "SELECT version.number, version.hash FROM environment "
    "JOIN version ON version.number = environment.version WHERE environment.name = ?"
)
_CONTENT = "SELECT blob.content FROM version JOIN blob ON blob.hash = version.hash WHERE version.number = ?"
_SOURCE = "SELECT blob.content FROM version JOIN blob ON blob.hash = version.source WHERE version.number = ?"
_ALL = "SELECT number, hash, created_at, note, who FROM version ORDER BY number DESC"
_ALL_WITHOUT_AUTHORS = "SELECT number, hash, created_at, note, '' FROM version ORDER BY number DESC"
_HAS_AUTHORS = "SELECT count(*) FROM pragma_table_info('version') WHERE name = 'who'"


@dataclass(frozen=True)
class Version:
    """One published version, without its content."""

    number: int
    hash: str
    created_at: float
    """Unix seconds."""
    note: str
    who: str
    """Who made it; empty where it is older than the audit log."""


@dataclass(frozen=True)
class Publishing:
    """What becomes a version."""

    content: bytes
    """The snapshot's bytes."""
    hash: str
    """Their SHA-256."""
    note: str = ""
    source: bytes | None = None
    """The files that it was made of, where there were files."""
    environment: str = LIVE


def publish(db: Any, who: str, what: Publishing, told: Mapping[str, Any] | None = None) -> int:
    """Makes a version, points its environment at it, and returns its number; `told` stands in the audit log with it.

    Where the environment runs content of that hash already, nothing changes and its number is returned.
    """
    now = running(db, what.environment)
    if now and now[1] == what.hash:
        return now[0]
    db.execute(_INSERT_BLOB, [what.hash, what.content])
    source = None if what.source is None else keep(db, what.source)
    number = int(db.execute(_INSERT, [what.hash, time.time(), what.note, who, source]).fetchone()[0])
    more = {"made": True, "hash": what.hash, "note": what.note, **(told or {})}
    move(db, who, "publish", what.environment, number, more)
    return number


def move(
    db: Any, who: str, what: audit.What, environment: str, number: int, more: Mapping[str, Any] | None = None
) -> None:
    """Points an environment at a version."""
    now = running(db, environment)
    db.execute(_POINT, [environment, number])
    detail = {"environment": environment, "version": number, "before": now[0] if now else None, **(more or {})}
    audit.add(db, who, what, detail)


def running(db: Any, environment: str) -> tuple[int, str] | None:
    """Returns number and hash of the version that an environment runs, None where it runs none."""
    row = db.execute(_RUNNING, [environment]).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def content(db: Any, number: int) -> bytes:
    """Returns a version's snapshot; OperatorError where there is no such version."""
    row = db.execute(_CONTENT, [number]).fetchone()
    if row is None:
        raise OperatorError(f"There is no version {number}.", hint="Name one that was published.")
    return bytes(row[0])


def source(db: Any, number: int) -> bytes | None:
    """Returns the files that a version was made of, None where nobody kept them."""
    row = db.execute(_SOURCE, [number]).fetchone()
    return bytes(row[0]) if row else None


def every(db: Any) -> list[Version]:
    """Returns all versions, the newest first; without authors where an older Firsthand wrote the file last."""
    found = _ALL if db.execute(_HAS_AUTHORS).fetchone()[0] else _ALL_WITHOUT_AUTHORS
    return [Version(*row) for row in db.execute(found).fetchall()]


def keep(db: Any, data: bytes) -> str:
    """Keeps bytes once, however many name them, and returns their hash."""
    hash = hash_of(data)
    db.execute(_INSERT_BLOB, [hash, data])
    return hash


def hash_of(data: bytes) -> str:
    """Returns the hash that names bytes: SHA-256, as hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
