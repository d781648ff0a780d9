"""Writes data as YAML that reads back as exactly that data, in one way only: equal data gives equal text.

Text is plain where no reader of YAML, old or new, takes it for something else; otherwise it stands in double quotes,
and on lines of its own where it has lines. What fits on a line stands on one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

WIDTH = 100
"""Characters of a line on which a list or a map stands whole."""

_DEEPEST_ON_A_LINE = 2
_LONGEST_KEY = 1000
"""YAML reads `key:` only up to 1,024 characters."""

_PLAIN = re.compile(r"(?:[A-Za-z_/][\w./@+-]*(?:[:][\w./@+-]+)*)(?: [\w./@+-]+)*", re.ASCII)
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
"""What YAML 1.1 or 1.2 reads as something other than text."""
_ESCAPED = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]")
_LINES = re.compile(r"\S.*(?:\n(?: *\S.*)?)*", re.ASCII)
_UNPRINTABLE = re.compile(f"[\x00-\x09\x0b-\x1f]|{_ESCAPED.pattern}")


def yaml_text(data: Mapping[str, Any]) -> str:
    """Returns a map of JSON types as a YAML document; the order of its keys is kept."""
    return "".join(f"{line}\n" for line in _map(data, top=True)) or "{}\n"


def _map(data: Mapping[str, Any], *, top: bool = False) -> Iterator[str]:
    for key, value in data.items():
        name = _text(str(key))
        head = f"{name}:"
        if len(name) > _LONGEST_KEY:
            yield f"? {name}"
            head = ":"
        yield from _member(head, value, block=top and isinstance(value, Mapping))


def _member(head: str, value: Any, *, block: bool) -> Iterator[str]:
    """Yields the lines of a value behind `key:` or `-`."""
    if isinstance(value, str) and _holds_lines(value):
        yield f"{head} |{'' if value.endswith(chr(10)) else '-'}"
        inner = iter(value.removesuffix("\n").split("\n"))
    elif not value or not isinstance(value, Mapping | list | tuple) or (not block and _fits(head, value)):
        yield f"{head} {_flow(value)}"
        return
    else:
        inner = _map(value) if isinstance(value, Mapping) else _list(value)
        yield f"- {next(inner)}" if head == "-" else head
    yield from (f"  {line}" if line else "" for line in inner)


def _fits(head: str, value: Any) -> bool:
    return _depth(value) <= _DEEPEST_ON_A_LINE and not _holds_lines(value) and len(f"{head} {_flow(value)}") <= WIDTH


def _list(values: list[Any] | tuple[Any, ...]) -> Iterator[str]:
    for value in values:
        yield from _member("-", value, block=False)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(str(key))}: {_flow(part)}' for key, part in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _holds_lines(value: Any) -> bool:
    """Tells whether there is text of several lines that reads back when each stands on a line of its own."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return any(map(_holds_lines, value))
    if not isinstance(value, str) or "\n" not in value or value.endswith("\n\n"):
        return False
    return not _UNPRINTABLE.search(value) and _LINES.fullmatch(value) is not None


def _depth(value: Any) -> int:
    if isinstance(value, Mapping):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list | tuple) else 0
