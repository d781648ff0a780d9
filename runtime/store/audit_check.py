"""Verifies the audit log: that it is whole, and that versions, pointers and revisions are what it says they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from runtime.store.audit import EXISTS, FIRST, AuditRow, pointed, row_hash, rows

_COUNTED = "SELECT seq FROM sqlite_sequence WHERE name = 'audit'"
_ENVIRONMENTS = "SELECT name, version FROM environment ORDER BY name"
_HASHES = "SELECT number, hash FROM version ORDER BY number"
_AUTHORS = "SELECT number, who FROM version WHERE who != '' ORDER BY number"
_REVISIONS = "SELECT number, source, snapshot, who FROM revision ORDER BY number"
_BLOBS = "SELECT hash, content FROM blob ORDER BY hash"
_COLUMNS = "SELECT count(*) FROM pragma_table_info(?) WHERE name = ?"


def verify(db: Any, known: str = "") -> Iterator[str]:
    """Yields where the log is broken, and where the other tables are not what it says.

    `known` is a hash that was noted earlier: the log must still have a row with it.
    """
    log = rows(db)
    yield from _chain(log)
    yield from _end(db, log)
    if known and known not in {row.hash for row in log}:
        yield "no row has the hash that was given: rows were written anew or cut off"
    yield from _pointers(db, log)
    yield from _versions(db, log)
    yield from _revisions(db, log)
    yield from _contents(db)


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
    if not db.execute(EXISTS).fetchone()[0]:
        yield "there is no audit log: the next command that writes begins one"
        return
    counted = (db.execute(_COUNTED).fetchone() or (0,))[0]
    last = log[-1].number if log else 0
    if counted != last:
        yield f"rows are missing at the end: {counted} were written, the last one is row {last}"


def _pointers(db: Any, log: list[AuditRow]) -> Iterator[str]:
    told: dict[str, int | None] = {}
    for row in log:
        told |= pointed(row)
    found = dict(db.execute(_ENVIRONMENTS).fetchall())
    for name in sorted({*told, *found}):
        if told.get(name) != found.get(name):
            yield f"{name} runs version {found.get(name)}, and the log says {told.get(name)}"


def _versions(db: Any, log: list[AuditRow]) -> Iterator[str]:
    made: dict[int, str] = {}
    authors: dict[int, str] = {}
    for row in log:
        made |= _made(row)
        authors |= dict.fromkeys(_made(row), row.who) if row.what == "publish" else {}
    found = dict(db.execute(_HASHES).fetchall())
    for number in sorted({*made, *found}):
        if made.get(number) != found.get(number):
            yield f"version {number} is not the one that the log says was made"
    for number, who in db.execute(_AUTHORS) if _has(db, "version", "who") else ():
        if authors.get(number, who) != who:
            yield f"version {number} was made by {authors[number]}, and not by {who}"


def _made(row: AuditRow) -> dict[int, str]:
    """Returns the hash of each version that this row tells of first."""
    if row.what == "begin":
        return {int(number): hash for number, hash in row.content.get("versions", {}).items()}
    if row.what == "publish" and row.content.get("made"):
        return {row.content.get("version", 0): row.content.get("hash", "")}
    return {}


def _revisions(db: Any, log: list[AuditRow]) -> Iterator[str]:
    told: dict[int, tuple[Any, ...]] = {}
    for row in log:
        if row.what.startswith("workspace_") and "source" in row.content:
            said = row.content
            told[said.get("revision", 0)] = (said["source"], said.get("snapshot"), row.who)
    rows_found = db.execute(_REVISIONS).fetchall() if _has(db, "revision", "number") else []
    found = {number: tuple(rest) for number, *rest in rows_found}
    for number in sorted({*told, *found}):
        if told.get(number) != found.get(number):
            yield f"revision {number} is not the one that the log says was saved"


def _contents(db: Any) -> Iterator[str]:
    for hash, content in db.execute(_BLOBS):
        if hashlib.sha256(content).hexdigest() != hash:
            yield f"the content of {_users(db, hash)} was changed"


def _users(db: Any, hash: str) -> str:
    """Returns in words what a content is of."""
    numbers = [str(number) for number, of in db.execute(_HASHES) if of == hash]
    if numbers:
        return f"version {', '.join(numbers)}"
    found = db.execute(_REVISIONS).fetchall() if _has(db, "revision", "number") else []
    numbers = [str(number) for number, source, snapshot, _ in found if hash in (source, snapshot)]
    return f"revision {', '.join(numbers)}" if numbers else f"the files {hash[:12]}"


def _has(db: Any, table: str, column: str) -> bool:
    return bool(db.execute(_COLUMNS, [table, column]).fetchone()[0])
