"""A variable's format: what becomes of its value, natively, before a condition or a setting sees it.

In this order: letters · text to number or to true and false · what stands in the place of true, false and nothing. Of a
list each element is treated, and those that are no value are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from runtime.model.container import Format
from runtime.text.compare import Number, number_of

Formatter = Callable[[Any], Any]
"""Gives a value its format; None stands for no value, before and after."""

_PLAIN = Format()
_LONGEST = 64
_GROUPED = {
    ".": re.compile(r"[-+]?[0-9]{1,3}(?:([,' \u00a0\u202f])[0-9]{3})(?:\1[0-9]{3})*(?:\.[0-9]+)?"),
    ",": re.compile(r"[-+]?[0-9]{1,3}(?:([.' \u00a0\u202f])[0-9]{3})(?:\1[0-9]{3})*(?:,[0-9]+)?"),
}
"""Numbers whose thousands are parted, by what stands before the fraction."""
_LEADING_ZEROS = re.compile(r"^(-?)0+(?=[0-9])")
_WORDS = {"true": True, "1": True, "false": False, "0": False}


def compile_format(format: Format) -> Formatter | None:
    """Returns what formats a value, or None where the format changes nothing."""
    if format == _PLAIN:
        return None
    steps = list(_steps(format))

    def run(value: Any) -> Any:
        if isinstance(value, list):
            formatted = [_through(steps, each) for each in value]
            value = [each for each in formatted if each is not None]
        else:
            value = _through(steps, value)
        return format.null_as if value is None else value

    return run


def _through(steps: list[Formatter], value: Any) -> Any:
    for step in steps:
        value = step(value)
    return value


def _steps(format: Format) -> list[Formatter]:
    steps: list[Formatter] = []
    if format.case:
        steps.append(_cased(str.lower if format.case == "lower" else str.upper))
    if format.number:
        steps.append(lambda value: _number(value, format.decimal))
    if format.boolean:
        steps.append(_boolean)
    if format.true_as is not None or format.false_as is not None:
        steps.append(lambda value: _replaced(value, format))
    return steps


def _cased(change: Callable[[str], str]) -> Formatter:
    return lambda value: change(value) if isinstance(value, str) else value


def _number(value: Any, decimal: str) -> Any:
    """Returns the number that a text reads as; of anything else what is a number already, or true or false."""
    if isinstance(value, str):
        return _read(value.strip(), decimal)
    return value if isinstance(value, bool) or number_of(value) is not None else None


def _read(text: str, decimal: str) -> Number | None:
    if len(text) > _LONGEST:
        return None
    grouped = _GROUPED[decimal].fullmatch(text)
    if grouped is not None:
        text = text.replace(grouped[1], "")
    elif decimal == "," and "." in text:
        return None  # A point can only part thousands here, and this one does not.
    plain = text.replace(decimal, ".").removeprefix("+")
    return number_of(_LEADING_ZEROS.sub(r"\1", plain))


def _boolean(value: Any) -> bool | None:
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower())
    if isinstance(value, bool) or value not in (0, 1):
        return value if isinstance(value, bool) else None
    return bool(value)


def _replaced(value: Any, format: Format) -> Any:
    if value is True and format.true_as is not None:
        return format.true_as
    if value is False and format.false_as is not None:
        return format.false_as
    return value
