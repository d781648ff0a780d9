"""Variables: values that a script computes from the event, when something asks and at most once an event.

The container may give each a format, which is native: see format.py. One that asks a server describes the request in
`lookup` and gets the answer in `resolve`, once that is recorded: see lookup.py.
"""

from __future__ import annotations

from typing import Any

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Pushed, Returned
from runtime.pipeline.answers import Answers
from runtime.pipeline.format import Formatter
from runtime.pipeline.given import Given
from runtime.pipeline.lookup import Asker, answer_table, record_of
from runtime.pipeline.scope import Scope
from runtime.pipeline.script import Code


class Variable:
    """One variable of the container."""

    __slots__ = ("asker", "code", "format", "id", "settings")

    def __init__(
        self, id: str, code: Code, settings: Given, format: Formatter | None = None, asker: Asker | None = None
    ) -> None:
        """`asker` is how it makes look-ups, None where it makes none."""
        self.id = id
        self.code = code
        self.settings = settings
        self.format = format
        self.asker = asker

    def resolve(self, scope: Scope) -> Any:
        """Returns the value for the scope's event, as it was before any transformation, in the variable's format.

        Where the script fails there is no value: None, or what the format puts in its place.

        Raises the ScriptFault of a script that is quarantined: the same hit may have had a value before, so a tag that
        would decide otherwise without it must become a dead letter, not stay silent.
        """
        try:
            return self.evaluate(scope)
        except ScriptFault as fault:
            scope.logs.extend(f"variable {self.id}: {line}" for line in fault.logs)
            scope.logs.append(f"variable {self.id}: {fault.kind}: {fault.message}")
            value = None if self.format is None else self.format(None)
            self._record(scope, fault=f"{fault.kind}: {fault.message}", **({} if value is None else {"value": value}))
            if fault.kind == "quarantined":
                raise
            return value

    def evaluate(self, scope: Scope) -> Any:
        """Returns the value, None while it waits for a look-up. Raises ScriptFault."""
        open_reads = scope.open_reads
        settings = self.settings.pushed(self.settings.resolve(scope))
        if scope.open_reads > open_reads:
            return self._wait(scope, {})
        given: tuple[Pushed, ...] = (scope.pushed, settings, scope.pushed_consent)
        looked_up: dict[str, Any] = {}
        if self.asker is not None:
            answered = self._look_up(scope, self.asker, given, looked_up)
            if answered is None:
                return self._wait(scope, looked_up)
            given += answered
        returned = self._call("resolve", scope, given)
        value = returned.values[0] if returned.values else None
        if self.format is not None:
            value = self.format(value)
        self._record(scope, value=value, logs=list(returned.logs), **looked_up)
        return value

    def _wait(self, scope: Scope, looked_up: dict[str, Any]) -> None:
        """Leaves the variable without a value. The hit is run again, so that nobody takes that for one; and nobody asks
        a server with what is not known yet."""
        scope.leave_open(self.id)
        self._record(scope, value=None, waits=True, **looked_up)

    def _call(self, function: str, scope: Scope, given: tuple[Pushed, ...]) -> Returned:
        seed = f"{scope.seed}/{self.id}/{function}"
        returned = self.code.call(function, *given, at_us=scope.at_us, seed=seed, hit=scope.hit)
        if returned.logs:
            scope.logs.extend(f"variable {self.id}: {line}" for line in returned.logs)
        return returned

    def _look_up(
        self, scope: Scope, asker: Asker, given: tuple[Pushed, ...], record: dict[str, Any]
    ) -> tuple[Pushed, ...] | None:
        """Returns the answer as an argument of `resolve`, or no argument where there is none; None where it is yet to
        be recorded. Adds to the trace's record."""
        lookup = asker.read(self._call("lookup", scope, given).values)
        if lookup is None:
            return ()
        answers = scope.answers or Answers({})
        answer = answers.of(lookup)
        record["lookup"] = record_of(lookup, answer)
        table = None if answer is None else answer_table(answer)
        if answer is None:
            return None
        return () if table is None else (scope.sandbox.push(table),)

    def _record(self, scope: Scope, **decided: Any) -> None:
        if scope.trace is not None:
            scope.trace.variables[self.id] = decided
