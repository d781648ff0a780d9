"""The control database: published versions, which one each environment runs, drafts, and what routers are asked for.

A version is immutable: a number, the hash of its content, when it was made, by whom, a note. Its content is a blob,
kept once however many versions have it. An environment points at one version; publishing adds a version and moves the
pointer in one transaction. One process writes this file (the admin's, or a command before the server runs); others
read.

Whatever is written is told of in the audit log (`runtime.store.audit`), in the same transaction.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self

from sqlite_utils import Database

from runtime.errors import FormatTooNew, OperatorError
from runtime.model.command import Command
from runtime.store import audit, audit_check, commands, environments, keys, versions, workspaces
from runtime.store.accounts import Accounts
from runtime.store.audit import AuditRow
from runtime.store.commands import CommandRow
from runtime.store.control_schema import MIGRATIONS, known_migrations
from runtime.store.environments import Environment
from runtime.store.secrets import Secrets
from runtime.store.versions import LIVE, Publishing, Version
from runtime.store.workspaces import Workspaces

__all__ = ["LIVE", "CommandRow", "Control", "Environment", "Publishing", "Version", "Workspaces"]

BUSY_TIMEOUT_S = 5.0


class Control:
    """One connection to the control database. Use it in one thread, and close it."""

    def __init__(self, path: Path, *, who: str = "", rehearsal: bool = False) -> None:
        """Opens the file for writing, and brings it to the newest form; makes it where there is none.

        `who` stands in the audit log as the one that does what follows; by default the user of this process. In a
        rehearsal all that is written is checked as always, answered as if it were done, and taken back.
        """
        self._who = who or audit.os_user()
        self._rehearsal = rehearsal
        path.parent.mkdir(parents=True, exist_ok=True)
        self._open(path, f"{path.absolute().as_uri()}?mode=rwc")
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            MIGRATIONS.apply(self._db)
        except BaseException:
            self.close()
            raise

    @classmethod
    def read(cls, path: Path) -> Self:
        """Opens the file for reading only; OperatorError where there is none."""
        control = cls.__new__(cls)
        control._who = ""
        control._rehearsal = False
        control._open(path, f"{path.absolute().as_uri()}?mode=ro")
        return control

    def publish(
        self, content: bytes, hash: str, note: str = "", *, environment: str = LIVE, source: bytes | None = None,
        reason: str = "", told: Mapping[str, Any] | None = None,
    ) -> int:  # fmt: skip
        """Makes a version of a snapshot's bytes, points the environment at it, and returns its number.

        `source` is kept with it: the files that it was made of. Where the environment runs content of that hash
        already, nothing changes and its number is returned. `reason` says why, against which warning, and `told` what
        else the audit log shall keep.
        """
        what, told = Publishing(content, hash, note, source, environment), {**(told or {})}
        with self._transaction():
            return versions.publish(self._db, self._who, what, told | ({"reason": reason} if reason else {}))

    def point(
        self, number: int, *, environment: str = LIVE, what: Literal["publish", "rollback"] = "publish"
    ) -> int | None:
        """Points an environment at a version that exists: publishing it again, or rolling back to it.

        Returns the version that it ran before, None where it ran none. Where it runs that one already, nothing changes.
        """
        versions.content(self._db, number)
        with self._transaction():
            now = versions.running(self._db, environment)
            if now is None or now[0] != number:
                versions.move(self._db, self._who, what, environment, number)
            return now[0] if now else None

    def earlier(self, environment: str = LIVE) -> list[int]:
        """Returns the versions that an environment could be rolled back to, the latest last."""
        return audit.earlier(self.audit_log(), environment)

    def audit_log(self) -> list[AuditRow]:
        """Returns all rows of the audit log, the oldest first."""
        return audit.rows(self._db)

    def verify(self, known: str = "") -> list[str]:
        """Returns where the audit log is broken, or is not what versions, pointers and revisions say; empty where all
        is well."""
        with self._connection:
            self._db.execute("BEGIN")  # One state of the file, whoever writes meanwhile.
            return list(audit_check.verify(self._db, known))

    def live(self, environment: str = LIVE) -> tuple[int, bytes] | None:
        """Returns number and content of the version that an environment runs, None where it runs none."""
        now = versions.running(self._db, environment)
        return (now[0], versions.content(self._db, now[0])) if now else None

    def version(self, number: int) -> bytes:
        """Returns a version's content; OperatorError where there is no such version.

        -N is revision N of a workspace, which has content where it could be published.
        """
        return workspaces.snapshot(self._db, -number) if number < 0 else versions.content(self._db, number)

    def source(self, number: int) -> bytes | None:
        """Returns the files that a version was made of, as its publisher gave them; None where nobody did."""
        self._require_newest_form()
        return versions.source(self._db, number)

    def versions(self) -> list[Version]:
        """Returns all versions, the newest first."""
        return versions.every(self._db)

    def environments(self) -> list[Environment]:
        """Returns all environments that run a version, `live` first."""
        self._require_newest_form()
        return environments.every(self._db)

    def set_environment(self, name: str, hosts: Sequence[str], *, sends: bool) -> Environment:
        """Says on which hosts an environment answers and whether its tags send; a new one runs what is live."""
        with self._transaction():
            return environments.put(self._db, self._who, name, hosts, sends)

    def remove_environment(self, name: str) -> None:
        """Removes an environment other than `live`."""
        with self._transaction():
            environments.remove(self._db, self._who, name)

    @property
    def workspaces(self) -> Workspaces:
        """The drafts."""
        self._require_newest_form()
        return Workspaces(self._db, self._who, self._transaction)

    @property
    def accounts(self) -> Accounts:
        """Who may use the admin port."""
        self._require_newest_form()
        return Accounts(self._connection, self._transaction, partial(audit.add, self._db, self._who))

    @property
    def secrets(self) -> Secrets:
        """The secret store."""
        self._require_newest_form()
        return Secrets(self._connection, self._transaction, partial(audit.add, self._db, self._who), self._who)

    def preview_key(self) -> bytes:
        """Returns the key that signs preview links, empty where nobody made one yet."""
        self._require_newest_form()
        return keys.key(self._db, keys.PREVIEW)

    def make_preview_key(self, value: bytes) -> bytes:
        """Makes that key where there is none, and returns the one that there is now."""
        with self._transaction():
            if not (known := keys.key(self._db, keys.PREVIEW)):
                keys.set_key(self._db, keys.PREVIEW, value)
            return known or value

    def end_previews(self, value: bytes) -> None:
        """Puts another key in its place: no link that was given out before is valid any more."""
        with self._transaction():
            keys.set_key(self._db, keys.PREVIEW, value)
            audit.add(self._db, self._who, "previews_ended", {})

    def tell_preview(self, told: Mapping[str, Any]) -> None:
        """Notes in the audit log that a preview link was given out: of what, until when, and whether it sends."""
        with self._transaction():
            audit.add(self._db, self._who, "preview", told)

    def previews(self) -> list[AuditRow]:
        """Returns what is told of preview links since all were ended last, the newest first; at most the last 200."""
        return audit.previews(self._db)

    def tell_test(self, told: Mapping[str, Any]) -> None:
        """Notes in the audit log that somebody sends a test event: by which tag of which version."""
        with self._transaction():
            audit.add(self._db, self._who, "test", told)

    def command(self, command: Command) -> int:
        """Stores a command for the routers and returns its number."""
        with self._transaction():
            return commands.add(self._db, self._who, command)

    def commands(self, after: int = 0, limit: int = 1000) -> list[CommandRow]:
        """Returns the commands that follow a number, in order. FormatTooNew where one is of a kind that this Firsthand
        does not know: what an operator asked for must not be passed over."""
        return commands.after(self._db, after, limit)

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
            if self._rehearsal:
                self._connection.rollback()

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
            applied = {migration.name for migration in MIGRATIONS.applied(self._db)}
        except sqlite3.DatabaseError as error:
            raise OperatorError(f"{path} is no control database: {error}.", hint="Restore it from a backup.") from error
        known = known_migrations()
        if not applied <= known:
            raise FormatTooNew(f"{path} was written by a newer Firsthand.", hint="Upgrade before you open it.")
        self._is_newest = applied == known

    def _require_newest_form(self) -> None:
        """A writer brings the file to its newest form; a reader that comes before it has to say so."""
        if self._who == "" and not self._is_newest:
            hint = "Start the server, or run a command that writes: it brings the data folder to its newest form."
            raise OperatorError("An older Firsthand wrote control.db last, without workspaces.", hint=hint)
