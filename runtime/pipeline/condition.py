"""One condition of a trigger: where its value comes from, the operator, and what a trace says of it.

A field or variable without a value (absent or null) makes every operator false; only `not: true` then holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.model.container import Condition
from runtime.pipeline.scope import Scope
from runtime.text.compare import Test, build_test

Read = Callable[[Scope], Any]


class Leaf:
    """A compiled condition."""

    __slots__ = ("_negated", "_read", "_test", "cost", "source")

    def __init__(self, source: Condition) -> None:
        """A condition without field and variable, or with a pattern that RE2 refuses, is a ValueError."""
        self.source = source
        self.cost = 0 if source.field is not None else 1
        self._read = _reader(source)
        self._test = _test(source)
        self._negated = source.not_

    def holds(self, scope: Scope) -> bool:
        """Tells whether the condition is met."""
        value = self._read(scope)
        return (value is not None and self._test(value)) is not self._negated

    def explain(self, scope: Scope) -> dict[str, Any]:
        """Returns the condition with the value that it found and its result."""
        shown = self.source.model_dump(by_alias=True, exclude_defaults=True)
        return shown | {"actual": self._read(scope), "result": self.holds(scope)}


def _test(source: Condition) -> Test:
    if source.is_ == "exists":
        return lambda _: True
    return build_test(source.is_, source.value, ignore_case=source.ignore_case)


def _reader(source: Condition) -> Read:
    if source.variable is not None:
        variable = source.variable
        return lambda scope: scope.value(variable)
    if source.field is None:
        raise ValueError("a condition needs `field` or `variable`")
    first, *rest = source.field.split(".")
    if not rest:
        return lambda scope: scope.event.get(first)
    path = compile_path(source.field)
    return lambda scope: read_path(scope.event, path)


Path = tuple[tuple[str, int], ...]
"""Steps of a dotted path: each as a key, and as an index into a list (past every list where it is no number)."""

_NO_INDEX = 1 << 62


def compile_path(dotted: str) -> Path:
    """Returns the steps of a dotted path."""
    steps = dotted.split(".")
    return tuple((step, int(step) if step.isascii() and step.isdigit() else _NO_INDEX) for step in steps)


def read_path(data: Any, path: Path) -> Any:
    """Returns what lies at a path, or None."""
    value: Any = data
    for key, index in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and index < len(value):
            value = value[index]
        else:
            return None
    return value
