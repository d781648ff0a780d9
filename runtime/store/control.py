"""The control database: published versions, which one each environment runs, and what operators ask of the routers.

A version is immutable: a number, the hash of its content, when it was made, a note. Its content is a blob, kept once
however many versions have it. An environment points at one version; publishing adds a version and moves the pointer in
one transaction. One process writes this file (the admin's, or a command before the server runs); others read.

Whatever is written is told of in the audit log (`runtime.store.audit`), in the same transaction.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import msgspec
from sqlite_utils import Database, Migrations

from runtime.errors import FormatTooNew, OperatorError
from runtime.model.command import Command
from runtime.store import audit
from runtime.store.audit import AuditRow

LIVE = "live"
BUSY_TIMEOUT_S = 5.0

_migrations = Migrations("control")

_INSERT_BLOB = "INSERT OR IGNORE INTO blob (hash, content) VALUES (?, ?)"
_INSERT_VERSION = "INSERT INTO version (hash, created_at, note) VALUES (?, ?, ?) RETURNING number"
_POINT = (
    "INSERT INTO environment (name, version) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version"
)
_LIVE = (
    "SELECT version.number, version.hash FROM environment "
    "JOIN version ON version.number = environment.version WHERE environment.name = ?"
)
_CONTENT = "SELECT blob.content FROM version JOIN blob ON blob.hash = version.hash WHERE version.number = ?"
_ADD_COMMAND = "INSERT INTO command (at, body) VALUES (?, ?) RETURNING number"
_COMMANDS = "SELECT number, at, body FROM command WHERE number > ? ORDER BY number LIMIT ?"
_VERSIONS = "SELECT number, hash, created_at, note FROM version ORDER BY number DESC"


@_migrations()
def versions_and_environments(db: Database) -> None:
    """The first tables. AUTOINCREMENT, because a version's number is never used again."""
    db.execute("CREATE TABLE blob (hash TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT")
    db.execute(
        "CREATE TABLE version (number INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL REFERENCES blob(hash),"
        " created_at REAL NOT NULL, note TEXT NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE environment (name TEXT PRIMARY KEY, version INTEGER NOT NULL REFERENCES version(number)) STRICT"
    )


@_migrations()
def commands(db: Database) -> None:
    """What operators ask of the routers. A number is never used again: routers remember the last one that they took."""
    db.execute(
        "CREATE TABLE command (number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, body TEXT NOT NULL) STRICT"
    )


@_migrations()
def audit_log(db: Database) -> None:
    """Who did what, in a chain of hashes."""
    audit.create(db)


def _known_migrations() -> set[str]:
    with contextlib.closing(Database(memory=True)) as blank:
        return {migration.name for migration in _migrations.pending(blank)}


@dataclass(frozen=True)
class Version:
    """One published version, without its content."""

    number: int
    hash: str
    created_at: float
    """Unix seconds."""
    note: str


class CommandRow(NamedTuple):
    """A command with its number."""

    number: int
    at: float
    """Unix seconds."""
    command: Command


