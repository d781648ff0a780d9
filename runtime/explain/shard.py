"""One shard's two files, opened to look."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from runtime.errors import OperatorError
from runtime.log.reader import SqliteReader
from runtime.store.delivery_reader import DeliveryReader
from runtime.store.delivery_rows import SENT_ONCE, EventFlag, EventRow
from runtime.store.files import delivery_path, log_path, shards

_NUMBER = re.compile(r"[0-9]{1,18}")
"""What SQLite can hold as a number."""


@dataclass(frozen=True)
class Shard:
    """Log and delivery state of one shard; `delivery` is None before its router has run."""

    number: int
    log: SqliteReader
    delivery: DeliveryReader | None


@contextmanager
def open_shard(data_dir: Path, number: int) -> Iterator[Shard]:
    """Opens a shard for as long as the block lasts; OperatorError where there is none."""
    if number not in shards(data_dir):
        raise OperatorError(
            f"There is no shard {number} in {data_dir}.",
            hint="An event's id is `<shard>.<hit>`, as `events list` shows.",
        )
    log = SqliteReader(log_path(data_dir, number), number)
    delivery = _delivery(delivery_path(data_dir, number))
    try:
        yield Shard(number, log, delivery)
    finally:
        log.close()
        if delivery:
            delivery.close()


def open_shards(data_dir: Path) -> Iterator[Shard]:
    """Opens every shard in turn."""
    for number in shards(data_dir):
        with open_shard(data_dir, number) as shard:
            yield shard


def _delivery(path: Path) -> DeliveryReader | None:
    try:
        return DeliveryReader(path) if path.exists() else None
    except sqlite3.OperationalError:
        return None


def parse_id(id: str, what: str = "hit") -> tuple[int, int]:
    """Returns shard and number of a public id such as `0.17`; OperatorError where it is none."""
    shard, _, number = id.partition(".")
    if not (_NUMBER.fullmatch(shard) and _NUMBER.fullmatch(number)):
        raise OperatorError(f"`{id}` is no id of a {what}.", hint="It looks like 0.17: shard, dot, number.")
    return int(shard), int(number)


def parse_place(id: str) -> tuple[int, int, int | None]:
    """Returns shard, number and position of `0.17/2`; None for the position where the whole hit is meant."""
    hit, slash, position = id.partition("/")
    if slash and not _NUMBER.fullmatch(position):
        raise OperatorError(f"`{id}` is no id of an event.", hint="It looks like 0.17/2: the hit, /, its event from 0.")
    return *parse_id(hit), int(position) if slash else None


def fate(shard: Shard, seq: int, position: int, tag: str) -> str:
    """Returns what became of an item: delivered, dry_run, retry, dead or pending; of a hit that is not live not_sent,
    pending, delivered, dry_run, or refused, for it is never tried again."""
    if shard.delivery is None:
        return "pending"
    row = shard.delivery.event(seq, position)
    if row is not None and row.flags & EventFlag.PREVIEW:
        return _fate_aside(shard, row, tag)
    found = shard.delivery.fate(seq, position, tag)
    if found != "delivered":
        return found
    attempts = shard.delivery.attempts_of(seq, position, tag)
    return "dry_run" if attempts and attempts[-1].row.dry_run else found


def _fate_aside(shard: Shard, row: EventRow, tag: str) -> str:
    assert shard.delivery is not None
    if orjson.loads(row.tags).get(tag) != SENT_ONCE:
        return "not_sent"
    attempts = shard.delivery.attempts_of(row.seq, row.pos, tag)
    if not attempts:
        return "pending"
    disposition = attempts[-1].row.disposition
    return disposition if disposition in ("delivered", "dry_run") else "refused"
