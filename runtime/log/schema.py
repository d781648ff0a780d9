"""The tables of one shard's log file and the checks at every opening."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.errors import FormatTooNew, LogUnavailable, OperatorError
from runtime.log.records import decode_hit

SCHEMA_FORMAT = 1
APPLICATION_ID = 0x46484C47
"""Marks the file as a Firsthand log in SQLite's header ("FHLG")."""

# Auto-vacuum must be chosen before the first page is written, and the journal mode writes one.
_PRAGMAS = (
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 1000",
    "PRAGMA journal_size_limit = 67108864",
)
_TABLES = (
    "CREATE TABLE hit(seq INTEGER PRIMARY KEY, received_us INTEGER NOT NULL, version INTEGER NOT NULL,"
    " record BLOB NOT NULL)",
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE counter(minute INTEGER, name TEXT, label TEXT, n INTEGER NOT NULL,"
    " PRIMARY KEY(minute, name, label)) WITHOUT ROWID",
    "CREATE TABLE example(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, at_us INTEGER NOT NULL, summary BLOB NOT NULL)",
    "CREATE INDEX example_kind ON example(kind, id)",
    f"PRAGMA application_id = {APPLICATION_ID}",
)


def open_for_writing(path: Path, shard: int, busy_s: float) -> sqlite3.Connection:
    """Opens the file, makes the tables where there are none, and checks that it is this shard's log, in our format."""
    db = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
    try:
        for pragma in _PRAGMAS:
            db.execute(pragma).fetchall()
        if not _has_tables(db):
            _create(db, shard)
        check(db, path, shard)
    except BaseException:
        db.close()
        raise
    return db


def open_for_reading(path: Path, shard: int, busy_s: float) -> sqlite3.Connection | None:
    """Opens the file read-only; None where its writer has not made it or its tables yet."""
    if not path.exists():
        return None
    uri = f"{path.absolute().as_uri()}?mode=ro"
    db = sqlite3.connect(uri, uri=True, timeout=busy_s, isolation_level=None, check_same_thread=False)
    try:
        if _has_tables(db):
            check(db, path, shard)
            return db
    except BaseException:
        db.close()
        raise
    db.close()
    return None


def _has_tables(db: sqlite3.Connection) -> bool:
    return bool(db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'meta'").fetchone()[0])


def _create(db: sqlite3.Connection, shard: int) -> None:
    with transaction(db):
        for statement in _TABLES:
            db.execute(statement)
        facts = [("format", SCHEMA_FORMAT), ("shard", shard), ("next_seq", 1)]
        db.executemany("INSERT INTO meta(name, value) VALUES (?, ?)", facts)


def check(db: sqlite3.Connection, path: Path, shard: int) -> None:
    """Raises `FormatTooNew` for a file or a last record of a newer Firsthand, `OperatorError` for another's file."""
    meta = dict(db.execute("SELECT name, value FROM meta").fetchall())
    if meta["format"] > SCHEMA_FORMAT:
        raise FormatTooNew(
            f"{path} has format {meta['format']}; this Firsthand reads up to {SCHEMA_FORMAT}",
            hint="Upgrade before you open this log.",
        )
    if meta["shard"] != shard:
        raise OperatorError(
            f"{path} is the log of shard {meta['shard']}, not of shard {shard}", hint="Give the file its own name back."
        )
    for (record,) in db.execute("SELECT record FROM hit ORDER BY seq DESC LIMIT 1").fetchall():
        decode_hit(record)


def next_seq(db: sqlite3.Connection) -> int:
    """Returns the number of the next hit: above every hit that is there and every one that was trimmed."""
    query = "SELECT max((SELECT value FROM meta WHERE name = 'next_seq'), 1 + ifnull((SELECT max(seq) FROM hit), 0))"
    return int(db.execute(query).fetchone()[0])


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Runs the block in one write transaction that is taken at once, so that no statement inside finds it taken."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def plain_errors(path: Path, verb: str) -> Iterator[None]:
    """Turns the engine's errors into one that says which file and what went wrong."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        raise LogUnavailable(f"the log {path} cannot be {verb}: {error} ({name})") from error
    except OSError as error:
        raise LogUnavailable(f"the log {path} cannot be {verb}: {error.strerror}") from error


def file_identity(path: Path | str) -> tuple[int, int]:
    """Returns what tells this file from another one of the same name."""
    found = os.stat(path)
    return found.st_dev, found.st_ino
