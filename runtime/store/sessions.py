"""Browsers that are signed in. Of a session's cookie only the hash is kept, so that it can be ended and not be used."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from runtime.model.role import Role
from runtime.store.account_table import ID_LENGTH, AccountTable, hashed
from runtime.store.users import User

IDLE_S = 30 * 60
"""A session that was not used so long is over."""
LONGEST_S = 12 * 3600
"""And any that is so old."""
SEEN_EVERY_S = 60
"""Use is noted no more often than this: each note is a write that every process hears of."""

TABLE = (
    "CREATE TABLE session (hash TEXT PRIMARY KEY, user INTEGER NOT NULL REFERENCES user(id), csrf TEXT NOT NULL,"
    " made_at REAL NOT NULL, seen_at REAL NOT NULL, proved_at REAL NOT NULL, address TEXT NOT NULL,"
    " agent TEXT NOT NULL) STRICT"
)
_SESSION = (
    "SELECT session.hash, user.id, user.name, user.role, session.csrf, session.made_at, session.seen_at,"
    " session.proved_at, session.address, session.agent FROM session JOIN user ON user.id = session.user"
    " WHERE seen_at > ? AND session.made_at > ? AND NOT user.disabled"
)


class Session(NamedTuple):
    """One browser that is signed in."""

    hash: str
    user: int
    name: str
    role: Role
    csrf: str
    made_at: float
    seen_at: float
    proved_at: float
    """When the password was last given."""
    address: str
    agent: str

    @property
    def id(self) -> str:
        """What lists call it. The cookie cannot be made of it."""
        return self.hash[:ID_LENGTH]


class Sessions(AccountTable):
    """Opens sessions, finds them by their cookie's secret, and ends them."""

    def sign_in(self, user: User, address: str, agent: str, *, proved_at: float | None = None) -> tuple[str, Session]:
        """Opens a session; returns the secret for its cookie. Sessions that are over are removed on the way.

        `proved_at` is when the person last showed a password, by default now.
        """
        secret, now = secrets.token_urlsafe(32), self._clock()
        with self._transaction():
            self._connection.execute(
                "DELETE FROM session WHERE seen_at < ? OR made_at < ?", [now - IDLE_S, now - LONGEST_S]
            )
            self._connection.execute(
                "INSERT INTO session (hash, user, csrf, made_at, seen_at, proved_at, address, agent)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    hashed(secret), user.id, secrets.token_urlsafe(32), now, now,
                    now if proved_at is None else min(now, proved_at), address[:64], agent[:200],
                ],
            )  # fmt: skip
            self._tell("session", {"user": user.name, "did": "signed in", "address": address[:64]})
        session = self.session(secret)
        assert session is not None
        return secret, session

    def session(self, secret: str) -> Session | None:
        """Returns the session of a cookie, None where it is over or its user is disabled. Notes that it is in use."""
        row = self._connection.execute(f"{_SESSION} AND session.hash = ?", [*self._since(), hashed(secret)]).fetchone()
        if row is None:
            return None
        session, now = Session(*row), self._clock()
        if now - session.seen_at > SEEN_EVERY_S:
            with self._transaction():
                self._connection.execute("UPDATE session SET seen_at = ? WHERE hash = ?", [now, session.hash])
        return session

    def prove(self, hash: str) -> None:
        """Notes that the password was given again in a session."""
        with self._transaction():
            self._connection.execute("UPDATE session SET proved_at = ? WHERE hash = ?", [self._clock(), hash])

    def sessions(self, user: int | None = None) -> list[Session]:
        """Returns the sessions that are open, of one user or of all, the latest used first."""
        rows = self._connection.execute(f"{_SESSION} ORDER BY seen_at DESC", self._since()).fetchall()
        return [found for row in rows if (found := Session(*row)) and user in (None, found.user)]

    def sign_out(self, hash: str, *, user: int) -> bool:
        """Ends a session of a user by its hash or id; returns whether there was one."""
        with self._transaction():
            query = "DELETE FROM session WHERE substr(hash, 1, ?) = ? AND user = ?"
            found = self._connection.execute(query, [ID_LENGTH, hash[:ID_LENGTH], user]).rowcount > 0
            if found:
                self._tell("session", {"user": self._name_of(user), "did": "signed out"})
            return found

    def sign_out_all(self, user: int, *, keep: str = "") -> int:
        """Ends all sessions of a user but the one whose hash is `keep`; returns how many."""
        with self._transaction():
            query = "DELETE FROM session WHERE user = ? AND hash != ?"
            ended = self._connection.execute(query, [user, keep]).rowcount
            if ended:
                self._tell("session", {"user": self._name_of(user), "did": "signed out", "sessions": ended})
            return ended

    def _since(self) -> list[float]:
        return [self._clock() - IDLE_S, self._clock() - LONGEST_S]

    def _name_of(self, user: int) -> str:
        return str(self._connection.execute("SELECT name FROM user WHERE id = ?", [user]).fetchone()[0])
