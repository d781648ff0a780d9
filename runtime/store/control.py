"""The control database: published versions, and which one each environment runs.

A version is immutable: a number, the hash of its content, when it was made, a note. Its content is a blob, kept once
however many versions have it. An environment points at one version; publishing adds a version and moves the pointer in
one transaction. One process writes this file (the admin's, or a command before the server runs); others read.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sqlite_utils import Database, Migrations

from runtime.errors import FormatTooNew, OperatorError

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


class Control:
    """One connection to the control database. Use it in one thread, and close it."""

    def __init__(self, path: Path) -> None:
        """Opens the file for writing, and brings it to the newest form; makes it where there is none."""
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
        with self._connection:
            self._db.execute("BEGIN IMMEDIATE")
            running = self._db.execute(_LIVE, [environment]).fetchone()
            if running and running[1] == hash:
                return int(running[0])
            self._db.execute(_INSERT_BLOB, [hash, content])
            number = int(self._db.execute(_INSERT_VERSION, [hash, time.time(), note]).fetchone()[0])
            self._db.execute(_POINT, [environment, number])
            return number

    def point(self, number: int, *, environment: str = LIVE) -> None:
        """Points an environment at a version that exists: publishing it again, or rolling back to it."""
        self.version(number)
        with self._connection:
            self._db.execute(_POINT, [environment, number])

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

    def close(self) -> None:
        """Ends the connection."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
