"""Carries out what operators ask of the routers: each command once, on this shard.

That a command was carried out is written in the settlement that holds its effect. Only lifting a quarantine is an
effect of its own; doing that twice does no harm.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Set
from typing import Any, Protocol

import msgspec

from runtime.delivery.ports import Inbox
from runtime.delivery.replay_task import tags_of, task_of
from runtime.delivery.replayer import Replayer
from runtime.delivery.settle import Ledger
from runtime.delivery.wake import Wake
from runtime.errors import OperatorError
from runtime.model.command import Cancel, Command, Discard, LiftQuarantine, Replay, Reroute
from runtime.store.control import CommandRow
from runtime.store.delivery_rows import AppliedRow, JobRow
from runtime.telemetry import log

Answer = dict[str, Any]

COMPLAIN_S = 60.0
"""A command that cannot be read is told of so often."""


class Desk(Protocol):
    """What commands act on: the router."""

    @property
    def tags(self) -> Set[str]:
        """The live version's tags."""
        ...

    @property
    def place(self) -> int:
        """The last hit that the pipeline took."""
        ...

    def reroute(self, tag: str, version: int) -> Answer:
        """See `Reroute`."""
        ...

    def discard(self, tag: str) -> int:
        """See `Discard`; returns how many items that gave up."""
        ...


class Commands:
    """Looks for commands and carries them out in their order. Loop thread only."""

    def __init__(self, inbox: Inbox, desk: Desk, ledger: Ledger, replayer: Replayer, every_s: float) -> None:
        self._inbox, self._desk, self._ledger, self._replayer = inbox, desk, ledger, replayer
        self._every_s = every_s
        self._last = ledger.store.replay.last_applied()
        self._seen: int | None = None
        self._complained = -COMPLAIN_S
        self._wake = Wake()
        self._stopping = False

    def stop(self) -> None:
        """Ends `run`."""
        self._stopping = True
        self._wake.call()

    async def run(self) -> None:
        """Looks until `stop`. A command that cannot be read holds up those behind it, and nothing else."""
        while not self._stopping:
            try:
                self._look()
            except (OperatorError, sqlite3.Error) as error:
                self._complain(error)
            await self._wake.wait(self._every_s)

    def _look(self) -> None:
        stamp = self._inbox.stamp()
        if stamp == self._seen:
            return
        while (row := self._inbox.next(self._last)) is not None:
            if not self._ledger.settle():
                return  # The file cannot be written: what cannot be remembered is not begun.
            self._apply(row)
        self._seen = stamp

    def _apply(self, row: CommandRow) -> None:
        logger = log()
        try:
            answer = self._act(row, row.command)
        except Exception as error:
            # A mistake of ours: the commands behind it are carried out all the same.
            logger.exception("command_failed", command=row.number)
            answer = {"failed": f"{type(error).__name__}: see the log of the router."}
        text = msgspec.json.encode(answer).decode()
        self._ledger.pending.applied.append(AppliedRow(row.number, self._ledger.now_ms(), text))
        self._last = row.number
        self._ledger.settle()
        logger.info("command_applied", command=row.number, kind=type(row.command).__name__.lower(), answer=text)

    def _act(self, row: CommandRow, command: Command) -> Answer:
        match command:
            case Replay():
                return self._replay(row, command)
            case Reroute():
                return self._reroute(row, command)
            case Cancel():
                ended = self._replayer.cancel(command.command)
                return {"cancelled": ended} if ended else nothing("no replay of that number is under way here")
            case Discard():
                return self._discard(command.of)
            case LiftQuarantine():
                return {"lifted": self._inbox.lift(command.script)}

    def _replay(self, row: CommandRow, command: Replay) -> Answer:
        if command.selection.shard not in (None, self._inbox.shard):
            return nothing("it names another shard")
        live = self._desk.tags
        tags = tags_of(command.selection, live, set(live), self._ledger.store.replay.dead_tags())
        if not tags:
            return nothing(f"the live version has no tag {command.selection.tag}")
        return {"tags": [tag for tag in tags if self._begin(row, command, tag)]}

    def _reroute(self, row: CommandRow, command: Reroute) -> Answer:
        answer = self._desk.reroute(command.of, command.version)
        if "nothing_to_do" not in answer:
            self._begin(row, command, command.of)
        return answer

    def _begin(self, row: CommandRow, command: Replay | Reroute, tag: str) -> bool:
        """Writes a part's row; one that has nothing to look at is not begun."""
        task = task_of(command, tag, int(row.at * 1e6))
        place, last, lost = self._replayer.walk(task).span(self._desk.place)
        if place >= last and not lost:
            return False
        body, counts = msgspec.json.encode(command).decode(), msgspec.json.encode({"gone": lost} if lost else {})
        now_ms, until_us = self._ledger.now_ms(), int(row.at * 1e6)
        self._replayer.add(
            JobRow(row.number, tag, "running", body, until_us, place, last, counts.decode(), now_ms)
        )  # fmt: skip
        return True

    def _discard(self, tag: str) -> Answer:
        if tag in self._desk.tags:
            return nothing("the live version has this tag")
        if tag not in self._ledger.store.cursors() or not tag:
            return nothing("there is no backlog of such a tag")
        return {"discarded": self._desk.discard(tag)}

    def _complain(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self._complained >= COMPLAIN_S:
            self._complained = now
            log().error("commands_wait", after=self._last, error=str(error))


def nothing(why: str) -> Answer:
    """Returns the answer to a command that is none of this shard's business."""
    return {"nothing_to_do": why}
