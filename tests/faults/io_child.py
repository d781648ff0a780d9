"""Runs a collector on a real log while calls to the disk fail, one after the other, and prints a JSON line for each.

Started by test_io.py with the shim preloaded and loaded; arguments: the shim, a folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from runtime.edge.collector import Collector, make_collector
from runtime.edge.config import EdgeConfig
from runtime.log.sqlite import SqliteLog, SqliteReader
from runtime.log.writer import Writer
from runtime.telemetry import configure
from tests.support.edge import NOW_US, SETTINGS, Got, call, secret
from tests.support.snapshots import snapshot

KINDS = ("open", "write", "sync", "truncate")
MANNERS = {"EIO": (0, errno.EIO), "ENOSPC": (0, errno.ENOSPC), "short write": (1, errno.ENOSPC)}
HITS = 12
STICKY = 3
"""How many calls in a row fail in the longer kind of fault."""
MOST_TRIES = 20
TRIMMED = 2


def cases() -> Iterator[tuple[str, str, int]]:
    """Yields kind of call, manner, and how many fail in a row."""
    for kind in KINDS:
        for manner in MANNERS:
            if manner == "EIO" or kind == "write" or (manner == "ENOSPC" and kind in ("truncate", "sync")):
                yield from ((kind, manner, length) for length in (1, STICKY))


async def post(collector: Collector, event_id: str) -> Got:
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": "/tr", "query_string": f"id=1&ev=Purchase&eid={event_id}".encode(),
        "headers": [(b"host", b"t.shop.example")], "client": ("203.0.113.9", 1), "scheme": "https",
    }  # fmt: skip
    return await call(collector, scope, b"")


async def scenario(folder: Path) -> dict[str, Any]:
    """Sends hits, trims between them, and goes on until the server takes hits again by itself."""
    statuses: list[int] = []
    taken: list[str] = []
    path = folder / "log-0.db"
    try:
        log = SqliteLog(path, 0)
    except Exception as error:  # noqa: BLE001 - the supervisor starts such a process again: so does this
        statuses.append(-1)
        first = type(error).__name__
        log = await reopened(path)
    else:
        first = ""
    writer = Writer(log, notes_every_s=0.0)
    collector = make_collector(EdgeConfig.build(snapshot(), secret), writer, SETTINGS, clock=lambda: NOW_US)
    tries = 0
    while tries < HITS or (statuses[-1] not in (200, 204) and tries < HITS + MOST_TRIES):
        got = await post(collector, f"e{tries}")
        statuses.append(got.status)
        if got.status < 300:
            taken.append(f"e{tries}")
        if tries == HITS // 2:
            await trimmed(writer, NOW_US)
        tries += 1
    await writer.close()
    return {"statuses": statuses, "taken": taken, "opening": first}


async def reopened(path: Path) -> SqliteLog:
    for _ in range(MOST_TRIES):
        try:
            return SqliteLog(path, 0)
        except Exception:  # noqa: BLE001 - as above
            await asyncio.sleep(0.01)
    raise SystemExit("the log can never be opened again")


async def trimmed(writer: Writer, before_us: int) -> None:
    with contextlib.suppress(Exception):  # it may fail; the next one comes in a minute
        await writer.trim(TRIMMED, before_us + 1)


def kept(folder: Path) -> tuple[set[str], str]:
    """Returns the event ids in the file, and what SQLite says of its integrity."""
    with closing(SqliteReader(folder / "log-0.db", 0)) as reader:
        ids = {logged.hit.query.partition(b"&eid=")[2].decode() for logged in reader.read(0)}
    with closing(sqlite3.connect(folder / "log-0.db")) as db:
        return ids, db.execute("PRAGMA integrity_check").fetchone()[0]


async def main() -> None:
    configure("error", redact=dict)
    shim, base = ctypes.CDLL(sys.argv[1]), Path(sys.argv[2])
    for kind, manner, length in cases():
        place, struck = 0, True
        while struck:
            place += 1
            folder = base / "data"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            how, error = MANNERS[manner]
            shim.shim_arm(KINDS.index(kind), place, place + length - 1, how, error)
            outcome = await scenario(folder)
            struck = shim.shim_hits() > 0
            shim.shim_disarm()
            ids, checked = kept(folder)
            outcome |= {"kind": kind, "manner": manner, "length": length, "place": place, "struck": struck}
            outcome |= {"lost": sorted(set(outcome["taken"][TRIMMED:]) - ids), "integrity": checked}
            print(json.dumps(outcome), flush=True)


asyncio.run(main())
