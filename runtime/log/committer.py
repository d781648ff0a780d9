"""The writer's thread: the only user of the log's connection. It commits and trims, and answers nobody itself: it calls
`Answers`, whose functions must be safe to call from here.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from runtime.log.notebook import Notebook
from runtime.log.protocol import Notes
from runtime.log.sqlite import SqliteLog
from runtime.model.hit import Hit
from runtime.telemetry import log as telemetry

MAX_BATCH = 1000

Waiting = tuple[Hit, "asyncio.Future[int]"]
"""A hit and who waits for its number."""


@dataclass(slots=True)
class Trim:
    """A request to trim, and how far it has come."""

    upto: int
    before_us: int
    done: asyncio.Future[int]
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Answers:
    """Whom the thread tells what became of a batch or a trim."""

    committed: Callable[[int, list[Waiting]], None]
    """The first hit's number, and the batch."""
    failed: Callable[[list[Waiting]], None]
    trimmed: Callable[[Trim, bool], None]
    """The trim, and whether it ran to its end."""


class Committer(threading.Thread):
    """Commits what waits, one batch after another."""

    def __init__(self, log: SqliteLog, notebook: Notebook, answers: Answers, *, notes_every_s: float) -> None:
        super().__init__(name=f"log-{log.shard}", daemon=True)
        self.waiting: deque[Waiting] = deque()
        self.trims: deque[Trim] = deque()
        self.failing = False
        """The last commit failed."""
        self.in_flight: list[Waiting] = []
        self.busy_since: float | None = None
        """When the commit in flight began, by the monotonic clock."""
        self._log = log
        self._notebook = notebook
        self._answers = answers
        self._notes_every_s = notes_every_s
        self._notes_at = time.monotonic()
        # A lock that is free while there is something to do: an `Event` costs three locks a wake-up.
        self._asleep = threading.Lock()
        self._asleep.acquire()
        self._stopping = False
        if log.unopened:
            self._failed(log.unopened)

    def wake(self) -> None:
        """Tells the thread that something waits. One thread alone may call this and `stop`."""
        if self._asleep.locked():
            self._asleep.release()

    def stop(self) -> None:
        """Lets the thread commit what waits now, close the log and end."""
        self._stopping = True
        self.wake()

    def run(self) -> None:
        """Works until `stop`."""
        while not self._stopping:
            self._asleep.acquire(timeout=0 if self.trims else self._notes_every_s)
            self._round()
        self._round()
        for trim in self.trims:
            self._answers.trimmed(trim, False)
        self._log.close()

    def _round(self) -> None:
        while batch := self._take():
            self._commit(batch)
        if self.trims:
            self._trim(self.trims[0])
        if self._notes_due():
            self._commit([])

    def _take(self) -> list[Waiting]:
        batch: list[Waiting] = []
        try:
            while len(batch) < MAX_BATCH:
                hit, future = self.waiting.popleft()
                # Who was refused meanwhile sends the hit again. Who went away does not, so that hit is committed.
                if future.cancelled() or not future.done():
                    batch.append((hit, future))
        except IndexError:
            pass  # the queue is empty
        return batch

    def _notes_due(self) -> bool:
        waited = time.monotonic() - self._notes_at
        # Without a hit to fail on, a log that was never open would be tried again by nobody.
        due = bool(self._notebook) or (self._log.unopened is not None and not self._stopping)
        return due and (self._stopping or waited >= self._notes_every_s)

    def _commit(self, batch: list[Waiting]) -> None:
        notes = self._notebook.take() if self._notes_due() else Notes()
        self.in_flight, self.busy_since = batch, time.monotonic()
        try:
            self._recover()
            first = self._log.append([hit for hit, _ in batch], notes)
        except Exception as error:  # noqa: BLE001 - whatever it is, the waiters get an answer and the thread goes on
            self._failed(error)
            self._notebook.put_back(notes)
            self._answers.failed(batch)
        else:
            self._works()
            self._notes_at = time.monotonic() if notes else self._notes_at
            self._answers.committed(first, batch)
        finally:
            self.in_flight, self.busy_since = [], None

    def _trim(self, trim: Trim) -> None:
        """Runs one slice; the trim stays first in line until a slice finds nothing more."""
        try:
            self._recover()
            gone = self._log.trim(trim.upto, trim.before_us)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(error)
            self._answers.trimmed(self.trims.popleft(), False)
            return
        trim.gone += gone
        if not gone:
            self._answers.trimmed(self.trims.popleft(), True)

    def _recover(self) -> None:
        if self.failing:
            self._log.reopen()

    def _failed(self, error: Exception) -> None:
        """Tells the operator once, not once a batch."""
        if not self.failing:
            telemetry().error("log_append_failed", path=str(self._log.path), error=str(error))
        self.failing = True

    def _works(self) -> None:
        if self.failing:
            telemetry().info("log_append_recovered", path=str(self._log.path))
        self.failing = False
