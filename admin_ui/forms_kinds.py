"""How each kind of input shows a value, and which value was meant by what was typed there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

from admin_ui.forms_input import VARIABLE, Input, Kind, Texts, first
from admin_ui.forms_yaml import Unreadable, read_yaml, yaml_of
from runtime.errors import ABSENT
from runtime.text.references import whole_variable

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}")


def _line(input: Input, value: Any) -> dict[str, list[str]] | None:
    return {input.name: [value]} if isinstance(value, str) else None


def _read_line(input: Input, texts: Texts, old: Any) -> Any:
    return first(texts, input.name) or ABSENT


def _number(input: Input, value: Any) -> dict[str, list[str]] | None:
    if isinstance(value, str):
        return {input.name: [value]}
    return {input.name: [repr(value)]} if isinstance(value, int | float) and not isinstance(value, bool) else None


def _read_number(input: Input, texts: Texts, old: Any) -> Any:
    text = first(texts, input.name).strip()
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text or ABSENT


def _check(input: Input, value: Any) -> dict[str, list[str]]:
    return {input.name: ["true"]} if value is True else {}


def _read_check(input: Input, texts: Texts, old: Any) -> Any:
    return True if first(texts, input.name) == "true" else ABSENT


def _chosen(input: Input, value: Any) -> dict[str, list[str]] | None:
    if isinstance(value, str) and whole_variable(value):
        return {input.name: [VARIABLE], f"{input.name}.variable": [value]}
    if input.kind == "switch":
        return {input.name: ["true" if value else "false"]} if isinstance(value, bool) else None
    return {input.name: [value]} if value in input.values else None


def _read_chosen(input: Input, texts: Texts, old: Any) -> Any:
    chosen = first(texts, input.name)
    if chosen == VARIABLE:
        return first(texts, f"{input.name}.variable").strip() or ABSENT
    if input.kind == "switch":
        return {"true": True, "false": False}.get(chosen, ABSENT)
    return chosen or ABSENT


def _lines(input: Input, value: Any) -> dict[str, list[str]] | None:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return None
    return {input.name: ["\n".join(value)]}


def _read_lines(input: Input, texts: Texts, old: Any) -> Any:
    lines = [line.strip() for line in first(texts, input.name).split("\n")]
    return [line for line in lines if line] or ABSENT


def _rows(input: Input, value: Any) -> dict[str, list[str]] | None:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        return None
    return {f"{input.name}.key": list(value), f"{input.name}.value": list(value.values())}


def _read_rows(input: Input, texts: Texts, old: Any) -> Any:
    found: dict[str, str] = {}
    keys, values = (texts.get(f"{input.name}.{part}") or [] for part in ("key", "value"))
    for key, value in zip(keys, values, strict=False):
        if key in found:
            raise Unreadable([("", f"`{key[:40]}` stands here twice", "remove one of the two")])
        if key:
            found[key] = value
        elif value:
            raise Unreadable([("", f"`{value[:40]}` stands here without a name", "give it one, or empty it")])
    return found or ABSENT


def _yaml(input: Input, value: Any) -> dict[str, list[str]]:
    return {input.name: [yaml_of(value)]}


def _json(input: Input, value: Any) -> dict[str, list[str]]:
    return {input.name: [orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()]}


def _read_yaml(input: Input, texts: Texts, old: Any) -> Any:
    return read_yaml(first(texts, input.name))


def _names(input: Input, value: Any) -> dict[str, list[str]]:
    return {input.name: [each for each in value if isinstance(each, str)] if isinstance(value, list) else []}


def _read_names(input: Input, texts: Texts, old: Any) -> Any:
    """Keeps the order that there was; what is new comes last."""
    chosen = texts.get(input.name) or []
    kept = [name for name in old if name in chosen] if isinstance(old, list) else []
    return [*kept, *(name for name in dict.fromkeys(chosen) if name not in kept)] or ABSENT


def _purposes(input: Input, value: Any) -> dict[str, list[str]]:
    return {f"{input.name}.own": ["true"], **_names(input, value)}


def _read_purposes(input: Input, texts: Texts, old: Any) -> Any:
    if first(texts, f"{input.name}.own") != "true":
        return ABSENT
    names = _read_names(input, texts, old)
    return [] if names is ABSENT else names


TO_TEXTS: dict[Kind, Callable[[Input, Any], dict[str, list[str]] | None]] = {
    "line": _line, "paragraph": _line, "number": _number, "check": _check, "switch": _chosen, "choice": _chosen,
    "lines": _lines, "rows": _rows, "yaml": _yaml, "conditions": _json, "json": _json, "names": _names,
    "purposes": _purposes,
}  # fmt: skip
"""None where the input cannot show the value."""
READ: dict[Kind, Callable[[Input, Texts, Any], Any]] = {
    "line": _read_line, "paragraph": _read_line, "number": _read_number, "check": _read_check, "switch": _read_chosen,
    "choice": _read_chosen, "lines": _read_lines, "rows": _read_rows, "yaml": _read_yaml, "conditions": _read_yaml,
    "json": _read_yaml,
    "names": _read_names, "purposes": _read_purposes,
}  # fmt: skip
"""With the value that was there before; ABSENT for none."""
