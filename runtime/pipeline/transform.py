"""Transformations: what each tag sees of the event.

Every transformation that is for a tag changes the tag's own view, in order. Tags with the same chain share one view;
triggers and variables see the event as it was. Where a transformation fails, its tags do not fire: what should have
been taken out must not go out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Pushed
from runtime.model.event import Event
from runtime.pipeline.encode import clean
from runtime.pipeline.given import Given
from runtime.pipeline.scope import Scope
from runtime.pipeline.script import Code

KEPT = ("event_name", "event_id")
"""Fields that no transformation can take away: without an id a vendor counts a retry, or the pixel's copy, twice."""


class Transformation:
    """One transformation of the container."""

    __slots__ = ("code", "id", "settings", "tags")

    def __init__(self, id: str, code: Code, settings: Given, tags: Sequence[str]) -> None:
        self.id = id
        self.code = code
        self.settings = settings
        self.tags = frozenset(tags)

    def is_for(self, tag: str) -> bool:
        """Tells whether a tag's view passes through it; without tags of its own it is for all."""
        return not self.tags or tag in self.tags

    def apply(self, scope: Scope, event: Event, pushed: Pushed) -> Event:
        """Returns the changed event; raises ScriptFault."""
        settings = self.settings.pushed(self.settings.resolve(scope))
        seed = f"{scope.seed}/{self.id}/apply"
        returned = self.code.call("apply", pushed, settings, at_us=scope.at_us, seed=seed)
        scope.logs.extend(f"transformation {self.id}: {line}" for line in returned.logs)
        changed = clean(_table(returned.values))
        return changed | {name: event[name] for name in KEPT if name in event and not changed.get(name)}


def _table(values: tuple[Any, ...]) -> Event:
    changed = values[0] if values else None
    if not isinstance(changed, dict) or not changed:
        raise ScriptFault("result", "`apply` must return the event, a table")
    return changed


Chain = tuple[Transformation, ...]


class View:
    """The event as a chain left it, or the fault that stopped the chain. Handed to Lua once, where it is used."""

    __slots__ = ("_pushed", "_scope", "event", "fault")

    def __init__(self, scope: Scope, event: Event, fault: str = "") -> None:
        self.event = event
        self.fault = fault
        self._scope = scope
        self._pushed: Pushed | None = None

    @property
    def pushed(self) -> Pushed:
        """The view as scripts receive it."""
        if self.event is self._scope.event:
            return self._scope.pushed
        if self._pushed is None:
            self._pushed = self._scope.sandbox.push(self.event)
        return self._pushed


class Views:
    """The views of one event, each computed when the first tag that fires asks for it."""

    __slots__ = ("_known", "_scope")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._known: dict[Chain, View] = {(): View(scope, scope.event)}

    def of(self, chain: Chain) -> View:
        """Returns the view behind a chain; chains with the same beginning share its work."""
        if chain not in self._known:
            before = self.of(chain[:-1])
            self._known[chain] = before if before.fault else self._apply(chain[-1], before)
        return self._known[chain]

    def _apply(self, step: Transformation, before: View) -> View:
        try:
            event = step.apply(self._scope, before.event, before.pushed)
        except ScriptFault as fault:
            self._scope.logs.extend(f"transformation {step.id}: {line}" for line in fault.logs)
            return self._failed(step, before, f"{step.id}: {fault.kind}: {fault.message}")
        self._record({"transformation": step.id, "event": event})
        return View(self._scope, event)

    def _failed(self, step: Transformation, before: View, fault: str) -> View:
        self._scope.logs.append(f"transformation {fault}")
        self._record({"transformation": step.id, "fault": fault})
        return View(self._scope, before.event, fault=f"transformation {fault}")

    def _record(self, decided: dict[str, Any]) -> None:
        if self._scope.trace is not None:
            self._scope.trace.transformations.append(decided)


def transform(scope: Scope) -> Views:
    """Returns the views of the scope's event."""
    return Views(scope)
