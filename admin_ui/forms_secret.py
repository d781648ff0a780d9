"""Inputs for secrets: a form names one, or gives a new value, and never shows one.

What a file holds in the place of a reference is no secret's name: it is kept, and not shown either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.errors import ABSENT
from runtime.text.secrets import is_reference, reference, reference_name

KINDS = ("secret", "secrets")
KEEP = "(kept)"
"""What a form sends for a value that it was not shown."""


def to_texts(name: str, value: Any) -> dict[str, list[str]]:
    """Returns what a form would send that names a secret, or a list of them."""
    given = value if isinstance(value, list) else [value]
    return {name: [each if is_reference(each) else KEEP for each in given]}


def read(name: str, texts: Mapping[str, list[str]], old: Any, usual: str) -> Any:
    """Returns the reference that was meant, ABSENT for none; `usual` is the name that a new value has by default."""
    if named := new_name(name, texts, usual):
        return reference(named)
    chosen = _one(texts, name)
    return old if chosen == KEEP else chosen or ABSENT


def read_list(name: str, texts: Mapping[str, list[str]], old: Any, usual: str) -> Any:
    """Returns the list that was meant, ABSENT where it is empty; its order stays."""
    chosen = texts.get(name) or []
    before = old if isinstance(old, list) else []
    found = [each for each in before if (each if is_reference(each) else KEEP) in chosen]
    found += [each for each in dict.fromkeys(chosen) if each != KEEP and each not in found]
    if (named := new_name(name, texts, usual)) and reference(named) not in found:
        found.append(reference(named))
    return found or ABSENT


def new_name(name: str, texts: Mapping[str, list[str]], usual: str) -> str:
    """Returns the name that was typed, or the one that a new value is for; "" where there is neither."""
    typed = _one(texts, f"{name}.name").removeprefix(reference(""))
    if typed or not _one(texts, f"{name}.value"):
        return typed
    chosen = _one(texts, name)
    return reference_name(chosen) if is_reference(chosen) and len(texts[name]) == 1 else usual


def new_value(name: str, texts: Mapping[str, list[str]]) -> str:
    """Returns the value that was typed, "" where none was."""
    return (texts.get(f"{name}.value") or [""])[0]


def _one(texts: Mapping[str, list[str]], name: str) -> str:
    return (texts.get(name) or [""])[0].strip()
