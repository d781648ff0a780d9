"""What the parts of `runtime.store.accounts` share: the connection, the transaction, the audit log and the clock."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from runtime.store.audit import What

ID_LENGTH = 16
"""Characters of a hash that tell sessions and links apart, in addresses and lists. Nobody can sign in with them."""


class AccountTable:
    """One part of what is known of who may use the admin port."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        transaction: Callable[[], AbstractContextManager[None]],
        tell: Callable[[What, dict[str, Any]], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`tell` adds a row to the audit log, in the transaction that is open."""
        self._connection, self._transaction, self._tell, self._clock = connection, transaction, tell, clock

    def now(self) -> float:
        """Returns the time by which sessions and links end, Unix seconds."""
        return self._clock()


def hashed(secret: str) -> str:
    """Returns what is kept of a session's, an invitation's or a token's secret: with 256 random bits, a plain SHA-256
    is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
