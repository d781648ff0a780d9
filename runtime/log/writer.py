"""The edge's writer: the event loop's way to the one thread that writes the log.

A hit waits in a queue until the thread is done with the commit before; then everything that waited goes into the next
one, at most 1,000 hits. So a batch grows with the load by itself, and nothing ever lingers to fill it.

What a waiter gets: its sequence number after the commit; `LogUnavailable` where the commit failed, where one has run
for more than `stall_s`, or once the writer closes; `DiskFull` where the disk has no room; `Overloaded` where
`max_waiting` hits wait already. Never nothing. A hit whose commit stalled may be in the log all the same: its sender
repeats it, and the log holds it twice.

After an error the next batch begins with opening the file anew, so the writer works again as soon as the disk does.
Counts and examples ride along in a commit at most once a second; trims run slice by slice between commits.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

from runtime.errors import DiskFull, LogUnavailable, Overloaded
from runtime.log.committer import Answers, Committer, Trim, Waiting
from runtime.log.notebook import Notebook
from runtime.log.sqlite import SqliteLog
from runtime.model.hit import Hit


class Writer:
    """Implements `HitWriter`. Made and used on one event loop; the log belongs to its thread from then on."""

    def __init__(
        self,
        log: SqliteLog,
        *,
        on_commit: Callable[[int], None] | None = None,
        max_waiting: int = 10_000,
        stall_s: float = 10.0,
        notes_every_s: float = 1.0,
        is_full: Callable[[], bool] = bool,
    ) -> None:
        """Starts the thread. `on_commit` is called on the event loop after each commit of hits, with the last sequence
        number; it must not block. `notes_every_s` is how often counts and examples are written. `is_full` tells that
        the disk has no room for hits."""
        self._loop = asyncio.get_running_loop()
        self._on_commit = on_commit
        self._max_waiting = max_waiting
        self._stall_s = stall_s
        self._is_full = is_full
        self._notebook = Notebook()
        self._closing = False
        self._waking = False
        answers = Answers(
            committed=lambda first, batch: self._tell(self._resolve, first, batch),
            failed=lambda batch: self._tell(self._refuse, batch),
            trimmed=lambda trim, complete: self._tell(self._trimmed, trim, complete),
        )
        self._thread = Committer(log, self._notebook, answers, notes_every_s=notes_every_s)
        self._thread.start()
        self._watch = self._loop.call_later(stall_s / 4, self._refuse_stalled)

    @property
    def failing(self) -> bool:
        """Whether the last commit failed; the server is not ready then."""
        return self._thread.failing

    @property
    def waiting(self) -> int:
        """How many hits wait for the commit after the one in flight."""
        return len(self._thread.waiting)

    async def append(self, hit: Hit) -> int:
        """See `HitWriter`."""
        self._check_open()
        if self._is_full():
            raise DiskFull
        if self.waiting >= self._max_waiting:
            raise Overloaded
        future: asyncio.Future[int] = self._loop.create_future()
        self._thread.waiting.append((hit, future))
        if not self._waking:
            self._waking = True
            self._loop.call_soon(self._wake)
        return await future

    def _wake(self) -> None:
        """Runs once the loop has served what was ready: one wake-up, and one commit, for all of these hits."""
        self._waking = False
        self._thread.wake()

    def count(self, name: str, label: str = "") -> None:
        """See `HitWriter`."""
        self._notebook.count(name, label)

    def tally(self, name: str, label: str) -> list[int]:
        """See `HitWriter`."""
        return self._notebook.tally(name, label)

    def example(self, kind: str, summary: Mapping[str, Any]) -> None:
        """See `HitWriter`."""
        self._notebook.example(kind, summary)

    async def trim(self, upto: int, before_us: int) -> int:
        """Deletes what `Log.trim` would, slice by slice between commits, and returns how many hits went.

        Raises `LogUnavailable` where it could not end; the slices before stay deleted.
        """
        self._check_open()
        trim = Trim(upto, before_us, self._loop.create_future())
        self._thread.trims.append(trim)
        self._thread.wake()
        return await trim.done

    async def close(self) -> None:
        """Commits everything that was accepted, stops the thread and closes the log."""
        self._closing = True
        self._thread.stop()
        await asyncio.to_thread(self._thread.join)
        self._watch.cancel()

    def _check_open(self) -> None:
        if self._closing:
            raise LogUnavailable("The server is stopping. Send the hit again in a moment.")

    def _tell(self, function: Callable[..., None], *values: object) -> None:
        """Runs a function on the loop, from the thread; a loop that is closed has no waiters left."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *values)

    def _resolve(self, first: int, batch: list[Waiting]) -> None:
        for seq, (_, future) in enumerate(batch, first):
            if not future.done():
                future.set_result(seq)
        if batch and self._on_commit is not None:
            self._on_commit(first + len(batch) - 1)

    def _refuse(self, batch: list[Waiting]) -> None:
        for _, future in batch:
            if not future.done():
                future.set_exception(LogUnavailable())

    def _trimmed(self, trim: Trim, complete: bool) -> None:
        if not trim.done.done():
            if complete:
                trim.done.set_result(trim.gone)
            else:
                trim.done.set_exception(LogUnavailable("The log could not be trimmed to the end."))

    def _refuse_stalled(self) -> None:
        """Answers everybody who waits for a commit that does not come back, such as a sync on a dying disk."""
        since = self._thread.busy_since
        if since is not None and time.monotonic() - since > self._stall_s:
            self._refuse(self._thread.in_flight)
            self._refuse(list(self._thread.waiting))
        self._watch = self._loop.call_later(self._stall_s / 4, self._refuse_stalled)
