"""Workspaces in the control database: drafts of the container, each a row of revisions that are never changed.

open ── discard ──▶ discarded
  └──── publish ──▶ published, or open on the version that was made

A save names the revision that it started from. In one transaction it becomes the next revision where nobody has saved
meanwhile; else WorkspaceMoved says which one is the latest, and nothing is written: to merge is for those who know what
the content means (`runtime.containers.workspace`). A revision's number is never used again.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from runtime.errors import OperatorError, WorkspaceMoved
from runtime.store import audit, versions
from runtime.store.versions import Publishing
from runtime.store.workspace_rows import Revision, Saved, State, Workspace, workspace_of
from runtime.text.references import is_id

__all__ = ["Revision", "Saved", "State", "Workspace", "Workspaces"]

_DRAFTS = (
    "SELECT workspace.id, workspace.name, base, workspace.note, created_at, state,"
    " revision.number, revision.workspace, source, snapshot, at, who, revision.note FROM workspace"
    " JOIN revision ON revision.number = (SELECT max(number) FROM revision WHERE workspace = workspace.id)"
)
_NAMED = _DRAFTS + " WHERE workspace.name = ? AND state = 'open'"
_BY_ID = _DRAFTS + " WHERE workspace.id = ?"
_OPEN = _DRAFTS + " WHERE state = 'open' ORDER BY workspace.name"
_EVERY = _DRAFTS + " ORDER BY workspace.id DESC"
_REVISIONS = (
    "SELECT number, workspace, source, snapshot, at, who, note FROM revision WHERE workspace = ? ORDER BY number DESC"
)
_HOLDER = (
    "SELECT workspace.name FROM revision JOIN workspace ON workspace.id = revision.workspace WHERE revision.number = ?"
)
_CREATE = "INSERT INTO workspace (name, base, note, created_at, state) VALUES (?, ?, ?, ?, 'open') RETURNING id"
_SAVE = "INSERT INTO revision (workspace, source, snapshot, at, who, note) VALUES (?, ?, ?, ?, ?, ?) RETURNING number"
_SET = "UPDATE workspace SET name = ?, base = ?, note = ?, state = ? WHERE id = ?"
_SOURCE = "SELECT blob.content FROM revision JOIN blob ON blob.hash = revision.source WHERE revision.number = ?"
_SNAPSHOT = (
    "SELECT revision.number, blob.content FROM revision LEFT JOIN blob ON blob.hash = revision.snapshot"
    " WHERE revision.number = ?"
)


class Workspaces:
    """The workspaces of one connection. Reading needs no transaction; each method that writes is one."""

    def __init__(self, db: Any, who: str, transaction: Callable[[], AbstractContextManager[None]]) -> None:
        self._db = db
        self._who = who
        self._transaction = transaction

    def list(self, *, closed: bool = False) -> list[Workspace]:
        """Returns the open workspaces by name; with `closed` all there ever were, the newest first."""
        return [workspace_of(row) for row in self._db.execute(_EVERY if closed else _OPEN).fetchall()]

    def get(self, name: str) -> Workspace:
        """Returns the open workspace of that name; OperatorError where there is none."""
        row = self._db.execute(_NAMED, [name]).fetchone()
        if row is None:
            raise OperatorError(f"There is no workspace `{name}`.", hint="`firsthand workspace list` lists them.")
        return workspace_of(row)

    def revisions(self, workspace: Workspace) -> tuple[Revision, ...]:
        """Returns a workspace's revisions, the newest first."""
        return tuple(Revision(*row) for row in self._db.execute(_REVISIONS, [workspace.id]).fetchall())

    def source(self, revision: int) -> bytes:
        """Returns the files of a revision; OperatorError where there is none of that number."""
        row = self._db.execute(_SOURCE, [revision]).fetchone()
        if row is None:
            raise _no_revision(revision)
        return bytes(row[0])

    def holder(self, revision: int) -> str:
        """Returns the name of the workspace that a revision is of, also of a closed one."""
        row = self._db.execute(_HOLDER, [revision]).fetchone()
        if row is None:
            raise _no_revision(revision)
        return str(row[0])

    def create(self, name: str, saved: Saved, *, base: int = 0, note: str = "") -> Workspace:
        """Makes a workspace with its first revision; OperatorError where an open one has that name."""
        _require_name(name)
        with self._transaction(), _unique(name):
            id = int(self._db.execute(_CREATE, [name, base, note, time.time()]).fetchone()[0])
            self._add("workspace_created", id, saved, note, {"name": name, "base": base})
            return self._by_id(id)

    def save(
        self, workspace: Workspace, saved: Saved, *, expected: int, note: str = "", base: int | None = None
    ) -> Workspace:
        """Makes the next revision, where the latest is still the expected one; WorkspaceMoved where it is not.

        With `base` it has taken in that version too. Where nothing differs from the latest one, none is made.
        """
        with self._transaction():
            now = self._unmoved(workspace, expected)
            if base is not None and base != now.base:
                self._set(replace(now, base=base))
                self._add("workspace_merged", now.id, saved, note, {"base": base, "before": now.base})
            elif (now.latest.source, now.latest.snapshot) != _hashes(saved):
                self._add("workspace_saved", now.id, saved, note, {"started_from": expected})
            return self._by_id(now.id)

    def rename(self, workspace: Workspace, name: str, note: str | None = None) -> Workspace:
        """Gives an open workspace another name, and where one is given another note."""
        _require_name(name)
        with self._transaction(), _unique(name):
            now = self._open_one(workspace)
            self._set(replace(now, name=name, note=now.note if note is None else note))
            told = {"name": name, "before": now.name, **({} if note is None else {"note": note})}
            self._tell("workspace_renamed", now.id, told)
            return self._by_id(now.id)

    def discard(self, workspace: Workspace) -> None:
        """Closes a workspace without publishing it. Its revisions stay, because previewed hits name them."""
        with self._transaction():
            now = self._open_one(workspace)
            self._set(replace(now, state="discarded"))
            self._tell("workspace_discarded", now.id, {"revision": now.latest.number})

    def publish(
        self, workspace: Workspace, what: Publishing, *, expected: int, keep_open: bool = False, reason: str = ""
    ) -> int:
        """Makes a version of the expected revision, and returns its number.

        WorkspaceMoved where somebody has saved meanwhile; OperatorError where `live` would lose what another one
        published. Published to `live`, the workspace is closed, or with `keep_open` becomes a draft of the new version;
        published elsewhere, it stays the draft that it is. `reason` says why, against which warning.
        """
        with self._transaction():
            now = self.require_publishable(workspace, expected, what.environment)
            told = {"workspace": now.id, "revision": expected, **({"reason": reason} if reason else {})}
            number = versions.publish(self._db, self._who, what, told)
            if what.environment == versions.LIVE:
                self._set(replace(now, base=number, state="open" if keep_open else "published"))
            if what.environment == versions.LIVE and not keep_open:
                self._tell("workspace_published", now.id, {"revision": expected, "version": number})
            return number

    def require_publishable(self, workspace: Workspace, expected: int, environment: str) -> Workspace:
        """Returns the workspace as it is now; raises what `publish` would, as long as nothing changes meanwhile."""
        now = self._unmoved(workspace, expected)
        live = versions.running(self._db, versions.LIVE)
        if environment == versions.LIVE and (live[0] if live else 0) != now.base:
            what = f"version {live[0]} is" if live else "nothing is"
            of = f"version {now.base}" if now.base else "nothing"
            message = f"Live has moved: {what} live, and `{now.name}` is a draft of {of}."
            raise OperatorError(message, hint=f"Take it in first: `firsthand workspace merge {now.name}`.")
        return now

    def _unmoved(self, workspace: Workspace, expected: int) -> Workspace:
        now = self._open_one(workspace)
        if now.latest.number != expected:
            raise WorkspaceMoved(now.name, now.latest.number, now.latest.who)
        return now

    def _open_one(self, workspace: Workspace) -> Workspace:
        now = self._by_id(workspace.id)
        if now.state != "open":
            hint = "Create a new one: `firsthand workspace create`."
            raise OperatorError(f"The workspace `{now.name}` was {now.state} meanwhile.", hint=hint)
        return now

    def _by_id(self, id: int) -> Workspace:
        return workspace_of(self._db.execute(_BY_ID, [id]).fetchone())

    def _set(self, now: Workspace) -> None:
        self._db.execute(_SET, [now.name, now.base, now.note, now.state, now.id])

    def _add(self, what: audit.What, id: int, saved: Saved, note: str, more: dict[str, Any]) -> None:
        source = versions.keep(self._db, saved.source)
        snapshot = None if saved.snapshot is None else versions.keep(self._db, saved.snapshot)
        row = [id, source, snapshot, time.time(), self._who, note]
        number = int(self._db.execute(_SAVE, row).fetchone()[0])
        self._tell(what, id, {"revision": number, "source": source, "snapshot": snapshot, "note": note, **more})

    def _tell(self, what: audit.What, id: int, more: dict[str, Any]) -> None:
        audit.add(self._db, self._who, what, {"workspace": id, **more})


def snapshot(db: Any, revision: int) -> bytes:
    """Returns what a revision would run; OperatorError where there is no such revision, or it could not run."""
    row = db.execute(_SNAPSHOT, [revision]).fetchone()
    if row is None:
        raise _no_revision(revision)
    if row[1] is None:
        raise OperatorError(f"Revision {revision} has errors, so it cannot run.", hint="Correct it and save it again.")
    return bytes(row[1])


def _hashes(saved: Saved) -> tuple[str, str | None]:
    return versions.hash_of(saved.source), None if saved.snapshot is None else versions.hash_of(saved.snapshot)


def _no_revision(number: int) -> OperatorError:
    return OperatorError(f"There is no revision {number} of any workspace.", hint="Name one that was saved.")


def _require_name(name: str) -> None:
    if not is_id(name):
        hint = "Begin with a letter; then letters, digits, `_` and `-`, 64 at most."
        raise OperatorError(f"`{name}` cannot be a workspace's name.", hint=hint)


class _unique(AbstractContextManager[None]):
    """Says in plain words that a name is taken."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.IntegrityError) and "workspace.name" in str(error):
            hint = "Choose another name, or discard that one."
            raise OperatorError(f"A workspace `{self._name}` is open already.", hint=hint) from error
