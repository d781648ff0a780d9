"""Failed tries to sign in, by name and by address. They lie in the file, so that a restart forgives nobody.

A try counts before its password is looked at: many at once are no more tries than one after the other. No name is
locked for good, and names that nobody has are counted like others.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping

from runtime.store.account_table import AccountTable

FREE_TRIES = 5
"""Of a name, before one has to wait."""
FREE_OF_ADDRESS = 20
"""Of an address: an office is one."""
LONGEST_WAIT_S = 15 * 60
FORGET_S = 24 * 3600
"""So long after the last wait, a name or an address starts anew."""

TABLE = "CREATE TABLE failure (key TEXT PRIMARY KEY, count INTEGER NOT NULL, until REAL NOT NULL) STRICT"
_COUNT = (
    "INSERT INTO failure (key, count, until) VALUES (?, ?, ?)"
    " ON CONFLICT (key) DO UPDATE SET count = excluded.count, until = excluded.until"
)


def name_key(name: str) -> str:
    """Returns what tries for a name are counted under: 32 bits of a hash. It may be a password, typed into the wrong
    field, and of so little nobody can tell which."""
    return f"user {hashlib.sha256(name.lower().encode()).hexdigest()[:8]}"


def address_key(address: str) -> str:
    """Returns what tries from an address are counted under."""
    return f"address {address}"


def wait_s(failures: int, free: int = FREE_TRIES) -> float:
    """Returns how long to wait after so many failed tries in a row: not at all at first, then twice as long each
    time, and never longer than a quarter of an hour."""
    return 0.0 if failures < free else min(float(LONGEST_WAIT_S), 2.0 ** min(failures - free, 20))


def forget_name(connection: sqlite3.Connection, name: str) -> None:
    """Forgets the failed tries of a name, in the transaction that is open."""
    connection.execute("DELETE FROM failure WHERE key = ?", [name_key(name)])


class Failures(AccountTable):
    """Counts tries, and says who has to wait."""

    def try_now(self, keys: Mapping[str, int]) -> float:
        """Counts a try under keys, each with its number of free ones, and returns 0; where one of them has to wait,
        counts nothing and returns for how long, in seconds."""
        now = self._clock()
        with self._transaction():
            self._connection.execute("DELETE FROM failure WHERE until < ?", [now - FORGET_S])
            known = {key: self._row(key) for key in keys}
            left = max(until for _, until in known.values()) - now
            if left > 0:
                return left
            for key, free in keys.items():
                count = known[key][0] + 1
                self._connection.execute(_COUNT, [key, count, now + wait_s(count, free)])
        return 0.0

    def succeeded(self, name: str, address: str) -> None:
        """Forgets the failed tries of a name; of an address only the last, which was none: else who has one account
        could try those of others for ever."""
        with self._transaction():
            forget_name(self._connection, name)
            query = "UPDATE failure SET count = count - 1, until = min(until, ?) WHERE key = ? AND count > 0"
            self._connection.execute(query, [self._clock(), address_key(address)])

    def tell_failed(self, user: str, address: str) -> None:
        """Notes a failed try in the audit log. `user` is "" where nobody has the name: it may be a password, typed into
        the wrong field."""
        with self._transaction():
            self._tell("session", {"user": user, "did": "failed to sign in", "address": address[:64]})

    def _row(self, key: str) -> tuple[int, float]:
        row = self._connection.execute("SELECT count, until FROM failure WHERE key = ?", [key]).fetchone()
        return (int(row[0]), float(row[1])) if row else (0, 0.0)
