"""Follows what the environments run while the server runs: what is published, rolled back to or given to other hosts
is taken up within a second.

Every process looks for itself, at a number that changes with each write of the control database. A version that cannot
be taken up (a secret is missing) changes nothing: the process stays with the one before, and says so once.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Protocol

from runtime.containers.publish import require_secrets
from runtime.errors import FirsthandError
from runtime.explain.programs import Programs
from runtime.model.snapshot import Snapshot
from runtime.store.control import LIVE, Control, Environment
from runtime.telemetry import log

EVERY_S = 0.25

Take = Callable[[Environment, Snapshot], None]


class Others(Protocol):
    """What a process does about the environments beside live."""

    def refuse(self, each: Environment, error: FirsthandError) -> None:
        """Learns that what the environment is to run cannot be taken up."""

    def drop(self, name: str) -> None:
        """Learns that there is no such environment any more."""


class Follower:
    """What each environment runs in one process."""

    def __init__(
        self, control: Control, programs: Programs, live: int, take: Take, others: Others | None = None,
        *, secrets: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        """`live` is the version that the process runs already. `take` is called with every other one, and where an
        environment is to answer on other hosts; it may refuse by raising a FirsthandError. Without `others`, only
        `live` is followed. `secrets` takes in the secret store, and tells whether any secret is another one: then
        everything is taken up anew, for what is compiled may hold one."""
        self._control, self._programs, self._take, self._others = control, programs, take, others
        self._secrets = secrets
        self._running = {LIVE: Environment(LIVE, live, (), sends=True)}
        self._stamp = -1

    async def run(self, *, every_s: float = EVERY_S) -> None:
        """Looks again and again. Returns only when it is cancelled."""
        while True:
            self.look()
            await asyncio.sleep(every_s)

    def look(self) -> None:
        """Takes up what has changed since the last look."""
        try:
            now = self._control.stamp()
            if now != self._stamp:
                found, anew = self._control.environments(), self._secrets()
                self._stamp = now
                self._compare(
                    {each.name: _plain(each) for each in found if self._others or each.name == LIVE}, anew=anew
                )
        except FirsthandError as error:
            log().error("environments_unreadable", message=error.message, hint=error.hint)
        except sqlite3.Error as error:
            log().warning("control_unreadable", error=str(error))

    def _compare(self, found: dict[str, Environment], *, anew: bool) -> None:
        for name in self._running.keys() - found.keys() - {LIVE}:
            del self._running[name]
            if self._others:
                self._others.drop(name)
            log().info("environment_dropped", environment=name)
        for each in found.values():
            if anew or self._running.get(each.name) != each:
                self._running[each.name] = each
                self._try(each)

    def _try(self, each: Environment) -> None:
        told = {"version": each.version, "environment": each.name}
        try:
            snapshot = self._programs.snapshot(each.version)
            if each.sends:
                require_secrets(snapshot)
            self._take(each, snapshot)
            log().info("version_taken", **told)
        except FirsthandError as error:
            if self._others:
                self._others.refuse(each, error)
            log().error("version_refused", **told, message=error.message, hint=error.hint)


def _plain(each: Environment) -> Environment:
    """Live answers wherever no other does, and sends, whatever its row says."""
    return each._replace(hosts=(), sends=True) if each.name == LIVE else each
