"""Scripts that are called no more, because they hung or crashed a router: one row a script and shard.

A row is written by the router of the shard whose hit it happened on, and holds for all routers of the server. It stays
until it is lifted; a script with other content is another script.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from runtime.model.refusal import Refusal
from runtime.store.delivery_reader import DeliveryReader
from runtime.store.delivery_rows import QuarantineRow
from runtime.store.files import delivery_path, shards

Cause = Literal["hung", "crashed"]


class Quarantined(NamedTuple):
    """A row, and the shard whose file holds it."""

    shard: int
    row: QuarantineRow


def read_quarantine(data_dir: Path) -> list[Quarantined]:
    """Returns the rows of all shards, the oldest first; FormatTooNew where a newer Firsthand wrote a file."""
    found = [Quarantined(shard, row) for shard in shards(data_dir) for row in _rows(delivery_path(data_dir, shard))]
    return sorted(found, key=lambda entry: entry.row.since_ms)


def refusals(entries: Iterable[Quarantined]) -> dict[str, Refusal]:
    """Returns what holds against each script: where several shards have a row, of those about a hit the oldest."""
    found: dict[str, Refusal] = {}
    for entry in sorted(entries, key=lambda entry: (not entry.row.hit, entry.row.since_ms)):
        found.setdefault(entry.row.script, refusal(entry.row))
    return found


def refusal(row: QuarantineRow) -> Refusal:
    """Returns what is told wherever the script is not called: since when, why, and what to do."""
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(row.since_ms / 1000))
    where = f"on hit {row.hit}" if row.hit else "in `request` or `verdict`"
    message = (
        f"not called since {since}, when it {row.cause} {'its router' if row.cause == 'hung' else 'with its router'}"
        f" {where}: publish a corrected version, or lift the quarantine of {row.script}"
    )
    return Refusal(message, batches_only=not row.hit)


def _rows(path: Path) -> list[QuarantineRow]:
    try:
        reader = DeliveryReader(path)
    except sqlite3.OperationalError:
        return []  # No file yet, or one that is just being made.
    try:
        return reader.quarantine()
    finally:
        reader.close()
