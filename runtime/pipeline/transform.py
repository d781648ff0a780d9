"""Transformations: what each tag sees of the event.

Every transformation that is for a tag changes the tag's own view, in order; one with triggers or exceptions of its own
is left out of the chain where they say so. Tags with the same chain share one view; triggers and variables see the
event as it was. Where a transformation fails, or its triggers do, its tags do not fire: what should have been taken out
must not go out.
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
from runtime.pipeline.trigger import Trigger

KEPT = ("event_name", "event_id")
"""Fields that no transformation can take away: without an id a vendor counts a retry, or the pixel's copy, twice."""


class Transformation:
    """One transformation of the container."""

    __slots__ = ("code", "exceptions", "id", "is_conditional", "settings", "tags", "triggers")

    def __init__(
        self,
        id: str,
        code: Code,
        settings: Given,
        tags: Sequence[str] = (),
        triggers: Sequence[Trigger] = (),
        exceptions: Sequence[Trigger] = (),
    ) -> None:
        self.id = id
        self.code = code
        self.settings = settings
        self.tags = frozenset(tags)
        self.triggers = tuple(triggers)
        self.exceptions = tuple(exceptions)
        self.is_conditional = bool(triggers or exceptions)

    def is_for(self, tag: str) -> bool:
        """Tells whether a tag's view passes through it; without tags of its own it is for all."""
        return not self.tags or tag in self.tags

    def left_out(self, scope: Scope) -> str:
        """Returns why the scope's event goes past it, or "": `not_triggered`, or `blocked` and the exception's id.

        Raises the ScriptFault of a trigger whose variable is quarantined.
        """
        if self.triggers and not any(trigger.matches(scope) for trigger in self.triggers):
            return "not_triggered"
        blocking = next((exception.id for exception in self.exceptions if exception.matches(scope)), None)
        return "" if blocking is None else f"blocked: {blocking}"

    def apply(self, scope: Scope, event: Event, pushed: Pushed) -> Event:
        """Returns the changed event; raises ScriptFault."""
        settings = self.settings.pushed(self.settings.resolve(scope))
        seed = f"{scope.seed}/{self.id}/apply"
        given = (pushed, settings, scope.pushed_consent)
        returned = self.code.call("apply", *given, at_us=scope.at_us, seed=seed, hit=scope.hit)
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

    __slots__ = ("_pushed", "_scope", "event", "fault", "steps")

    def __init__(self, scope: Scope, event: Event, steps: Chain = (), fault: str = "") -> None:
        self.event = event
        self.steps = steps
        """Those that made it; where one failed, that one too."""
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

    __slots__ = ("_known", "_left_out", "_scope")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._known: dict[Chain, View] = {(): View(scope, scope.event)}
        self._left_out: dict[Transformation, str] = {}

    def of(self, chain: Chain) -> View:
        """Returns the view behind a chain; chains with the same beginning share its work, and so do chains that are
        the same once what is left out for this event is taken from them."""
        view = self._known.get(chain)
        if view is None:
            before = self.of(chain[:-1])
            view = self._known[chain] = before if before.fault else self._after(before, chain)
        return view

    def _after(self, before: View, chain: Chain) -> View:
        step = chain[-1]
        try:
            if step.is_conditional and self._is_left_out(step):
                return before
            if len(before.steps) + 1 < len(chain):
                chain = (*before.steps, step)
                if chain in self._known:
                    return self._known[chain]
            view = self._known[chain] = View(self._scope, self._applied(step, before), chain)
            return view
        except ScriptFault as fault:
            self._scope.logs.extend(f"transformation {step.id}: {line}" for line in fault.logs)
            return self._failed(step, before, f"{step.id}: {fault.kind}: {fault.message}")

    def _applied(self, step: Transformation, before: View) -> Event:
        event = step.apply(self._scope, before.event, before.pushed)
        self._record({"transformation": step.id, "event": event})
        return event

    def _is_left_out(self, step: Transformation) -> bool:
        """Tells whether the event goes past the step; asked once for each, as the answer is that of the event."""
        why = self._left_out.get(step)
        if why is None:
            why = self._left_out[step] = step.left_out(self._scope)
            if why:
                self._record({"transformation": step.id, "left_out": why})
        return bool(why)

    def _failed(self, step: Transformation, before: View, fault: str) -> View:
        self._scope.logs.append(f"transformation {fault}")
        self._record({"transformation": step.id, "fault": fault})
        return View(self._scope, before.event, (*before.steps, step), fault=f"transformation {fault}")

    def _record(self, decided: dict[str, Any]) -> None:
        if self._scope.trace is not None:
            self._scope.trace.transformations.append(decided)


def transform(scope: Scope) -> Views:
    """Returns the views of the scope's event."""
    return Views(scope)