class Control:
    """One connection to the control database. Use it in one thread, and close it."""

    def __init__(self, path: Path, *, who: str = "") -> None:
        """Opens the file for writing, and brings it to the newest form; makes it where there is none.

        `who` stands in the audit log as the one that does what follows; by default the user of this process.
        """
        self._who = who or audit.os_user()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._open(path, f"{path.absolute().as_uri()}?mode=rwc")
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            _migrations.apply(self._db)
        except BaseException:
            self.close()
            raise

    @classmethod
    def read(cls, path: Path) -> Self:
        """Opens the file for reading only; OperatorError where there is none."""
        control = cls.__new__(cls)
        control._open(path, f"{path.absolute().as_uri()}?mode=ro")
        return control

    def publish(self, content: bytes, hash: str, note: str = "", *, environment: str = LIVE) -> int:
        """Makes a version of a snapshot's bytes, points the environment at it, and returns its number.

        Where the environment runs content of that hash already, nothing changes and its number is returned.
        """
        with self._transaction():
            running = self._db.execute(_LIVE, [environment]).fetchone()
            if running and running[1] == hash:
                return int(running[0])
            self._db.execute(_INSERT_BLOB, [hash, content])
            number = int(self._db.execute(_INSERT_VERSION, [hash, time.time(), note]).fetchone()[0])
            self._move("publish", environment, number, {"made": True, "hash": hash, "note": note})
            return number

    def point(
        self, number: int, *, environment: str = LIVE, what: Literal["publish", "rollback"] = "publish"
    ) -> int | None:
        """Points an environment at a version that exists: publishing it again, or rolling back to it.

        Returns the version that it ran before, None where it ran none. Where it runs that one already, nothing changes.
        """
        self.version(number)
        with self._transaction():
            running = self._db.execute(_LIVE, [environment]).fetchone()
            if running is None or running[0] != number:
                self._move(what, environment, number)
            return int(running[0]) if running else None

    def earlier(self, environment: str = LIVE) -> list[int]:
        """Returns the versions that an environment could be rolled back to, the latest last."""
        return audit.earlier(self.audit_log(), environment)

    def audit_log(self) -> list[AuditRow]:
        """Returns all rows of the audit log, the oldest first."""
        return audit.rows(self._db)

    def verify(self, known: str = "") -> list[str]:
        """Returns where the audit log is broken, or is not what versions and pointers say; empty where all is well."""
        with self._connection:
            self._db.execute("BEGIN")  # One state of the file, whoever writes meanwhile.
            return list(audit.verify(self._db, known))

    def live(self, environment: str = LIVE) -> tuple[int, bytes] | None:
        """Returns number and content of the version that an environment runs, None where it runs none."""
        row = self._db.execute(_LIVE, [environment]).fetchone()
        return (int(row[0]), self.version(int(row[0]))) if row else None

    def version(self, number: int) -> bytes:
        """Returns a version's content; OperatorError where there is no such version."""
        row = self._db.execute(_CONTENT, [number]).fetchone()
        if row is None:
            raise OperatorError(f"There is no version {number}.", hint="Name one that was published.")
        return bytes(row[0])

    def versions(self) -> list[Version]:
        """Returns all versions, the newest first."""
        return [Version(*row) for row in self._db.execute(_VERSIONS).fetchall()]

    def command(self, command: Command) -> int:
        """Stores a command for the routers and returns its number."""
        with self._transaction():
            body = msgspec.json.encode(command).decode()
            number = int(self._db.execute(_ADD_COMMAND, [time.time(), body]).fetchone()[0])
            audit.add(self._db, self._who, "command", {"number": number, "command": msgspec.to_builtins(command)})
            return number

    def commands(self, after: int = 0, limit: int = 1000) -> list[CommandRow]:
        """Returns the commands that follow a number, in order. FormatTooNew where one is of a kind that this Firsthand
        does not know: what an operator asked for must not be passed over."""
        rows = self._db.execute(_COMMANDS, [after, limit]).fetchall()
        return [CommandRow(number, at, _decoded(number, body)) for number, at, body in rows]

    def stamp(self) -> int:
        """Returns a number that changes whenever another connection has written the file. It costs next to nothing."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Ends the connection."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Takes the write lock first, so that what is read inside still holds at the commit."""
        with self._connection:
            self._db.execute("BEGIN IMMEDIATE")
            yield

    def _move(self, what: audit.What, environment: str, number: int, more: dict[str, Any] | None = None) -> None:
        running = self._db.execute(_LIVE, [environment]).fetchone()
        self._db.execute(_POINT, [environment, number])
        before = int(running[0]) if running else None
        detail = {"environment": environment, "version": number, "before": before, **(more or {})}
        audit.add(self._db, self._who, what, detail)

    def _open(self, path: Path, uri: str) -> None:
        try:
            self._connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise OperatorError(
                f"Cannot open {path}: {error}.", hint="Check the data folder and its rights."
            ) from error
        self._db: Any = Database(self._connection)
        try:
            self._check_format(path)
        except BaseException:
            self.close()
            raise

    def _check_format(self, path: Path) -> None:
        try:
            applied = {migration.name for migration in _migrations.applied(self._db)}
        except sqlite3.DatabaseError as error:
            raise OperatorError(f"{path} is no control database: {error}.", hint="Restore it from a backup.") from error
        if not applied <= _known_migrations():
            raise FormatTooNew(f"{path} was written by a newer Firsthand.", hint="Upgrade before you open it.")


def _decoded(number: int, body: str) -> Command:
    try:
        command: Command = msgspec.json.decode(body, type=Command)
    except msgspec.ValidationError as error:
        raise FormatTooNew(
            f"Command {number} cannot be read: {error}.", hint="Upgrade to the Firsthand that wrote it."
        ) from error
    return command
