"""Compares structures whole, and tells each difference by its path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class _Absent:
    """Stands for what is not there; unlike None it is no value that JSON has."""

    def __repr__(self) -> str:
        return "(absent)"


ABSENT = _Absent()


@dataclass(frozen=True)
class Difference:
    """One place where the actual structure is not the expected one."""

    path: str
    expected: Any
    actual: Any

    def __str__(self) -> str:
        return f"{self.path or '(whole)'}\n  expected: {_shown(self.expected)}\n  actual:   {_shown(self.actual)}"


def differences(expected: Any, actual: Any, path: str = "") -> list[Difference]:
    """Returns every difference of two JSON structures, in the order of the expected one.

    1 and 1.0 are equal, 1 and true are not. An empty list and an empty map are equal: a script has one empty table.
    """
    return list(_walk(expected, actual, path))


def _walk(expected: Any, actual: Any, path: str) -> Iterator[Difference]:
    if _empty(expected) and _empty(actual):
        return
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        names = list(dict.fromkeys([*expected, *actual]))
        for name in names:
            yield from _walk(expected.get(name, ABSENT), actual.get(name, ABSENT), _join(path, str(name)))
    elif _is_list(expected) and _is_list(actual):
        for place in range(max(len(expected), len(actual))):
            yield from _walk(_at(expected, place), _at(actual, place), _join(path, str(place)))
    elif isinstance(expected, bool) is not isinstance(actual, bool) or expected != actual:
        yield Difference(path, expected, actual)


def _empty(value: Any) -> bool:
    return isinstance(value, list | tuple | Mapping) and not value


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _at(values: Sequence[Any], place: int) -> Any:
    return values[place] if place < len(values) else ABSENT


def _join(path: str, part: str) -> str:
    return f"{path}.{part}" if path else part


def _shown(value: Any) -> str:
    return repr(value) if value is ABSENT else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
