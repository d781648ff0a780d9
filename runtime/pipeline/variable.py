"""Variables: values that a script computes from the event, when something asks and at most once an event."""

from __future__ import annotations

from typing import Any

from runtime.errors import ScriptFault
from runtime.pipeline.given import Given
from runtime.pipeline.scope import Scope
from runtime.pipeline.script import Code


class Variable:
    """One variable of the container."""

    __slots__ = ("code", "id", "settings")

    def __init__(self, id: str, code: Code, settings: Given) -> None:
        self.id = id
        self.code = code
        self.settings = settings

    def resolve(self, scope: Scope) -> Any:
        """Returns the value for the scope's event, as it was before any transformation; None where the script fails."""
        try:
            return self._resolve(scope)
        except ScriptFault as fault:
            scope.logs.extend(f"variable {self.id}: {line}" for line in fault.logs)
            scope.logs.append(f"variable {self.id}: {fault.kind}: {fault.message}")
            self._record(scope, fault=f"{fault.kind}: {fault.message}")
            return None

    def _resolve(self, scope: Scope) -> Any:
        settings = self.settings.pushed(self.settings.resolve(scope))
        seed = f"{scope.seed}/{self.id}/resolve"
        returned = self.code.call("resolve", scope.pushed, settings, at_us=scope.at_us, seed=seed)
        scope.logs.extend(f"variable {self.id}: {line}" for line in returned.logs)
        value = returned.values[0] if returned.values else None
        self._record(scope, value=value, logs=list(returned.logs))
        return value

    def _record(self, scope: Scope, **decided: Any) -> None:
        if scope.trace is not None:
            scope.trace.variables[self.id] = decided
