"""Retention: what is past its days, and what nobody needs any more, leaves the disk.

The log of a shard is written by its edge alone, so its router only says how far: delete up to this hit what arrived
before that time. Files that the router writes itself (its delivery state, and the log of a shard that lost its edge)
it cleans itself, a slice at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import struct
import time
from collections.abc import Awaitable, Callable

from runtime.errors import LogUnavailable
from runtime.supervise.sockets import Wire
from runtime.telemetry import log

EVERY_S = 60.0
BETWEEN_SLICES_S = 0.05
"""Live traffic goes first: what waits for the file or the loop gets its turn between two slices."""
DAY_US = 86_400_000_000

_MESSAGE = struct.Struct("!QQ")
"""Last hit, Unix microseconds. Of one length, so that a backlog of messages is never read in half."""

Drop = Callable[[int, int], int]
"""Deletes one slice, given the last hit that nobody needs and a Unix time in microseconds; returns how much went."""


async def send_trims(wire: Wire, upto: Callable[[], int], retention_days: float, *, every_s: float = EVERY_S) -> None:
    """Tells the edge, now and each minute, how far it may trim. Returns only when it is cancelled."""
    while True:
        # A full buffer means that the edge is away; the next minute says it again.
        with contextlib.suppress(BlockingIOError):
            wire.router.send(_MESSAGE.pack(upto(), _before_us(retention_days)))
        await asyncio.sleep(every_s)


async def read_trims(wire: Wire, trim: Callable[[int, int], Awaitable[int]]) -> None:
    """Deletes as told. Returns only when it is cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        data = await loop.sock_recv(wire.edge, 256 * _MESSAGE.size)
        if not data:
            return
        upto, before_us = _MESSAGE.unpack(data[-_MESSAGE.size :])
        try:
            gone = await trim(upto, before_us)
        except LogUnavailable as error:
            log().warning("trim_failed", error=str(error))
        else:
            if gone:
                log().info("log_trimmed", hits=gone, upto=upto)


async def drop_old(drop: Drop, upto: Callable[[], int], retention_days: float, *, every_s: float = EVERY_S) -> None:
    """Deletes, now and each minute, on this loop, slice by slice until nothing is left. Returns only when cancelled."""
    while True:
        try:
            gone = drop(upto(), _before_us(retention_days))
        except (sqlite3.Error, LogUnavailable) as error:
            log().warning("trim_failed", error=str(error))
            gone = 0
        await asyncio.sleep(BETWEEN_SLICES_S if gone else every_s)


def _before_us(retention_days: float) -> int:
    return time.time_ns() // 1000 - int(retention_days * DAY_US)
