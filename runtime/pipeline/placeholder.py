"""Marks that stand for what no script may see, or what is known only when a request is sent.

A mark is text between NULs. NULs are taken out of hits, events and settings at the door, so that only the host and the
scripts of templates can write one; which secrets a script's marks may name is checked in `request`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from runtime.text.marks import NAMED, WORDS

ITEMS = "\0items\0"
"""The batch's items, joined with commas."""
BODY = "\0body\0"
"""The final bytes of the body; only inside a message to be signed."""
TIME = "\0time\0"
"""Unix seconds of the attempt."""

MARK = re.compile(rf"\0(?:{WORDS}|{NAMED})\0")
"""Any mark as a script receives it. `message` is the hexadecimal form of UTF-8 text that may hold marks itself."""

_ANY = re.compile(rf"(?:\0|%00|\\u0000)(?:{WORDS}|{NAMED})")
_NAMING = re.compile(rf"(?:\0|%00|\\u0000){NAMED}")
_LOOKALIKE = re.compile(r"(?:\0|%00|\\u0000)(?:items|body|time|secret|hmac)")


def secret_mark(name: str) -> str:
    """Returns what a script sees instead of a secret."""
    return f"\0secret:{name}\0"


def readable(value: Any) -> Any:
    """Returns JSON data with its marks in a form that people read and no later stage fills in: `{secret:NAME}`."""
    if isinstance(value, str):
        return MARK.sub(lambda mark: "{" + mark[0][1:-1] + "}", value).replace("\0", "") if "\0" in value else value
    if isinstance(value, list | tuple):
        return [readable(part) for part in value]
    if isinstance(value, dict):
        return {key: readable(part) for key, part in value.items()}
    return value


def secrets_in(texts: Iterable[str]) -> Iterator[str]:
    """Yields the names of all secrets that marks in the texts would place, whichever way the marks are escaped.

    Marks inside the message of an HMAC count too.
    """
    waiting = list(texts)
    while waiting:
        for mark in _NAMING.finditer(waiting.pop()):
            yield mark["secret"] or mark["key"]
            if mark["message"]:
                waiting.append(bytes.fromhex(mark["message"]).decode("utf-8", "replace"))


def count_marks(texts: Iterable[str]) -> tuple[int, int]:
    """Returns how many marks there are, and how many stand for items or body; inside the messages of HMACs as well."""
    marks, copies = 0, 0
    waiting = list(texts)
    while waiting:
        for mark in _ANY.finditer(waiting.pop()):
            marks += 1
            copies += mark["word"] in ("items", "body")
            if mark["message"]:
                waiting.append(bytes.fromhex(mark["message"]).decode("utf-8", "replace"))
    return marks, copies


def poses_as_mark(text: str) -> bool:
    """Tells whether text from an event would be taken for a mark once it stands in a URL or a body."""
    return _LOOKALIKE.search(text) is not None
