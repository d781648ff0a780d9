"""What all stages share about one event: its data, the copy that scripts receive, what was resolved so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from runtime.lua.sandbox import Pushed, Sandbox
from runtime.model.event import Event
from runtime.pipeline.trace import EventTrace


class Resolver(Protocol):
    """A variable, as a scope sees it."""

    def resolve(self, scope: Scope) -> Any:
        """Returns the value for the scope's event; never raises for a fault of the script."""


class Scope:
    """One event on its way through the stages. Variables and triggers are answered once and remembered."""

    __slots__ = (
        "_fresh", "_pushed", "_values", "_variables", "at_us", "event", "logs", "matched", "sandbox", "seed", "trace",
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
    ) -> None:
        """`seed` is `<hit id>/<position>`; `at_us` is the hit's arrival, which scripts get as the time.

        `fresh` is what `Sandbox.push` means by it.
        """
        self.sandbox = sandbox
        self.event = event
        self.seed = seed
        self.at_us = at_us
        self.logs = logs
        self.trace = trace
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

    def value(self, variable: str) -> Any:
        """Returns a variable's value, None where it has none, failed, or leads back to itself."""
        if variable in self._values:
            return self._values[variable]
        # Set before it is resolved: a variable that leads back to itself finds None instead of an endless path.
        self._values[variable] = None
        resolver = self._variables.get(variable)
        if resolver is not None:
            self._values[variable] = resolver.resolve(self)
        return self._values[variable]
