"""Reads stored hits backwards, the newest of all shards first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from runtime.explain.shard import Shard, open_shard
from runtime.log.reader import SqliteReader
from runtime.log.records import RecordUnreadable
from runtime.model.hit import LoggedHit
from runtime.store.files import shards

_PAGE = 64


def newest_hits(data_dir: Path, *, looked_at: int | None = None) -> Iterator[tuple[Shard, LoggedHit]]:
    """Yields the hits of the live environment, the newest first; those whose record is damaged are passed over.

    `looked_at` hits of any environment at most are read, for who asks often.
    """
    with ExitStack() as files:
        opened = [files.enter_context(open_shard(data_dir, number)) for number in shards(data_dir)]
        merged = heapq.merge(*map(_backwards, opened), key=lambda found: -found[1].hit.received_us)
        yield from (found for found in islice(merged, looked_at) if found[1].hit.environment == "live")


def _backwards(shard: Shard) -> Iterator[tuple[Shard, LoggedHit]]:
    last, first = shard.log.last_seq(), shard.log.first_seq()
    while last >= first > 0:
        start = max(first, last - _PAGE + 1)
        yield from ((shard, logged) for logged in reversed(list(_span(shard.log, start, last))))
        last = start - 1


def _span(log: SqliteReader, start: int, last: int) -> Iterator[LoggedHit]:
    """Yields the hits of a span, in order: one read may give fewer, where they are large."""
    place = start - 1
    while place < last:
        try:
            hits = log.read(place, last - place)
        except RecordUnreadable as error:
            place = max(place + 1, error.seq)
            continue
        yield from (logged for logged in hits if logged.seq <= last)
        place = hits[-1].seq if hits else last
