"""The secret store: sealed values by name, in the control database. Nobody can read one back: values are only set."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from runtime.errors import OperatorError
from runtime.store.audit import What
from runtime.store.users import reseal_totp
from runtime.text.secrets import hold, is_reference, reference, variable_name
from runtime.text.vault import Vault, make_key, read_key

TABLE = (
    "CREATE TABLE secret (name TEXT PRIMARY KEY, sealed BLOB NOT NULL, key TEXT NOT NULL, set_at REAL NOT NULL,"
    " who TEXT NOT NULL, ending TEXT NOT NULL) STRICT"
)
LONG = 16
"""Characters of a secret whose last four may be shown."""
LONGEST = 16 * 1024

_PUT = "INSERT OR REPLACE INTO secret (name, sealed, key, set_at, who, ending) VALUES (?, ?, ?, ?, ?, ?)"


class SecretRow(NamedTuple):
    """A secret as it may be shown."""

    name: str
    set_at: float
    who: str
    ending: str
    """Its last four characters where it is long enough not to be given away by them, else ""."""
    key: str
    """Id of the master key that it is sealed with."""


class Secrets:
    """The secrets of a data folder."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        transaction: Callable[[], AbstractContextManager[None]],
        tell: Callable[[What, dict[str, Any]], None],
        who: str,
    ) -> None:
        self._connection, self._transaction, self._tell, self._who = connection, transaction, tell, who

    def rows(self) -> list[SecretRow]:
        """Returns all secrets by name, without their values."""
        query = "SELECT name, set_at, who, ending, key FROM secret ORDER BY name"
        return [SecretRow(*row) for row in self._connection.execute(query).fetchall()]

    def names(self) -> frozenset[str]:
        """Returns the names of all secrets, as they are stored."""
        return frozenset(row.name for row in self.rows())

    def put(self, name: str, value: str, vault: Vault) -> None:
        """Sets a secret. OperatorError where name or value are none."""
        name = stored_name(name)
        if not value or len(value) > LONGEST:
            raise OperatorError(f"A secret has 1 to {LONGEST} characters.", hint="Give it on standard input.")
        ending = value[-4:] if len(value) >= LONG else ""
        with self._transaction():
            row = [name, vault.seal(name, value), vault.key_id, time.time(), self._who, ending]
            self._connection.execute(_PUT, row)
            self._tell("secret", {"secret": name, "did": "set"})

    def remove(self, name: str) -> None:
        """Removes a secret; OperatorError where there is none of that name."""
        name = stored_name(name)
        with self._transaction():
            if self._connection.execute("DELETE FROM secret WHERE name = ?", [name]).rowcount == 0:
                raise OperatorError(f"There is no secret {name}.", hint="List them with `firsthand secret list`.")
            self._tell("secret", {"secret": name, "did": "removed"})

    def values(self, vault: Vault) -> dict[str, str]:
        """Returns all values, by the names that their environment variables would have; OperatorError where one cannot
        be opened."""
        query = "SELECT name, sealed FROM secret ORDER BY name"
        return {name: vault.open(name, sealed) for name, sealed in self._connection.execute(query).fetchall()}

    def rotate(self, old: Vault, new: Vault) -> int:
        """Seals all secrets, and the second factors of users, with another master key; returns how many secrets."""
        with self._transaction():
            for name, value in self.values(old).items():
                query = "UPDATE secret SET sealed = ?, key = ? WHERE name = ?"
                self._connection.execute(query, [new.seal(name, value), new.key_id, name])
            reseal_totp(self._connection, old, new)
            count = int(self._connection.execute("SELECT count(*) FROM secret").fetchone()[0])
            self._tell("secret", {"did": "rotated", "secrets": count})
            return count


def stored_name(name: str) -> str:
    """Returns the name under which a secret is kept: `meta-token` and META_TOKEN are one, as they are one variable."""
    if not is_reference(reference(name)):
        hint = "Take letters, digits, - and _, at most 64, a letter first."
        raise OperatorError(f"{name!r} cannot be a secret's name.", hint=hint)
    return variable_name(name).removeprefix(variable_name(""))


def key_file(data_dir: Path, given: Path | None) -> Path:
    """Returns where the master key lies: where the operator says, else in the data folder."""
    return given or data_dir / "master.key"


def vault_of(file: Path) -> Vault | None:
    """Returns the vault of a key file, None where there is no key."""
    key = read_key(file)
    return Vault(key) if key else None


def new_vault(file: Path) -> Vault:
    """Returns the vault of a key file, making the key where there is none."""
    return Vault(read_key(file) or make_key(file))


def take_in(secrets: Secrets, file: Path) -> bool:
    """Makes the store's values known to this process; returns whether any differs from before. OperatorError where
    there are secrets and not the key that they are sealed with."""
    rows = secrets.rows()
    if not rows:
        return hold({})
    vault = vault_of(file)
    if vault is None:
        hint = "Name the key file in FIRSTHAND_MASTER_KEY_FILE; backups do not hold it."
        raise OperatorError(f"There are {len(rows)} secrets, and no master key at {file}.", hint=hint)
    return hold(secrets.values(vault))
