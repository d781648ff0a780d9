"""What six built-in variables give in plain cases: fields that lead through objects to text, a number or a boolean.

Each function compiles fixed settings, and returns None where the script must always be asked. See native.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from runtime.lua.kit.url import FUNCTIONS
from runtime.model.event import Event
from runtime.text.regex import compile_re2

UNKNOWN: Any = object()
"""The script has to be asked."""
Settings = Mapping[str, Any]
Native = Callable[[Event, Settings], Any]
"""Answers for an event and the settings with their variables filled in."""

_EXACT = 1 << 53
_MOST_ROWS, _LONGEST_PATTERN, _LONGEST_TEXT = 100, 1000, 2000
"""Within these no search comes near a limit of the sandbox."""
_LARGEST_PROGRAM = 1000
_GROUP = re.compile(r"\$([0-9])")


def constant(_: Settings) -> Native:
    """The setting itself."""
    return lambda event, settings: _plain(settings.get("value"))


def template_string(_: Settings) -> Native:
    """The text, once its variables are filled in; a brace that is left may name a field."""

    def resolve(event: Event, settings: Settings) -> Any:
        text = settings.get("text")
        is_plain = isinstance(text, str) and "{" not in text and len(text) <= _LONGEST_TEXT
        return text if is_plain else UNKNOWN

    return resolve


def event_field(fixed: Settings) -> Native | None:
    """A field, else the default."""
    read = _reader(fixed.get("path"))
    if read is None:
        return None

    def resolve(event: Event, settings: Settings) -> Any:
        value = read(event)
        return _plain(settings.get("default") if value is None else value)

    return resolve


def lookup_table(fixed: Settings) -> Native | None:
    """What the table has for the input, else the default."""
    read = _input(fixed)
    if read is None or fixed.get("ignore_case"):
        return None

    def resolve(event: Event, settings: Settings) -> Any:
        word, table = _word(read(event, settings)), settings.get("table")
        if word is UNKNOWN or not isinstance(table, dict):
            return UNKNOWN
        found = None if word is None else table.get(word)
        return _plain(settings.get("default") if found is None else found)

    return resolve


def regex_table(fixed: Settings) -> Native | None:
    """The value of the first row whose pattern matches, else the default."""
    read, rows = _input(fixed), _rows(fixed)
    if read is None or rows is None:
        return None

    def resolve(event: Event, settings: Settings) -> Any:
        word = _word(read(event, settings))
        if word is UNKNOWN or (word is not None and len(word) > _LONGEST_TEXT):
            return UNKNOWN
        for pattern, value in rows if word is not None else ():
            groups = pattern.find(word)
            if groups is not None:
                return _GROUP.sub(partial(_caught, groups), value)
        return _plain(settings.get("default"))

    return resolve


def page_url_part(fixed: Settings) -> Native | None:
    """A part of an absolute URL, else the default."""
    read, part = _reader(fixed.get("field")), _URL_PARTS.get(str(fixed.get("part")))
    parse = FUNCTIONS["parse"].fn
    if read is None or part is None or parse is None:
        return None

    def resolve(event: Event, settings: Settings) -> Any:
        address = read(event)
        if address is UNKNOWN or (isinstance(address, str) and len(address) > _LONGEST_TEXT):
            return UNKNOWN
        parts = parse(address) if isinstance(address, str) else None
        value = part(parts, address, settings) if parts else None
        return _plain(settings.get("default") if value is None else value)

    return resolve


_URL_PARTS: dict[str, Callable[[dict[str, Any], str, Settings], Any]] = {
    "url": lambda parts, address, settings: address.partition("#")[0],
    "scheme": lambda parts, address, settings: parts["scheme"],
    "host": lambda parts, address, settings: (
        parts["host"].removeprefix("www.") if settings.get("strip_www") else parts["host"]
    ),
    "path": lambda parts, address, settings: parts.get("path", "/"),
    "query": lambda parts, address, settings: parts.get("query"),
    "fragment": lambda parts, address, settings: parts.get("fragment"),
}


def _caught(groups: list[str], found: re.Match[str]) -> str:
    number = int(found[1])
    return groups[number] if number < len(groups) else found[0]


def _rows(fixed: Settings) -> list[tuple[Any, str]] | None:
    rows = fixed.get("rows")
    if not isinstance(rows, list | tuple) or len(rows) > _MOST_ROWS:
        return None
    found = []
    for row in rows:
        pattern, arrow, value = row.rpartition(" -> ") if isinstance(row, str) else ("", "", "")
        if not pattern or not arrow or len(pattern) > _LONGEST_PATTERN:
            return None
        pattern = f"^(?:{pattern})$" if fixed.get("full_match") else pattern
        try:
            compiled = compile_re2(f"(?i){pattern}" if fixed.get("ignore_case") else pattern)
        except ValueError:
            return None
        if compiled.size > _LARGEST_PROGRAM:
            return None
        found.append((compiled, value))
    return found


def _input(fixed: Settings) -> Callable[[Event, Settings], Any] | None:
    """Returns what reads the input of a table: a field, else the setting."""
    if "field" not in fixed:
        return _given_input
    read = _reader(fixed["field"])
    if read is None:
        return None
    return lambda event, _: read(event)


def _given_input(_: Event, settings: Settings) -> Any:
    return UNKNOWN if "field" in settings else settings.get("input")


def _reader(path: Any) -> Callable[[Event], Any] | None:
    """Returns what reads a dotted path; None where it is no plain one. Absent is None, and UNKNOWN what only the script
    knows: whatever is a list or lies beyond one."""
    if not isinstance(path, str) or "*" in path:
        return None
    first, *rest = [part for part in path.split(".") if part] or [""]
    if not first:
        return None
    if not rest:
        return lambda event: event.get(first)

    def read(event: Event) -> Any:
        value = event.get(first)
        for part in rest:
            if not isinstance(value, dict):
                return UNKNOWN if isinstance(value, list) else None
            value = value.get(part)
        return value

    return read


def _word(value: Any) -> Any:
    """Returns a value as tables look it up: text that is not empty, or None."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return None
    return str(value) if isinstance(value, int) and -_EXACT < value < _EXACT else UNKNOWN


def _plain(value: Any) -> Any:
    """Returns a value that passes the sandbox as it is, else UNKNOWN."""
    if value is None or isinstance(value, str | bool):
        return value
    return value if isinstance(value, int) and -_EXACT < value < _EXACT else UNKNOWN
