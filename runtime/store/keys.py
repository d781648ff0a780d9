"""Keys that this installation signs with, by name. They lie in the control database and never leave it but to sign."""

from __future__ import annotations

import time
from typing import Any

PREVIEW = "preview"
"""Signs the links of previews."""

_KEY = "SELECT value FROM key WHERE name = ?"
_SET = (
    "INSERT INTO key (name, value, made_at) VALUES (?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value, made_at = excluded.made_at"
)


def key(db: Any, name: str) -> bytes:
    """Returns a key, empty where none was made yet."""
    row = db.execute(_KEY, [name]).fetchone()
    return bytes(row[0]) if row else b""


def set_key(db: Any, name: str, value: bytes) -> None:
    """Makes a key, or puts another in its place: then nothing that was signed before is valid any more."""
    db.execute(_SET, [name, value, time.time()])
