"""What programs sign in with. A token is shown once; only its hash is kept."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from runtime.errors import OperatorError
from runtime.model.role import Role
from runtime.store.account_table import AccountTable, hashed
from runtime.store.sessions import SEEN_EVERY_S

LONGEST_NAME = 64

TABLE = (
    "CREATE TABLE token (id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    " role TEXT NOT NULL, made_by TEXT NOT NULL, made_at REAL NOT NULL, expires_at REAL, used_at REAL,"
    " ending TEXT NOT NULL) STRICT"
)
_TOKEN = "SELECT id, name, role, made_by, made_at, expires_at, used_at, ending FROM token"  # noqa: S105 - a query


class Token(NamedTuple):
    """What a program signs in with."""

    id: int
    name: str
    role: Role
    made_by: str
    made_at: float
    expires_at: float | None
    used_at: float | None
    ending: str
    """Its last four characters, to know it again by."""

    def is_over(self, now: float) -> bool:
        """Tells whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now


class Tokens(AccountTable):
    """Makes tokens, finds them by their secret, and ends them."""

    def add_token(self, name: str, role: Role, made_by: str, *, valid_s: float | None = None) -> str:
        """Makes a token of a role and returns it: it is shown once. OperatorError where the name is none."""
        if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
            raise OperatorError("That cannot be a token's name.", hint=f"Take 1 to {LONGEST_NAME} characters.")
        secret, now = f"fh_{secrets.token_urlsafe(32)}", self._clock()
        expires = now + valid_s if valid_s else None
        with self._transaction():
            self._connection.execute(
                "INSERT INTO token (hash, name, role, made_by, made_at, expires_at, ending)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [hashed(secret), name, role, made_by, now, expires, secret[-4:]],
            )
            self._tell("token", {"token": name, "did": "made", "role": role, "expires": expires})
        return secret

    def tokens(self) -> list[Token]:
        """Returns all tokens, the newest first."""
        return [Token(*row) for row in self._connection.execute(f"{_TOKEN} ORDER BY id DESC").fetchall()]

    def token(self, secret: str) -> Token | None:
        """Returns the token of a request, None where it is unknown or too old. Notes that it is in use."""
        now = self._clock()
        row = self._connection.execute(f"{_TOKEN} WHERE hash = ?", [hashed(secret)]).fetchone()
        if row is None or (token := Token(*row)).is_over(now):
            return None
        if token.used_at is None or now - token.used_at > SEEN_EVERY_S:
            with self._transaction():
                self._connection.execute("UPDATE token SET used_at = ? WHERE id = ?", [now, token.id])
        return token

    def revoke(self, id: int) -> None:
        """Ends a token; OperatorError where there is none."""
        with self._transaction():
            row = self._connection.execute("DELETE FROM token WHERE id = ? RETURNING name", [id]).fetchone()
            if row is None:
                raise OperatorError(f"There is no token {id}.", hint="List them with `firsthand token list`.")
            self._tell("token", {"token": row[0], "did": "revoked"})
