"""The run that test_power_loss.py records: works on real files, and marks what was promised and when.

Started with the recording library preloaded; arguments: the library, the folder, which run, its first step, its last
step, after how many pages SQLite checkpoints, and how the process ends (`close` or `kill`).
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from runtime.log import schema
from runtime.log.sqlite import SqliteLog
from runtime.log.writer import Writer
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_rows import AttemptRow, DeadRow, EventRow, RetryRow, Settlement
from tests.log.samples import ARRIVAL_US, make_hit

Mark = Callable[..., None]

BATCHES = (1, 1, 2, 1, 5, 1, 1, 12, 1, 3)
BODIES = (0, 300, 20, 9000, 700, 0, 3000)
TRIM_EVERY, KEPT = 4, 25
PRUNE_EVERY, DEAD_KEPT = 15, 20


def mark_with(library: str) -> Mark:
    """Returns a function that puts a mark into the record, among the calls to the disk."""
    shim = ctypes.CDLL(library)

    def mark(*words: object) -> None:
        text = msgspec.json.encode(words)
        shim.shim_mark(text, len(text))

    return mark


async def log_run(folder: Path, mark: Mark, first: int, last: int, *, close: bool) -> None:
    """Appends by the writer, with notes, and trims, as an edge process does. Marks: `commit` with a transaction's last
    hit, `ack` with number and query, `trim` with the last hit that may go from now on."""
    log = SqliteLog(folder / "log-0.db", 0)
    writer = Writer(log, on_commit=lambda seq: mark("commit", seq), notes_every_s=0.002)

    async def send(step: int, place: int) -> None:
        query = b"n=%d.%d" % (step, place)
        body = os.urandom(BODIES[(step + place) % len(BODIES)])
        seq = await writer.append(make_hit(query=query, body=body, received_us=ARRIVAL_US + step))
        writer.count("taken", "pixel")
        mark("ack", seq, query.decode())

    for step in range(first, last):
        await asyncio.gather(*(send(step, place) for place in range(BATCHES[step % len(BATCHES)])))
        writer.example("refused", {"path": f"/{step}"})
        if step % TRIM_EVERY == TRIM_EVERY - 1:
            upto = max(0, log.last_seq() - KEPT)
            mark("trim", upto)
            await writer.trim(upto, ARRIVAL_US + last)
    if close:
        await writer.close()


def delivery_run(folder: Path, mark: Mark, first: int, last: int, pages: int, *, close: bool) -> None:
    """Settles hit after hit: each gets a dead letter, a summary and an attempt. Marks: `prune` with the last that may
    go from now on."""
    store = DeliveryStore(folder / "delivery-0.db")
    store._connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
    for seq in range(first + 1, last + 1):
        settlement = Settlement(cursors={"meta": seq, "": seq}, rollups={(seq, "dead", "meta"): 1})
        settlement.dead["meta", seq, 0] = DeadRow("meta", seq, 0, "invalid", "", 400, 1, seq, 1, f"e{seq}", b"{}" * 200)
        settlement.events.append(EventRow(seq, 0, seq * 1000, "purchase", "pixel", f"e{seq}", "{}", 0))
        settlement.attempts.append(
            AttemptRow("meta", seq, 5, 400, "reject", "invalid", 1, b"", seq, seq, 1, b"", "x" * 300, 0)
        )
        store.settle(settlement)
        if seq % PRUNE_EVERY == 0:
            mark("prune", seq - DEAD_KEPT - 1)
            store.prune(seq - DEAD_KEPT, seq)
    if close:
        store.close()


def shard_run(folder: Path, mark: Mark, first: int, last: int) -> None:
    """One shard's two files, as its edge and its router write them: every hit is parked for another try, the cursor
    passes it, and the log, which is larger than it may be, gives it up. Marks: `ack` with a number."""
    log = SqliteLog(folder / "log-0.db", 0, max_bytes=1)
    store = DeliveryStore(folder / "delivery-0.db")
    for step in range(first, last):
        seq = log.append([make_hit(query=b"n=%d" % step)])
        mark("ack", seq, f"n={step}")
        parked = RetryRow("meta", seq, 0, 0, 1, "", 1, f"e{seq}", 0, b"{}", "status_503")
        store.settle(Settlement(cursors={"meta": seq, "": seq}, retries={("meta", seq, 0): parked}))
        store.sync()
        log.trim(min(store.cursors().values()), 0)


def main() -> None:
    library, folder, which, first, last, pages, ending = sys.argv[1:]
    mark, at, steps = mark_with(library), Path(folder), (int(first), int(last))
    close = ending == "close"
    # As shipped but for the number of pages: a checkpoint after few of them lets a short run have many.
    schema._PRAGMAS = tuple(  # type: ignore[assignment]
        f"PRAGMA wal_autocheckpoint = {pages}" if "wal_autocheckpoint" in pragma else pragma
        for pragma in schema._PRAGMAS
    )
    if which == "log":
        asyncio.run(log_run(at, mark, *steps, close=close))
    elif which == "delivery":
        delivery_run(at, mark, *steps, int(pages), close=close)
    else:
        shard_run(at, mark, *steps)
    os._exit(0)


main()
