"""Checks conditions: each asks one thing of one value, with an operator that can be answered."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from runtime.containers.hints import kind_of
from runtime.containers.patterns import check_pattern
from runtime.containers.references import conditions
from runtime.errors import Problem
from runtime.model.container import Condition, Container

_NUMERIC = frozenset(("greater", "greater_or_equal", "less", "less_or_equal"))
_TEXTUAL = frozenset(("contains", "starts_with", "ends_with", "matches"))
_CASED = _TEXTUAL | {"equals", "in"}


def check_conditions(container: Container) -> Iterator[Problem]:
    """Yields what is wrong with the conditions of all triggers, apart from names that do not exist."""
    for id, group in container.triggers.items():
        for path, condition in conditions(group, f"triggers.{id}"):
            yield from _errors(path, condition)
            if condition.ignore_case and condition.is_ not in _CASED:
                hint = f"{condition.is_} compares no letters: remove it"
                yield Problem(f"{path}.ignore_case", "this has no effect here", hint, severity="warning")


def is_sound(condition: Condition) -> bool:
    """Tells whether a condition can be asked at all."""
    return next(_errors("", condition), None) is None


def _errors(path: str, condition: Condition) -> Iterator[Problem]:
    yield from _subject(path, condition)
    yield from _value(f"{path}.value", condition)


def _subject(path: str, condition: Condition) -> Iterator[Problem]:
    if condition.field is None and condition.variable is None:
        yield Problem(path, "it does not say what to test", "add `field` (a path into the event) or `variable`")
    elif condition.field is not None and condition.variable is not None:
        yield Problem(path, "`field` and `variable` exclude each other", "make two conditions of it")
    elif condition.field is not None and not all(condition.field.split(".")):
        yield Problem(f"{path}.field", f"`{condition.field}` is not a path", "join keys by single dots: user_data.city")


def _value(path: str, condition: Condition) -> Iterator[Problem]:
    operator, value = condition.is_, condition.value
    if operator == "exists":
        if value is not None:
            yield Problem(path, "`exists` takes no value", "for the opposite add `not: true`")
    elif value is None:
        yield Problem(path, "this key is missing", f"add `value`: what `{operator}` compares with")
    elif operator == "in":
        if not isinstance(value, list) or not value:
            yield Problem(path, f"a list is expected by `in`, this is {_shown(value)}", "write [a, b]")
        else:
            yield from _members(path, value)
    elif operator in _NUMERIC:
        if not _is_number(value):
            yield Problem(path, f"a number is expected by `{operator}`, this is {_shown(value)}")
    elif operator in _TEXTUAL and not isinstance(value, str | int | float):
        yield Problem(path, f"text is expected by `{operator}`, this is {_shown(value)}")
    elif operator == "matches":
        yield from check_pattern(path, str(value))


def _members(path: str, values: list[Any]) -> Iterator[Problem]:
    for index, value in enumerate(values):
        if not isinstance(value, str | int | float):
            yield Problem(f"{path}.{index}", f"text or a number is expected, this is {kind_of(value)}")


def _is_number(value: Any) -> bool:
    """Tells whether the value compares as a number: one, or text that reads as one."""
    try:
        return isinstance(value, int | float | str) and not isinstance(value, bool) and math.isfinite(float(value))
    except (ValueError, OverflowError):
        return False


def _shown(value: Any) -> str:
    return f"`{value}`" if isinstance(value, str) else "an empty list" if value == [] else kind_of(value)
