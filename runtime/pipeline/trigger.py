"""Triggers: groups of conditions compiled once, answered at most once an event, and only where a tag asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.model.container import Condition, Group
from runtime.pipeline.condition import Leaf
from runtime.pipeline.scope import Scope
from runtime.text.compare import number_of


class Branch:
    """A compiled group: every one of `every`, at least one of `some`, none of `none`; empty parts hold."""

    __slots__ = ("cost", "every", "none", "some")

    def __init__(self, group: Group) -> None:
        self.every = _compile(group.all)
        self.some = _compile(group.any)
        self.none = _compile(group.not_)
        self.cost: int = max((check.cost for check in (*self.every, *self.some, *self.none)), default=0)

    def holds(self, scope: Scope) -> bool:
        """Tells whether the group is met; asks no further than it must."""
        for check in self.every:
            if not check.holds(scope):
                return False
        for check in self.none:
            if check.holds(scope):
                return False
        return not self.some or any(check.holds(scope) for check in self.some)

    def explain(self, scope: Scope) -> dict[str, Any]:
        """Returns the group with each of its conditions answered, needed or not."""
        parts = {"all": self.every, "any": self.some, "not": self.none}
        shown: dict[str, Any] = {
            name: [check.explain(scope) for check in checks] for name, checks in parts.items() if checks
        }
        return shown | {"result": self.holds(scope)}


Check = Leaf | Branch


def _compile(parts: Sequence[Condition | Group] | None) -> tuple[Check, ...]:
    checks: list[Check] = [Branch(part) if isinstance(part, Group) else Leaf(part) for part in parts or ()]
    # Fields first: a variable runs a script, and what a field decides need not ask it. The order changes no result.
    return tuple(sorted(checks, key=lambda check: check.cost))


class Trigger:
    """One trigger of the container."""

    __slots__ = ("_holds", "_named", "_root", "id", "names")

    def __init__(self, id: str, group: Group) -> None:
        """A condition that cannot be compiled is a ValueError."""
        self.id = id
        self._named = _condition_of_name(group)
        self.names = None if self._named is None else _asked_names(self._named)
        """Event names without which it cannot match; None = it may match any."""
        self._root = root = Branch(group)
        # Most triggers are one condition: then the group around it need not be asked.
        is_one = len(root.every) == 1 and not (root.some or root.none)
        self._holds = root.every[0].holds if is_one else root.holds

    def may_match(self, event_name: str | None) -> bool:
        """Tells whether it may match events of that name; None = a name that no trigger asks for."""
        return self.names is None or event_name in self.names

    def matches(self, scope: Scope) -> bool:
        """Tells whether it matches the scope's event."""
        known = scope.matched.get(self.id)
        if known is None:
            if scope.trace is not None:
                scope.trace.triggers[self.id] = self._root.explain(scope)
            known = scope.matched[self.id] = self._holds(scope)
        return known

    def explain_skipped(self, scope: Scope) -> dict[str, Any]:
        """Returns why it was not asked about an event of another name: that condition alone."""
        assert self._named is not None
        return {"all": [Leaf(self._named).explain(scope)], "result": False}


def _condition_of_name(group: Group) -> Condition | None:
    """Returns a plain condition of `all` that asks for event names, so that other events skip the trigger."""
    conditions = (part for part in group.all or () if isinstance(part, Condition))
    return next((part for part in conditions if _asked_names(part) is not None), None)


def _asked_names(condition: Condition) -> frozenset[str] | None:
    if condition.field != "event_name" or condition.not_ or condition.ignore_case:
        return None
    values = {"equals": [condition.value], "in": condition.value}.get(condition.is_)
    # A name that is a number has several forms ("5", "5.0"), which a look-up by name would miss.
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        return None
    return None if any(number_of(value) is not None for value in values) else frozenset(values)
