"""What all stages share about one event: its data, the copy that scripts receive, what was resolved so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Pushed, Sandbox
from runtime.model.consent import PURPOSES, Consent
from runtime.model.event import Event
from runtime.model.hit import LoggedHit
from runtime.pipeline.answers import Answers
from runtime.pipeline.companions import Spent
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
        "_fresh", "_open", "_pushed", "_values", "_variables", "answers", "at_us", "consent", "event", "hit", "logs",
        "matched", "open_reads", "sandbox", "seed", "spent", "trace",
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
        answers: Answers | None = None,
        spent: dict[str, Spent] | None = None,
    ) -> None:
        """`seed` is `<hit id>/<position>`; `at_us` is the hit's arrival, which scripts get as the time; `hit` is what
        they may read of under `incoming`.

        `fresh` is what `Sandbox.push` means by it. `answers` are the hit's look-ups; None where no variable makes any.
        `spent` is shared by the events of a hit: the tags that fire once a hit and had their turn.
        """
        self.sandbox = sandbox
        self.event = event
        self.seed = seed
        self.at_us = at_us
        self.hit = hit
        self.answers = answers
        self.logs = logs
        self.trace = trace
        self.consent: Consent = NOTHING_GRANTED
        """What is in force, once it is decided."""
        self.matched: dict[str, bool] = {}
        self.open_reads = 0
        """How often somebody read a variable that waits for a look-up, and so has no value yet."""
        self._open: frozenset[str] = frozenset()
        self.spent: dict[str, Spent] = {} if spent is None else spent
        self._fresh = fresh
        self._pushed: Pushed | None = None
        self._values: dict[str, Any] = {}
        self._variables = variables

    @property
    def position(self) -> int:
        """The event's place in its hit."""
        return int(self.seed.rpartition("/")[2])

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
            self.open_reads += variable in self._open
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
            self.open_reads += variable in self._open
        return self._values[variable]

    def leave_open(self, variable: str) -> None:
        """Notes that a variable waits for a look-up: its own, or that of a variable that its settings name."""
        self._open |= {variable}
