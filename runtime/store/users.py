"""The users of the admin port: what each may do, and what it proves itself with.

Of a password its hash is kept; the secret of a second factor, which has to be read again, is sealed with the master
key, bound to its user.
"""

from __future__ import annotations

import base64
import re
import sqlite3
from typing import Any, NamedTuple

from runtime.errors import OperatorError
from runtime.model.role import ROLES, Role
from runtime.store.account_table import AccountTable
from runtime.text.vault import Vault

TABLE = (
    "CREATE TABLE user (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE,"
    " role TEXT NOT NULL, password TEXT, totp TEXT, totp_step INTEGER NOT NULL DEFAULT 0, subject TEXT UNIQUE,"
    " disabled INTEGER NOT NULL DEFAULT 0, made_at REAL NOT NULL) STRICT"
)
USER = "SELECT id, name, role, password, totp, totp_step, subject, disabled, made_at FROM user"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_CHANGING = frozenset(("role", "password", "totp", "totp_step", "subject", "disabled"))
_ENDING_SESSIONS = frozenset(("role", "password", "totp", "disabled"))


class User(NamedTuple):
    """One person."""

    id: int
    name: str
    role: Role
    password: str | None
    """Its hash; None before the invitation was taken, and for who signs in elsewhere."""
    totp: str | None
    """Secret of the one-time passwords, sealed; None where there is no second factor."""
    totp_step: int
    """The last time step whose password was taken: each counts once."""
    subject: str | None
    """What the single sign-on knows the person by."""
    disabled: int
    made_at: float


class Users(AccountTable):
    """Every change of who may do what is told to the audit log."""

    def users(self) -> list[User]:
        """Returns all users by name."""
        return [User(*row) for row in self._connection.execute(f"{USER} ORDER BY name").fetchall()]

    def user(self, name: str) -> User | None:
        """Returns a user by the name it signs in with, in any case."""
        row = self._connection.execute(f"{USER} WHERE name = ?", [name]).fetchone()
        return User(*row) if row else None

    def known(self, name: str) -> User:
        """Returns a user by its name; OperatorError where there is none."""
        found = self.user(name)
        if found is None:
            raise OperatorError(f"There is no user {name!r}.", hint="List them with `firsthand user list`.")
        return found

    def user_of(self, subject: str) -> User | None:
        """Returns a user by what the single sign-on knows it by."""
        row = self._connection.execute(f"{USER} WHERE subject = ?", [subject]).fetchone()
        return User(*row) if row else None

    def add(self, name: str, role: Role, *, password: str | None = None, subject: str | None = None) -> User:
        """Adds a user; `password` is a hash. OperatorError where the name is taken."""
        with self._transaction():
            self._insert(name, role, password, subject)
        return self.known(name)

    def change(self, name: str, *, keep: str = "", **values: Any) -> User:
        """Changes a user's role, password, totp, totp_step, subject or disabled.

        What it proves itself with, and what it may do, end its sessions, but for the one whose hash is `keep`.
        OperatorError where there is no such user, or where it would leave nobody who may administer.
        """
        assert values.keys() <= _CHANGING
        with self._transaction():
            self._update(self.known(name), values, keep)
        return self.known(name)

    def take_step(self, user: User, step: int) -> bool:
        """Takes a time step of a user's one-time passwords, once; returns whether it was still to be had."""
        with self._transaction():
            query = "UPDATE user SET totp_step = ? WHERE id = ? AND totp_step < ?"
            return self._connection.execute(query, [step, user.id, step]).rowcount == 1

    def _insert(self, name: str, role: Role, password: str | None, subject: str | None) -> None:
        query = "INSERT INTO user (name, role, password, subject, made_at) VALUES (?, ?, ?, ?, ?)"
        try:
            self._connection.execute(query, [name, role, password, subject, self._clock()])
        except sqlite3.IntegrityError as error:
            raise OperatorError(f"There is a user {name!r} already.", hint="Choose another name.") from error
        self._tell("user", {"user": name, "did": "added", "role": role})

    def _update(self, user: User, values: dict[str, Any], keep: str = "") -> None:
        columns = ", ".join(f"{column} = ?" for column in values)
        self._connection.execute(f"UPDATE user SET {columns} WHERE id = ?", [*values.values(), user.id])  # noqa: S608 - our own names
        if values.keys() & _ENDING_SESSIONS:
            self._connection.execute("DELETE FROM session WHERE user = ? AND hash != ?", [user.id, keep])
        if user.role == "admin" and values.keys() & {"role", "disabled"}:
            self._require_an_admin()
        if shown := {key: value for key, value in values.items() if key != "totp_step"}:
            self._tell("user", {"user": user.name, "did": "changed", **_public(shown)})

    def _require_an_admin(self) -> None:
        query = "SELECT count(*) FROM user WHERE role = 'admin' AND NOT disabled"
        if self._connection.execute(query).fetchone()[0] == 0:
            raise OperatorError("This would leave nobody who is an admin.", hint="Make somebody else one first.")


def user_name(text: str) -> str:
    """Returns a name that a new user may have; OperatorError where it cannot be one. Nothing in it looks like another
    letter, or like what the audit log calls a program."""
    if not _NAME.fullmatch(text):
        hint = "Take 1 to 64 letters without accents, digits and any of . _ @ + -, a letter or digit first."
        raise OperatorError("That cannot be a user's name.", hint=hint)
    return text


def role_of(text: str) -> Role:
    """Returns a role by its name; OperatorError where there is none."""
    for role in ROLES:
        if role == text:
            return role
    raise OperatorError(f"There is no role {text!r}.", hint=f"The roles are {', '.join(ROLES)}.")


def seal_totp(vault: Vault, user: int, secret: str) -> str:
    """Returns the secret of a second factor as it is kept."""
    return base64.b64encode(vault.seal(_sealed_name(user), secret)).decode()


def open_totp(vault: Vault, user: User) -> str:
    """Returns the secret of a user's second factor; OperatorError where it was sealed with another master key."""
    assert user.totp is not None
    return vault.open(_sealed_name(user.id), base64.b64decode(user.totp))


def reseal_totp(connection: sqlite3.Connection, old: Vault, new: Vault) -> None:
    """Seals the secrets of all second factors with another master key, in the transaction that is open."""
    for row in connection.execute(f"{USER} WHERE totp IS NOT NULL").fetchall():
        user = User(*row)
        sealed = seal_totp(new, user.id, open_totp(old, user))
        connection.execute("UPDATE user SET totp = ? WHERE id = ?", [sealed, user.id])


def _sealed_name(user: int) -> str:
    return f"second factor of user {user}"


def _public(values: dict[str, Any]) -> dict[str, Any]:
    """Returns what the audit log may tell of a change: that there is a password or a second factor, and not which."""
    hidden = {"password", "totp"}
    return {key: (value is not None) if key in hidden else value for key, value in values.items()}
