"""Compares structures whole, and tells each difference by its path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

WIDEST = 100
"""Characters of a value that is shown on one line."""


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
        return f"{self.path or '(whole)'}\n  expected: {shown(self.expected)}\n  actual:   {shown(self.actual)}"


def differences(expected: Any, actual: Any, path: str = "") -> list[Difference]:
    """Returns every difference of two JSON structures, in the order of the expected one.

    Only the places that differ are told, not what holds them. 1 and 1.0 are equal, 1 and true are not. An empty list
    and an empty map are equal: a script has one empty table. Where lists have different lengths, equal elements are
    found again at other places, so that one that is missing or too much is told of alone.
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
        for place, (left, right) in _pairs(expected, actual):
            yield from _walk(left, right, _join(path, str(place)))
    elif isinstance(expected, bool) is not isinstance(actual, bool) or expected != actual:
        yield Difference(path, expected, actual)


def _empty(value: Any) -> bool:
    return isinstance(value, list | tuple | Mapping) and not value


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _pairs(expected: Sequence[Any], actual: Sequence[Any]) -> Iterator[tuple[int, tuple[Any, Any]]]:
    """Yields what stands at the same place of two lists, with that place."""
    if len(expected) == len(actual):
        yield from enumerate(zip(expected, actual, strict=True))
        return
    same = SequenceMatcher(None, [_key(each) for each in expected], [_key(each) for each in actual], autojunk=False)
    for tag, start, end, other_start, other_end in same.get_opcodes():
        if tag != "equal":
            first = start if tag != "insert" else other_start
            pairs = zip_longest(expected[start:end], actual[other_start:other_end], fillvalue=ABSENT)
            yield from enumerate(pairs, first)


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _join(path: str, part: str) -> str:
    return f"{path}.{part}" if path else part


def shown(value: Any) -> str:
    """Returns a value as JSON: on one line where it fits, else on many."""
    if value is ABSENT:
        return repr(value)
    line = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    if len(line) <= WIDEST or not isinstance(value, Mapping | list | tuple):
        return line
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str, indent=2)
