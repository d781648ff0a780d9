"""The audit log of the control database: who made which version live, who asked the routers for what, and when.

Rows are only ever added, in the transaction that does what they tell. Each holds the hash of the row before it, and its
own is taken over all that it says: who changes, removes or slips in a row has to write all later ones anew. Against
that, and against a log that is cut short at its end together with what SQLite remembers of it, helps one hash that
was noted elsewhere: `verify` is given it.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import time
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

What = Literal["begin", "publish", "rollback", "command"]
"""begin: what there was before the log · publish, rollback: an environment now runs a version · command: what the
routers were asked for."""

FIRST = "0" * 64
"""Stands in the first row for the hash of the one before."""

_TABLE = (
    "CREATE TABLE audit (number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, who TEXT NOT NULL,"
    " what TEXT NOT NULL, detail TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL) STRICT"
)
_NEVER = "CREATE TRIGGER audit_no_{0} BEFORE {0} ON audit BEGIN SELECT raise(ABORT, 'the audit log only grows'); END"
_LAST = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"
_ADD = "INSERT INTO audit (number, at, who, what, detail, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?)"
_ROWS = "SELECT number, at, who, what, detail, previous, hash FROM audit ORDER BY number"
_EXISTS = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'audit'"
_COUNTED = "SELECT seq FROM sqlite_sequence WHERE name = 'audit'"
_ENVIRONMENTS = "SELECT name, version FROM environment ORDER BY name"
_HASHES = "SELECT number, hash FROM version ORDER BY number"
_BLOBS = "SELECT hash, content FROM blob ORDER BY hash"


class AuditRow(NamedTuple):
    """One thing that was done."""

    number: int
    at: float
    """Unix seconds."""
    who: str
    """The operating system's name of the user."""
    what: str
    detail: str
    """JSON, as it was written."""
    previous: str
    hash: str

    @property
    def content(self) -> dict[str, Any]:
        """The detail's data; empty where somebody made it unreadable, which `verify` tells."""
        try:
            data = json.loads(self.detail)
        except ValueError:
            return {}
        return data if isinstance(data, dict) else {}


def create(db: Any) -> None:
    """Makes the table, and begins the log with the versions and pointers that there are already."""
    db.execute(_TABLE)
    for change in ("UPDATE", "DELETE"):
        db.execute(_NEVER.format(change))
    versions = {str(number): hash for number, hash in db.execute(_HASHES).fetchall()}
    if versions:
        add(db, os_user(), "begin", {"environments": dict(db.execute(_ENVIRONMENTS).fetchall()), "versions": versions})


def add(db: Any, who: str, what: What, detail: Mapping[str, Any]) -> None:
    """Adds a row. The caller holds the write transaction, in which it does what the row tells."""
    last, previous = db.execute(_LAST).fetchone() or (0, FIRST)
    row = AuditRow(last + 1, time.time(), who, what, json.dumps(detail, ensure_ascii=False), previous, "")
    db.execute(_ADD, row._replace(hash=row_hash(row)))


def rows(db: Any) -> list[AuditRow]:
    """Returns all rows, the oldest first; none where an older Firsthand wrote the file last."""
    if not db.execute(_EXISTS).fetchone()[0]:
        return []
    return [AuditRow(*row) for row in db.execute(_ROWS).fetchall()]


def row_hash(row: AuditRow) -> str:
    """Returns the hash that a row must have: SHA-256 of all that it says, the hash of the row before included."""
    return hashlib.sha256(json.dumps(row[:-1], ensure_ascii=False).encode()).hexdigest()


def earlier(log: list[AuditRow], environment: str) -> list[int]:
    """Returns the versions that an environment could be rolled back to, the latest last.

    A rollback forgets what it goes back over, so that a second one goes back further.
    """
    stack: list[int] = []
    for what, version in _moves(log, environment):
        if what == "rollback" and version in stack:
            del stack[stack.index(version) + 1 :]
        else:
            stack.append(version)
    return stack[:-1]


def verify(db: Any, known: str = "") -> Iterator[str]:
    """Yields where the log is broken, and where versions and pointers are not what it says they are.

    `known` is a hash that was noted earlier: the log must still have a row with it.
    """
    log = rows(db)
    yield from _chain(log)
    yield from _end(db, log)
    if known and known not in {row.hash for row in log}:
        yield "no row has the hash that was given: rows were written anew or cut off"
    yield from _pointers(db, log)
    yield from _versions(db, log)


def os_user() -> str:
    """Returns the name under which this process runs; the number where it has none, as in many containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _moves(log: list[AuditRow], environment: str) -> Iterator[tuple[str, int]]:
    for row in log:
        for name, version in _pointed(row).items():
            if name == environment:
                yield row.what, version


def _pointed(row: AuditRow) -> dict[str, int]:
    """Returns the version that each environment runs since this row."""
    if row.what == "begin":
        return dict(row.content.get("environments", {}))
    if row.what in ("publish", "rollback"):
        return {row.content.get("environment", ""): row.content.get("version", 0)}
    return {}


def _made(row: AuditRow) -> dict[int, str]:
    """Returns the hash of each version that this row tells of first."""
    if row.what == "begin":
        return {int(number): hash for number, hash in row.content.get("versions", {}).items()}
    if row.what == "publish" and row.content.get("made"):
        return {row.content.get("version", 0): row.content.get("hash", "")}
    return {}


def _chain(log: list[AuditRow]) -> Iterator[str]:
    number, previous = 0, FIRST
    for row in log:
        if row.number != number + 1:
            yield f"row {number + 1} is missing: row {row.number} follows row {number}"
        elif row.previous != previous:
            yield f"row {row.number} does not follow row {number}: it names another hash as the one before"
        if row.hash != row_hash(row):
            yield f"row {row.number} was changed: its hash is not that of what it says"
        number, previous = row.number, row.hash


def _end(db: Any, log: list[AuditRow]) -> Iterator[str]:
    if not db.execute(_EXISTS).fetchone()[0]:
        yield "there is no audit log: the next command that writes begins one"
        return
    counted = (db.execute(_COUNTED).fetchone() or (0,))[0]
    last = log[-1].number if log else 0
    if counted != last:
        yield f"rows are missing at the end: {counted} were written, the last one is row {last}"


def _pointers(db: Any, log: list[AuditRow]) -> Iterator[str]:
    told: dict[str, int] = {}
    for row in log:
        told |= _pointed(row)
    found = dict(db.execute(_ENVIRONMENTS).fetchall())
    for name in sorted({*told, *found}):
        if told.get(name) != found.get(name):
            yield f"{name} runs version {found.get(name)}, and the log says {told.get(name)}"


def _versions(db: Any, log: list[AuditRow]) -> Iterator[str]:
    made: dict[int, str] = {}
    for row in log:
        made |= _made(row)
    found = dict(db.execute(_HASHES).fetchall())
    for number in sorted({*made, *found}):
        if made.get(number) != found.get(number):
            yield f"version {number} is not the one that the log says was made"
    for hash, content in db.execute(_BLOBS):
        if hashlib.sha256(content).hexdigest() != hash:
            numbers = ", ".join(str(number) for number, of in found.items() if of == hash)
            yield f"the content of version {numbers} was changed"
