"""Explains what pydantic found wrong with a document: where, what was expected, what to write instead.

Paths use the keys as written (`is`, `not`). Where a value may have several forms, only the form that the writer
meant is spoken of: the one that fits best.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runtime.containers.hints import did_you_mean, kind_of, nearest, shown, suggest
from runtime.containers.places import Place, bare, describe, keys_of, locate
from runtime.errors import Problem

Model = TypeVar("Model", bound=BaseModel)
Fault = tuple[Place, ErrorDetails]

_PATTERNS = {
    r"^[A-Za-z][A-Za-z0-9_-]{0,63}$": "a letter, then letters, digits, `_` and `-`; 64 at most",
    r"^[a-z][a-z0-9_]*$": "a small letter, then small letters, digits and `_`",
    r"^\d{4}-\d{2}-\d{2}$": "a date such as 2026-11-30",
}
_LIMITS = {
    "greater_than": ("too small", "gt", "more than {} is expected"),
    "greater_than_equal": ("too small", "ge", "{} is the least"),
    "less_than": ("too large", "lt", "less than {} is expected"),
    "less_than_equal": ("too large", "le", "{} is the most"),
}


def validated(model: type[Model], data: Any) -> tuple[Model | None, list[Problem]]:
    """Returns the model made of a document's data, or None and all problems."""
    if not isinstance(data, dict):
        hint = f"it begins with keys such as {', '.join(f'`{key}:`' for key in list(keys_of(model))[:3])}"
        return None, [Problem("", f"a map is expected, this is {kind_of(data)}", hint)]
    try:
        return model.model_validate(data, by_alias=True, by_name=False), []
    except ValidationError as error:
        return None, explain(model, error)


def explain(model: type[BaseModel], error: ValidationError) -> list[Problem]:
    """Returns one problem for each mistake, in the order of the document's model."""
    faults = [(locate(model, detail["loc"]), detail) for detail in error.errors(include_url=False)]
    meant = _meant(faults, 0)
    misspelt = {_twin(place) for place, detail in meant if detail["type"] == "extra_forbidden"}
    return [
        _problem(place, detail) for place, detail in meant if detail["type"] != "missing" or place.path not in misspelt
    ]


def _meant(faults: list[Fault], level: int) -> list[Fault]:
    """Keeps, at each place with several forms, the faults of the form that was meant."""
    kept: list[Fault] = []
    forks: dict[str, dict[str, list[Fault]]] = defaultdict(lambda: defaultdict(list))
    for place, detail in faults:
        if len(place.forms) <= level:
            kept.append((place, detail))
        else:
            where, form = place.forms[level]
            forks[where][form].append((place, detail))
    for where, forms in forks.items():
        best = min(forms.values(), key=lambda group: _distance(where, group))
        if _distance(where, best)[0]:
            place, detail = best[0]
            kept.append((replace(place, expected=place.kind), detail))
        else:
            kept += _meant(best, level + 1)
    return kept


def _distance(where: str, group: list[Fault]) -> tuple[bool, int, int]:
    """Measures how far a form is from what was written: another type altogether, unknown keys, other faults."""
    other_type = any(place.path == where and _is_other_type(detail) for place, detail in group)
    unknown = sum(detail["type"] == "extra_forbidden" and place.parent == where for place, detail in group)
    return other_type, unknown, len(group)


def _is_other_type(detail: ErrorDetails) -> bool:
    if detail["type"] == "literal_error":
        return not isinstance(detail["input"], str)
    return detail["type"].endswith(("_type", "_parsing"))


def _twin(place: Place) -> str:
    """Returns the path of the key that an unknown key probably stands for: that it is missing goes without saying."""
    return ".".join((*place.parts[:-1], nearest(place.name, place.siblings) or ""))


def _problem(place: Place, detail: ErrorDetails) -> Problem:
    kind, given = detail["type"], detail["input"]
    if place.is_key:
        return Problem(place.parent, *_bad_key(place, detail))
    if kind == "missing":
        return Problem(place.path, "this key is missing", f"add `{place.name}`: {describe(place.kind)}")
    if kind == "extra_forbidden":
        return Problem(
            place.path, f"the key {shown(place.name)} is not known here", suggest(place.name, place.siblings)
        )
    if kind == "value_error":
        return Problem(place.path, str(detail["ctx"]["error"]))
    if kind == "string_pattern_mismatch":
        return Problem(place.path, f"{shown(given)} cannot stand here", _pattern_hint(detail))
    return _wrong_value(place, detail)


def _wrong_value(place: Place, detail: ErrorDetails) -> Problem:
    given, choices = detail["input"], _choices(place.expected)
    if choices and isinstance(given, str):
        return Problem(place.path, f"{shown(given)} is not one of {', '.join(choices)}", did_you_mean(given, choices))
    if detail["type"] == "string_type" and kind_of(given) in ("a number", "true or false"):
        return Problem(place.path, f"text is expected, this is {kind_of(given)}", "put it in quotes")
    if detail["type"] in _LIMITS:
        wrong, key, hint = _LIMITS[detail["type"]]
        return Problem(place.path, f"{shown(given)} is {wrong}", hint.format(f"{detail['ctx'][key]:g}"))
    if bare(place.expected) is AwareDatetime and isinstance(given, str):
        return Problem(
            place.path, f"{shown(given)} is not a time with its zone", "write it as 2026-11-30T18:00:00+01:00"
        )
    if detail["type"].endswith(("_type", "_parsing", "literal_error", "int_from_float")):
        return Problem(place.path, f"{describe(place.expected)} is expected, this is {kind_of(given)}")
    return Problem(place.path, detail["msg"].removeprefix("Input ").removeprefix("Value error, "))


def _bad_key(place: Place, detail: ErrorDetails) -> tuple[str, str]:
    choices = _choices(place.expected)
    hint = suggest(place.name, choices) if choices else _pattern_hint(detail)
    return f"{shown(place.name)} cannot be a key here", hint


def _pattern_hint(detail: ErrorDetails) -> str:
    pattern = detail["ctx"]["pattern"] if "ctx" in detail else ""
    return _PATTERNS.get(pattern, pattern and f"it must match {pattern}")


def _choices(kind: Any) -> tuple[str, ...]:
    plain = bare(kind)
    return get_args(plain) if get_origin(plain) is Literal else ()
