"""The delivery file's tables, and how the file is opened.

One router process writes it. `synchronous=NORMAL`: after a power cut the last settlements may be gone, which only
repeats deliveries, since cursors go back together with all that was written beside them. Hits themselves are in the
log, where commits are full.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from runtime.errors import FormatTooNew

FORMAT = 4
"""Kept in `user_version`. A file with a greater number is refused; an older one is brought up by its writer, and read
as it is."""

WIDE = 5000
"""An attempt whose members lie further apart than this many hits is found by an index of its own."""

_TABLES = f"""
CREATE TABLE cursor (tag TEXT PRIMARY KEY, upto INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE told (version INTEGER PRIMARY KEY);
CREATE TABLE retry (
  tag TEXT NOT NULL, seq INTEGER NOT NULL, pos INTEGER NOT NULL, due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL,
  key TEXT NOT NULL, version INTEGER NOT NULL, event_id TEXT NOT NULL, expires_s INTEGER NOT NULL,
  payload BLOB NOT NULL, reason TEXT NOT NULL, UNIQUE (tag, seq, pos));
CREATE INDEX retry_due ON retry (tag, due_ms);
CREATE TABLE dead (
  id INTEGER PRIMARY KEY, tag TEXT NOT NULL, seq INTEGER NOT NULL, pos INTEGER NOT NULL, reason TEXT NOT NULL,
  message TEXT NOT NULL, status INTEGER NOT NULL, attempts INTEGER NOT NULL, failed_ms INTEGER NOT NULL,
  version INTEGER NOT NULL, event_id TEXT NOT NULL, payload BLOB NOT NULL, UNIQUE (tag, seq, pos));
CREATE INDEX dead_failed ON dead (failed_ms);
CREATE TABLE attempt (
  id INTEGER PRIMARY KEY, tag TEXT NOT NULL, started_ms INTEGER NOT NULL, ms INTEGER NOT NULL,
  status INTEGER NOT NULL, disposition TEXT NOT NULL, reason TEXT NOT NULL, version INTEGER NOT NULL,
  members BLOB NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, count INTEGER NOT NULL,
  body_sha256 BLOB NOT NULL, answer TEXT NOT NULL, dry_run INTEGER NOT NULL);
CREATE INDEX attempt_seq ON attempt (tag, first_seq);
CREATE INDEX attempt_wide ON attempt (tag) WHERE last_seq - first_seq > {WIDE};
CREATE TABLE event (
  seq INTEGER NOT NULL, pos INTEGER NOT NULL, recv_us INTEGER NOT NULL, name TEXT NOT NULL, client TEXT NOT NULL,
  event_id TEXT NOT NULL, tags TEXT NOT NULL, flags INTEGER NOT NULL, PRIMARY KEY (seq, pos)) WITHOUT ROWID;
CREATE INDEX event_name ON event (name, seq);
CREATE TABLE rollup (
  minute INTEGER NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (minute, name, label)) WITHOUT ROWID;
"""

_QUARANTINE = """
CREATE TABLE quarantine (
  script TEXT PRIMARY KEY, hit TEXT NOT NULL, since_ms INTEGER NOT NULL, cause TEXT NOT NULL) WITHOUT ROWID;
"""

_COMMANDS = """
CREATE TABLE applied (number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, answer TEXT NOT NULL);
CREATE TABLE job (
  number INTEGER NOT NULL, tag TEXT NOT NULL, state TEXT NOT NULL, command TEXT NOT NULL, until_us INTEGER NOT NULL,
  place INTEGER NOT NULL, last INTEGER NOT NULL, counts TEXT NOT NULL, changed_ms INTEGER NOT NULL,
  PRIMARY KEY (number, tag)) WITHOUT ROWID;
CREATE TABLE reroute (tag TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (tag, version)) WITHOUT ROWID;
CREATE INDEX retry_replay ON retry (tag) WHERE reason = 'replay';
"""

_LOOKUPS = """
CREATE TABLE lookup (
  seq INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (seq, key)) WITHOUT ROWID;
CREATE INDEX event_id ON event (event_id);
CREATE TABLE waiting (seq INTEGER PRIMARY KEY, since_ms INTEGER NOT NULL);
ALTER TABLE attempt ADD COLUMN made BLOB NOT NULL DEFAULT x'';
ALTER TABLE attempt ADD COLUMN basis TEXT NOT NULL DEFAULT '';
"""

_STEPS = (_TABLES, _QUARANTINE, _COMMANDS, _LOOKUPS)
"""What each format adds to the one before; the first makes format 1. Append only."""


def open_delivery(path: Path) -> sqlite3.Connection:
    """Opens the file for its one writer, and creates it where there is none. Raises FormatTooNew."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA busy_timeout = 5000")
    check_format(connection, path)
    if stored_format(connection) == 0:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    found = stored_format(connection)
    if found < FORMAT:
        steps = " ".join(_STEPS[found:])
        connection.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {FORMAT}; COMMIT;")


def open_reader(path: Path) -> sqlite3.Connection:
    """Opens the file to look only; another process may be writing it. Raises FormatTooNew, and
    sqlite3.OperationalError where there is no file, or one that is just being made and has no tables yet."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("PRAGMA busy_timeout = 2000")
        check_format(connection, path)
        if stored_format(connection) == 0:
            raise sqlite3.OperationalError(f"{path.name} has no tables yet")
    except BaseException:
        connection.close()
        raise
    return connection


def stored_format(connection: sqlite3.Connection) -> int:
    """Returns the file's format number, 0 for a new file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_format(connection: sqlite3.Connection, path: Path) -> None:
    """Raises FormatTooNew where a newer Firsthand wrote the file."""
    found = stored_format(connection)
    if found > FORMAT:
        raise FormatTooNew(
            f"{path.name} has format {found}; this Firsthand reads up to {FORMAT}.",
            hint="Start the newer Firsthand again, or restore a backup made with this one.",
        )


TOTALS_SQL = "SELECT name, label, n FROM rollup WHERE minute = ?"


def insert_sql(table: str, columns: Sequence[str]) -> str:
    """Returns the statement that writes a row over whatever has its key."""
    marks = ", ".join("?" * len(columns))
    return f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our own names


def select_sql(table: str, columns: Sequence[str]) -> str:
    """Returns the start of a query for those columns."""
    return f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608 - our own names
