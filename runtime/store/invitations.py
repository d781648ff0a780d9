"""One-time links: for somebody new in a role, or for a user to set a new password."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from runtime.errors import OperatorError
from runtime.model.role import Role
from runtime.store.account_table import ID_LENGTH, hashed
from runtime.store.failures import forget_name
from runtime.store.users import USER, User, Users, user_name

INVITATION_S = 48 * 3600

TABLE = (
    "CREATE TABLE invitation (hash TEXT PRIMARY KEY, user INTEGER REFERENCES user(id), role TEXT NOT NULL,"
    " expires_at REAL NOT NULL) STRICT"
)
_OPEN = (
    "SELECT invitation.hash, user.name, invitation.role, expires_at FROM invitation LEFT JOIN user ON user.id = user"
)


class Invitation(NamedTuple):
    """A link that nobody has used yet."""

    hash: str
    user: str | None
    """Whose password it sets; None for somebody new."""
    role: Role
    expires_at: float

    @property
    def id(self) -> str:
        """What lists call it. The link cannot be made of it."""
        return self.hash[:ID_LENGTH]


class Invitations(Users):
    """Links, and what becomes of users by them."""

    def invite(self, role: Role, user: User | None = None, *, valid_s: float = INVITATION_S) -> str:
        """Returns the secret of a one-time link. A user's earlier links end."""
        secret, now = secrets.token_urlsafe(32), self._clock()
        with self._transaction():
            self._connection.execute("DELETE FROM invitation WHERE expires_at < ?", [now])
            if user is not None:
                self._connection.execute("DELETE FROM invitation WHERE user = ?", [user.id])
            self._connection.execute(
                "INSERT INTO invitation (hash, user, role, expires_at) VALUES (?, ?, ?, ?)",
                [hashed(secret), user.id if user else None, role, now + valid_s],
            )
            self._tell("user", {"user": user.name if user else "", "did": "invited", "role": role})
        return secret

    def invitations(self) -> list[Invitation]:
        """Returns the links that are open, the one that ends first before the others."""
        query = f"{_OPEN} WHERE expires_at > ? ORDER BY expires_at"
        return [Invitation(*row) for row in self._connection.execute(query, [self._clock()]).fetchall()]

    def invitation(self, secret: str) -> tuple[Role, User | None] | None:
        """Returns whom a link is for: a role, and the user whose password it sets, None for somebody new. None where
        the link is over."""
        query = "SELECT role, user FROM invitation WHERE hash = ? AND expires_at > ?"
        row = self._connection.execute(query, [hashed(secret), self._clock()]).fetchone()
        return (row[0], self._by_id(row[1])) if row else None

    def accept(self, secret: str, name: str, password: str) -> User | None:
        """Ends a link and does what it is for: adds a user of that name, or sets its user's password, a hash.

        None where the link is over. OperatorError where the name cannot be had; then the link stays.
        """
        with self._transaction():
            query = "DELETE FROM invitation WHERE hash = ? AND expires_at > ? RETURNING role, user"
            row = self._connection.execute(query, [hashed(secret), self._clock()]).fetchone()
            if row is None:
                return None
            user = self._by_id(row[1])
            if user is None:
                self._insert(user_name(name), row[0], password, None)
            else:
                self._update(user, {"password": password})
                forget_name(self._connection, user.name)
        return self.known(user.name if user else name)

    def withdraw(self, id: str) -> None:
        """Ends a link by its id; OperatorError where there is none."""
        with self._transaction():
            query = "DELETE FROM invitation WHERE substr(hash, 1, ?) = ? RETURNING role"
            row = self._connection.execute(query, [ID_LENGTH, id]).fetchone()
            if row is None:
                raise OperatorError("There is no such link.", hint="It was used, or its time is over.")
            self._tell("user", {"user": "", "did": "invitation withdrawn", "role": row[0]})

    def _by_id(self, id: int | None) -> User | None:
        row = self._connection.execute(f"{USER} WHERE id = ?", [id]).fetchone() if id else None
        return User(*row) if row else None
