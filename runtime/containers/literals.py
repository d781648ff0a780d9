"""When conditions on one field or variable exclude each other, whatever its value is.

A clash is told only where it is certain: what cannot be decided counts as possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from runtime.model.container import Condition
from runtime.text.compare import Test, build_test, number_of

ALWAYS_THERE = frozenset(("event_name", "event_id"))
"""Fields that every event has once its client has read it."""

_LOWER, _UPPER = ("greater", "greater_or_equal"), ("less", "less_or_equal")
_OPPOSITE = {
    "greater": "less_or_equal",
    "greater_or_equal": "less",
    "less": "greater_or_equal",
    "less_or_equal": "greater",
}
_TEXTUAL = frozenset(("contains", "starts_with", "ends_with", "matches"))


@dataclass(frozen=True)
class Literal:
    """A condition without its `not`, and whether it is asked to hold. It holds of no absent value."""

    condition: Condition
    holds: bool

    @property
    def subject(self) -> tuple[str | None, str | None]:
        """What it asks about."""
        return self.condition.field, self.condition.variable

    def __str__(self) -> str:
        asked = self.condition
        words = asked.is_.replace("_", " ")
        value = "" if asked.is_ == "exists" else f" {_shown(asked.value)}"
        return f"`{asked.field or asked.variable}` {'' if self.holds else 'not '}{words}{value}"

    @cached_property
    def test(self) -> Test:
        """Tells whether a value that is there meets the condition."""
        asked = self.condition
        if asked.is_ == "exists":
            return lambda _: True
        return build_test(asked.is_, asked.value, ignore_case=asked.ignore_case)

    @property
    def values(self) -> Sequence[Any] | None:
        """The values of which it must be one, None where it leaves more open."""
        if not self.holds or self.condition.is_ not in ("equals", "in"):
            return None
        value = self.condition.value
        return value if self.condition.is_ == "in" else [value]

    def refutes(self, value: Any, *, any_case: bool) -> bool:
        """Tells whether it cannot hold of what equals a value, in letters of any size where `any_case` is set."""
        answer = self._answer(value, any_case)
        return answer is not None and answer is not self.holds

    def _answer(self, value: Any, any_case: bool) -> bool | None:
        operator = self.condition.is_
        if operator in _TEXTUAL and number_of(value) is not None:
            return None  # 5 may be written as 5.0
        if any_case and operator == "matches":
            return None
        if any_case and not self.condition.ignore_case and operator in (*_TEXTUAL, "equals", "in"):
            relaxed = build_test(operator, self.condition.value, ignore_case=True)
            return None if relaxed(value) else False
        return self.test(value)


Clash = tuple[Literal, Literal]


def clash(literals: Sequence[Literal]) -> Clash | None:
    """Returns two of some literals on one subject that show why not all of them can hold; None where they could."""
    asserted = [each for each in literals if each.holds]
    denied = [each for each in literals if not each.holds]
    for each in denied:
        if each.condition.is_ == "exists" and (asserted or each.condition.field in ALWAYS_THERE):
            return (asserted or [each])[0], each
    for one in asserted:
        for other in denied:
            if _asks_the_same(one.condition, other.condition):
                return one, other
    return _no_value(literals) or (_no_number(literals) if asserted else None)


def _asks_the_same(one: Condition, other: Condition) -> bool:
    return (one.is_, one.value, type(one.value), one.ignore_case) == (
        other.is_, other.value, type(other.value), other.ignore_case,
    )  # fmt: skip


def _no_value(literals: Sequence[Literal]) -> Clash | None:
    """Returns a clash where each of the values that one literal allows is refuted by another."""
    for one in literals:
        if one.values is None:
            continue
        found = [_refuting(one, value, literals) for value in one.values]
        if all(found) and found[0] is not None:
            return one, found[0]
    return None


def _refuting(one: Literal, value: Any, literals: Sequence[Literal]) -> Literal | None:
    others = (each for each in literals if each is not one)
    return next((each for each in others if each.refutes(value, any_case=one.condition.ignore_case)), None)


def _no_number(literals: Sequence[Literal]) -> Clash | None:
    """Returns a clash where one literal asks for larger numbers than another allows."""
    if not any(each.holds and each.condition.is_ in _OPPOSITE for each in literals):
        return None  # `not greater` alone holds of text too.
    bounds = [(_operator(each), number_of(each.condition.value), each) for each in literals]
    lower = [
        (limit, operator == "greater", each)
        for operator, limit, each in bounds
        if operator in _LOWER and limit is not None
    ]
    upper = [
        (limit, operator == "less", each)
        for operator, limit, each in bounds
        if operator in _UPPER and limit is not None
    ]
    for least, above, one in lower:
        for most, below, other in upper:
            if least > most or (least == most and (above or below)):
                return one, other
    return None


def _operator(literal: Literal) -> str:
    operator: str = literal.condition.is_
    return operator if literal.holds else _OPPOSITE.get(operator, operator)


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"`{text}`" if len(text) <= 40 else f"`{text[:40]}…`"
