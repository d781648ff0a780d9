"""Values in which a consent platform names its categories: JSON, JavaScript's objects, pairs, lists.

A platform's category grants a purpose where the value says so plainly (true, yes, 1, allow, granted, …). A value that
cannot be read denies every purpose that it would have been asked about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from runtime.model.consent import PURPOSES, Purpose
from runtime.text.consent_statement import UNREADABLE, Answer, Statement

Categories = Mapping[Purpose, tuple[str, ...]]
"""Each purpose with the categories that must all be granted for it."""

OWN: Categories = {purpose: (purpose,) for purpose in PURPOSES}

_YES = frozenset(("true", "1", "yes", "y", "on", "granted", "grant", "allow", "allowed", "accept", "accepted"))
_PAIR = re.compile(r"[,;&|]")
_LIST = re.compile(r"[,;&|\s]+")
_LONGEST = 8192

# One member of an object as JavaScript writes it: a name, bare or in quotes, and a plain value.
_NAME = r"""[A-Za-z_$][\w$-]*|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_MEMBER = re.compile(rf"\s*({_NAME})\s*:\s*({_NAME}|-?\d+(?:\.\d+)?)\s*(,|\}})", re.DOTALL)


def categories_of(named: Mapping[str, tuple[Purpose, ...]]) -> Categories:
    """Turns a map of categories to purposes around."""
    return {
        purpose: tuple(category for category, purposes in named.items() if purpose in purposes)
        for purpose in PURPOSES
        if any(purpose in purposes for purposes in named.values())
    }


def unreadable(categories: Categories) -> Statement:
    """Returns the denial of all that would have been asked."""
    return dict.fromkeys(categories, Answer(False, UNREADABLE))


def judge(found: Any, categories: Categories) -> Statement:
    """Returns what the categories of an object (name to value) or of a list (of the granted ones) say.

    A category that is not in it is denied; one with no value (null, "") says nothing. Names that are our own purposes
    say nothing where they are absent.
    """
    if isinstance(found, list | tuple):
        names = {name for name in found if isinstance(name, str)}
        return {purpose: _listed(names, needed) for purpose, needed in categories.items()}
    if not isinstance(found, Mapping):
        return unreadable(categories)
    if categories is OWN:
        categories = {purpose: needed for purpose, needed in OWN.items() if purpose in found}
    answers = {purpose: _answer(found, needed) for purpose, needed in categories.items()}
    return {purpose: answer for purpose, answer in answers.items() if answer is not None}


def read_object(text: str) -> Any:
    """Returns the object of a text in JSON or in JavaScript's way; None where it is neither."""
    if len(text) > _LONGEST:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _script_object(text.strip())


def read_pairs(text: str) -> dict[str, str] | None:
    """Returns the members of `name:value,other:value`; None where there is none, or one twice."""
    parts = [re.split("[:=]", part, maxsplit=1) for part in _PAIR.split(text[:_LONGEST]) if part.strip()]
    pairs = [(part[0].strip(), part[1].strip()) for part in parts if len(part) > 1]
    return dict(pairs) if pairs and len(dict(pairs)) == len(pairs) else None


def read_list(text: str) -> list[Any]:
    """Returns the names of a text: a list in JSON, or names with signs or spaces between them."""
    if text[:1] == "[":
        found = read_object(text)
        return found if isinstance(found, list) else []
    return [name for name in _LIST.split(text[:_LONGEST]) if name]


def _script_object(text: str) -> dict[str, Any] | None:
    if text[:1] != "{":
        return None
    found: dict[str, Any] = {}
    at, end = 1, len(text)
    while at < end:
        member = _MEMBER.match(text, at)
        if member is None:
            return None
        name = member[1].strip("'\"")
        if name in found:
            return None
        found[name] = member[2].strip("'\"")
        at = member.end()
        if member[3] == "}":
            return found if at == end else None
    return None


def _listed(names: set[str], needed: tuple[str, ...]) -> Answer:
    missing = next((name for name in needed if name not in names), None)
    if missing is not None:
        return Answer(False, f"{missing} not listed")
    return Answer(True, f"{' and '.join(needed)} listed")


def _answer(found: Mapping[str, Any], needed: tuple[str, ...]) -> Answer | None:
    silent = False
    for name in needed:
        value = found.get(name, False)
        if value is None or value == "":
            silent = True
        elif not _says_yes(value):
            return Answer(False, f"{name} {'false' if name in found else 'missing'}")
    return None if silent else Answer(True, f"{' and '.join(needed)} true")


def _says_yes(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in _YES
    return value is True or (type(value) is int and value == 1)
