"""Inputs of a form: what each shows of a value, and what value was meant by what was typed.

`to_texts` and `read` are each other's inverse for every value that a file may hold: where an input cannot show a value
as it is, it shows it as YAML. An input that nobody changed leaves its value in the file as it is written there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from admin_ui import forms_secret
from admin_ui.forms_input import PLAIN, Input, Texts, first
from admin_ui.forms_kinds import READ, TO_TEXTS
from admin_ui.forms_yaml import Unreadable, read_yaml, yaml_of
from runtime.containers.yaml_edit import same
from runtime.errors import ABSENT, Problem


def to_texts(input: Input, value: Any) -> dict[str, list[str]]:
    """Returns what a form would send that shows this value; ABSENT is a value that is not there."""
    if value is ABSENT:
        return {}
    if input.kind in forms_secret.KINDS:
        return forms_secret.to_texts(input.name, value)
    texts = TO_TEXTS[input.kind](input, value)
    if input.kind in PLAIN and not (texts is not None and _reads_as(input, texts, value)):
        texts = None
    return as_yaml(input, value) if texts is None else texts


def as_yaml(input: Input, value: Any) -> dict[str, list[str]]:
    """Returns what a form sends that shows a value as YAML."""
    return {input.name: ["" if value is ABSENT else yaml_of(value)], f"{input.name}.mode": ["yaml"]}


def read(input: Input, texts: Texts, old: Any = ABSENT) -> Any:
    """Returns the value that was meant, ABSENT for none; Unreadable where there can be none."""
    if input.kind == "secret":
        return forms_secret.read(input.name, texts, old, input.secret)
    if input.kind == "secrets":
        return forms_secret.read_list(input.name, texts, old, input.secret)
    if first(texts, f"{input.name}.mode") == "yaml":
        return read_yaml(first(texts, input.name))
    return READ[input.kind](input, texts, old)


def part_of(inputs: Sequence[Input], texts: Texts, before: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Returns a part as a form makes it of what it was before, and what cannot be read of the form."""
    part, problems = deepcopy(dict(before)), []
    for input in inputs:
        old = value_at(before, input.path)
        try:
            new, shown = read(input, texts, old), read(input, to_texts(input, old), old)
        except Unreadable as error:
            problems += [Problem(f"{input.name}{at}", message, hint) for at, message, hint in error.found]
            continue
        if new is not shown and (ABSENT in (new, shown) or not same(new, shown)):
            _put(part, input.path, new)
    for key in ("setup", "teardown"):
        if isinstance(part.get(key), dict) and "tag" not in part[key]:
            del part[key]
    return part, problems


def texts_of(inputs: Sequence[Input], part: Mapping[str, Any]) -> dict[str, list[str]]:
    """Returns what a form would send that shows a part."""
    texts: dict[str, list[str]] = {}
    for input in inputs:
        texts |= to_texts(input, value_at(part, input.path))
    return texts


def value_at(part: Any, path: Sequence[str]) -> Any:
    """Returns what lies at a path of a part; ABSENT where nothing does."""
    for key in path:
        if not isinstance(part, dict) or key not in part:
            return ABSENT
        part = part[key]
    return part


def _put(part: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Sets a value; maps on the way to it are made, and removed again where they become empty."""
    key, *rest = path
    if rest:
        inner = part.get(key)
        inner = inner if isinstance(inner, dict) else {}
        _put(inner, rest, value)
        value = inner or ABSENT
    if value is ABSENT:
        part.pop(key, None)
    else:
        part[key] = value


def _reads_as(input: Input, texts: Texts, value: Any) -> bool:
    try:
        return same(READ[input.kind](input, texts, value), value)
    except (Unreadable, TypeError):
        return False
