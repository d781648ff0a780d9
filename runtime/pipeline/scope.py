"""What all stages share about one event: its data, the copy that scripts receive, what was resolved so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Pushed, Sandbox
from runtime.model.consent import PURPOSES, Consent
from runtime.model.event import Event
from runtime.model.hit import LoggedHit
from runtime.pipeline.trace import EventTrace

NOTHING_GRANTED: Consent = dict.fromkeys(PURPOSES, False)


class Resolver(Protocol):
    """A variable, as a scope sees it."""

    def resolve(self, scope: Scope) -> Any:
        """Returns the value for the scope's event, None for a fault of the script; raises ScriptFault where the script
        is quarantined."""


class Scope:
    """One event on its way through the stages. Variables and triggers are answered once and remembered."""

    __slots__ = (
        "_fresh", "_pushed", "_values", "_variables", "at_us", "consent", "event", "hit", "logs",
        "matched", "sandbox", "seed", "trace",
    )  # fmt: skip

    def __init__(
        self,
        sandbox: Sandbox,
        event: Event,
        *,
        seed: str,
        at_us: int,
        variables: Mapping[str, Resolver],
        logs: list[str],
        trace: EventTrace | None = None,
        fresh: bool = False,
        hit: LoggedHit | None = None,
    ) -> None:
        """`seed` is `<hit id>/<position>`; `at_us` is the hit's arrival, which scripts get as the time; `hit` is what
        they may read of under `incoming`.

        `fresh` is what `Sandbox.push` means by it.
        """
        self.sandbox = sandbox
        self.event = event
        self.seed = seed
        self.at_us = at_us
        self.hit = hit
        self.logs = logs
        self.trace = trace
        self.consent: Consent = NOTHING_GRANTED
        """What is in force, once it is decided."""
        self.matched: dict[str, bool] = {}
        self._fresh = fresh
        self._pushed: Pushed | None = None
        self._values: dict[str, Any] = {}
        self._variables = variables

    @property
    def pushed(self) -> Pushed:
        """The event as scripts receive it, handed to Lua once and only where a script runs."""
        if self._pushed is None:
            self._pushed = self.sandbox.push(self.event, fresh=self._fresh)
        return self._pushed

    @property
    def pushed_consent(self) -> Pushed:
        """The consent in force as scripts receive it."""
        return self.sandbox.push_flags(self.consent)

    def value(self, variable: str) -> Any:
        """Returns a variable's value, None where it has none, failed, or leads back to itself.

        Raises ScriptFault where its script is quarantined.
        """
        if variable in self._values:
            return self._values[variable]
        # Set before it is resolved: a variable that leads back to itself finds None instead of an endless path.
        self._values[variable] = None
        resolver = self._variables.get(variable)
        if resolver is not None:
            try:
                self._values[variable] = resolver.resolve(self)
            except ScriptFault:
                del self._values[variable]  # Whoever asks next must hear of it too.
                raise
        return self._values[variable]
