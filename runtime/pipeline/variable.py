"""Variables: values that a script computes from the event, when something asks and at most once an event.

The container may give each a format, which is native: see format.py.
"""

from __future__ import annotations

from typing import Any

from runtime.errors import ScriptFault
from runtime.pipeline.format import Formatter
from runtime.pipeline.given import Given
from runtime.pipeline.scope import Scope
from runtime.pipeline.script import Code


class Variable:
    """One variable of the container."""

    __slots__ = ("code", "format", "id", "settings")

    def __init__(self, id: str, code: Code, settings: Given, format: Formatter | None = None) -> None:
        self.id = id
        self.code = code
        self.settings = settings
        self.format = format

    def resolve(self, scope: Scope) -> Any:
        """Returns the value for the scope's event, as it was before any transformation, in the variable's format.

        Where the script fails there is no value: None, or what the format puts in its place.

        Raises the ScriptFault of a script that is quarantined: the same hit may have had a value before, so a tag that
        would decide otherwise without it must become a dead letter, not stay silent.
        """
        try:
            return self._resolve(scope)
        except ScriptFault as fault:
            scope.logs.extend(f"variable {self.id}: {line}" for line in fault.logs)
            scope.logs.append(f"variable {self.id}: {fault.kind}: {fault.message}")
            value = None if self.format is None else self.format(None)
            self._record(scope, fault=f"{fault.kind}: {fault.message}", **({} if value is None else {"value": value}))
            if fault.kind == "quarantined":
                raise
            return value

    def _resolve(self, scope: Scope) -> Any:
        settings = self.settings.pushed(self.settings.resolve(scope))
        seed = f"{scope.seed}/{self.id}/resolve"
        given = (scope.pushed, settings, scope.pushed_consent)
        returned = self.code.call("resolve", *given, at_us=scope.at_us, seed=seed, hit=scope.hit)
        scope.logs.extend(f"variable {self.id}: {line}" for line in returned.logs)
        value = returned.values[0] if returned.values else None
        if self.format is not None:
            value = self.format(value)
        self._record(scope, value=value, logs=list(returned.logs))
        return value

    def _record(self, scope: Scope, **decided: Any) -> None:
        if scope.trace is not None:
            scope.trace.variables[self.id] = decided
