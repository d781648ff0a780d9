"""Words that help: the nearest known name, and what a value looks like."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

_LISTED = 12
_LONGEST = 64


def shown(text: object) -> str:
    """Returns a value as a message quotes it, cut where it is long."""
    words = str(text)
    return f"`{words}`" if len(words) <= _LONGEST else f"`{words[:_LONGEST]}…`"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Returns the known name that the word most likely stands for."""
    if len(word) > _LONGEST:
        return None
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Returns a hint with the nearest name, or none."""
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near else ""


def suggest(word: str, known: Iterable[str], *, none: str = "") -> str:
    """Returns a hint: the nearest name, else the names there are, else `none`."""
    names = list(known)
    if near := did_you_mean(word, names):
        return near
    if not names:
        return none
    more = ", …" if len(names) > _LISTED else ""
    return f"there is {', '.join(f'`{name}`' for name in names[:_LISTED])}{more}"


def kind_of(value: Any) -> str:
    """Returns what a value is in the words of a file's reader, without the value itself."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list | tuple) else "a map"
