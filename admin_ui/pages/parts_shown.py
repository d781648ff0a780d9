"""A part as its form has it: a trigger's conditions are one input, though the file has them beside note and folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.errors import Problem

CONDITIONS = "conditions"
_BESIDE = ("folder", "note")
_GROUPS = ("all", "any", "not")

Part = dict[str, Any]


def to_shown(section: str, part: Mapping[str, Any]) -> Part:
    """Returns a part as its form has it."""
    if section != "triggers":
        return dict(part)
    conditions = {key: value for key, value in part.items() if key not in _BESIDE}
    shown = {key: part[key] for key in _BESIDE if key in part}
    return shown | {CONDITIONS: conditions or {"all": []}}


def from_shown(section: str, shown: Mapping[str, Any], before: Mapping[str, Any]) -> tuple[Part, list[Problem]]:
    """Returns the part that a form's means, its keys in the order that they had before, and what it cannot mean."""
    if section != "triggers":
        return dict(shown), []
    conditions = shown.get(CONDITIONS, {})
    if not isinstance(conditions, dict):
        return {}, [Problem(CONDITIONS, "a map with `all`, `any` or `not` is expected", '{"all": []} is every event')]
    flat = {**conditions, **{key: shown[key] for key in _BESIDE if key in shown}}
    return {key: flat[key] for key in before if key in flat} | flat, []


def own_path(path: str) -> str:
    """Returns a problem's path as the form has it."""
    return f"{CONDITIONS}.{path}" if path.partition(".")[0] in _GROUPS else path
