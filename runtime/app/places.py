"""Where the hits of one edge belong: to live, to an environment by its host, to a preview by its link."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial

from runtime.app.following import Follower
from runtime.app.shared import Shared, secret
from runtime.containers.versions import describe_version
from runtime.edge.collector import Collector
from runtime.edge.config import EdgeConfig, Placed
from runtime.edge.preview import Draft, Previews
from runtime.errors import FirsthandError, Overloaded, SenderError
from runtime.explain.programs import Programs
from runtime.model.snapshot import Snapshot
from runtime.store.control import LIVE, Control, Environment
from runtime.store.files import control_path
from runtime.text.domains import host_name


class Places:
    """The environments of a collector, as they are now. On the loop's thread."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._places: dict[str, tuple[Environment, Placed | SenderError]] = {}

    def follower(self, control: Control, programs: Programs, secrets: Callable[[], bool]) -> Follower:
        """Returns what keeps the collector at what the environments run."""
        return Follower(control, programs, self._collector.config.version, self.take, self, secrets=secrets)

    def take(self, each: Environment, snapshot: Snapshot) -> None:
        """Lets the environment run a version; OperatorError where a secret is missing."""
        config = EdgeConfig.build(snapshot, secret)
        if each.name == LIVE:
            self._collector.config = config
        else:
            self._put(each, Placed(config, each.name, sends=each.sends))

    def refuse(self, each: Environment, error: FirsthandError) -> None:
        """An environment stays with the version before. Without one its hosts take nothing: live must not get it."""
        if each.name != LIVE:
            message = f"The environment {each.name} cannot take hits now: {error.message}"
            refusal = SenderError(409, "environment_unavailable", message, hint=error.hint)
            self._put(each, self._places.get(each.name, (each, refusal))[1])

    def drop(self, name: str) -> None:
        """The environment's hosts are live's again."""
        self._places.pop(name, None)
        self._collector.environments = self._by_host()

    def _put(self, each: Environment, placed: Placed | SenderError) -> None:
        self._places[each.name] = each, placed
        self._collector.environments = self._by_host()

    def _by_host(self) -> dict[str, Placed | SenderError]:
        return {host_name(host): placed for each, placed in self._places.values() for host in each.hosts}


def make_previews(shared: Shared, control: Control) -> Previews:
    """Returns what reads preview links in an edge; `control` is read on the loop's thread alone."""
    return Previews(_Key(control), partial(_load, shared))


class _Key:
    """The key of now, read again only where the control database has changed: a new one holds at once."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._stamp, self._key = -1, b""

    def __call__(self) -> bytes:
        try:
            now = self._control.stamp()
            if now != self._stamp:
                self._key, self._stamp = self._control.preview_key(), now
        except (sqlite3.Error, FirsthandError):
            pass  # The file is busy or gone for a moment; what holds is what it said last.
        return self._key


def _load(shared: Shared, number: int) -> Draft:
    path = control_path(shared.settings.data_dir)
    try:
        snapshot = Programs(path, policy=shared.policy).snapshot(number)
        with closing(Control.read(path)) as control:
            words = describe_version(control, number)
    except sqlite3.Error:
        raise Overloaded from None
    return Draft(EdgeConfig.build(snapshot, secret), words)
