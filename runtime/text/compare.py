"""How a condition compares values: as sGTM does, everything as text, with numbers brought to one form.

5, "5" and 5.0 are equal, true equals "true"; text that merely looks like a number ("007", " 5") stays text. A list or a
table compares by its JSON with sorted keys. Each operator is built once, for the value it compares with.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

import orjson

from runtime.text.regex import compile_re2

Test = Callable[[Any], bool]
"""A test of a value that is there (never None)."""
Number = int | float

_NUMERIC = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 64


def text_of(value: Any) -> str:
    """Returns the text that a value compares as; None is the empty text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def number_of(value: Any) -> Number | None:
    """Returns the number that a value is or is written as, else None."""
    if isinstance(value, str):
        return _written_number(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None


def _written_number(text: str) -> Number | None:
    if len(text) > _LONGEST_NUMBER:
        return None
    match = _NUMERIC.fullmatch(text)
    if match is None:
        return None
    if match[1] is None and match[2] is None:
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else None


def build_test(name: str, expected: Any, *, ignore_case: bool = False) -> Test:
    """Returns the test of one operator (not `exists`); a pattern that RE2 refuses is a ValueError."""
    if name == "equals":
        return _equals(expected, ignore_case)
    if name == "in":
        return _one_of(expected, ignore_case)
    if name == "matches":
        return _matches(text_of(expected), ignore_case)
    if name in _ORDERS:
        return _ordered(_ORDERS[name], expected)
    return _textual(_TEXT_TESTS[name], text_of(expected), ignore_case)


def _equals(expected: Any, ignore_case: bool) -> Test:
    text = text_of(expected)
    number = number_of(expected)
    folded = text.casefold()

    def test(actual: Any) -> bool:
        if actual == text and isinstance(actual, str):
            return True
        if number is not None and number_of(actual) == number:
            return True
        return folded == text_of(actual).casefold() if ignore_case else text == text_of(actual)

    return test


def _one_of(expected: Any, ignore_case: bool) -> Test:
    values = expected if isinstance(expected, list | tuple) else [expected]
    texts = frozenset(text_of(value).casefold() if ignore_case else text_of(value) for value in values)
    numbers = frozenset(number for value in values if (number := number_of(value)) is not None)

    def test(actual: Any) -> bool:
        text = text_of(actual)
        if (text.casefold() if ignore_case else text) in texts:
            return True
        return bool(numbers) and number_of(actual) in numbers

    return test


def _matches(pattern: str, ignore_case: bool) -> Test:
    search = compile_re2(pattern, ignore_case=ignore_case).search
    return lambda actual: search(text_of(actual))


def _ordered(holds: Callable[[Any, Any], bool], expected: Any) -> Test:
    limit = number_of(expected)

    def test(actual: Any) -> bool:
        number = number_of(actual)
        return number is not None and limit is not None and holds(number, limit)

    return test


def _textual(holds: Callable[[str, str], bool], expected: str, ignore_case: bool) -> Test:
    if ignore_case:
        folded = expected.casefold()
        return lambda actual: holds(text_of(actual).casefold(), folded)
    return lambda actual: holds(text_of(actual), expected)


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "greater": operator.gt,
    "greater_or_equal": operator.ge,
    "less": operator.lt,
    "less_or_equal": operator.le,
}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}
