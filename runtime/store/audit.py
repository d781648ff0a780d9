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

What = Literal[
    "begin", "publish", "rollback", "environment", "command", "preview", "previews_ended",
    "workspace_created", "workspace_saved", "workspace_merged", "workspace_renamed", "workspace_published",
    "workspace_discarded", "user", "session", "token", "secret", "test",
]  # fmt: skip
"""begin: what there was before the log · publish, rollback: an environment now runs a version · environment: where it
answers was said, or it was removed · command: what the routers were asked for · preview: a link was given out ·
previews_ended: none of those before is valid any more · workspace_…: what became of a draft;
merged: it took in what another had published · user, session, token: who may use the admin port, and who came ·
secret: one was set or removed · test: a test event was sent."""

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
EXISTS = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'audit'"
_PREVIEWS = (
    "SELECT number, at, who, what, detail, previous, hash FROM audit WHERE what = 'preview'"
    " AND number > (SELECT ifnull(max(number), 0) FROM audit WHERE what = 'previews_ended')"
    " ORDER BY number DESC LIMIT 200"
)
_ENVIRONMENTS = "SELECT name, version FROM environment ORDER BY name"
_HASHES = "SELECT number, hash FROM version ORDER BY number"


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
    if not db.execute(EXISTS).fetchone()[0]:
        return []
    return [AuditRow(*row) for row in db.execute(_ROWS).fetchall()]


def previews(db: Any) -> list[AuditRow]:
    """Returns what is told of preview links since all were ended last, the newest first; at most the last 200."""
    if not db.execute(EXISTS).fetchone()[0]:
        return []
    return [AuditRow(*row) for row in db.execute(_PREVIEWS).fetchall()]


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


def os_user() -> str:
    """Returns the name under which this process runs; the number where it has none, as in many containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _moves(log: list[AuditRow], environment: str) -> Iterator[tuple[str, int]]:
    running: int | None = None
    for row in log:
        version = pointed(row).get(environment, running)
        if version is not None and version != running:
            yield row.what, version
        running = version


def pointed(row: AuditRow) -> dict[str, int | None]:
    """Returns the version that each environment runs since this row, None for one that was removed."""
    if row.what == "begin":
        return dict(row.content.get("environments", {}))
    if row.what in ("publish", "rollback", "environment"):
        return {row.content.get("environment", ""): row.content.get("version")}
    return {}
