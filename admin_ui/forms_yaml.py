"""Values that a form shows as YAML, because no simpler input can."""

from __future__ import annotations

from typing import Any

import orjson

from runtime.containers.interchange import parse_document
from runtime.containers.yaml_text import yaml_text
from runtime.errors import ABSENT, ContainerInvalid


class Unreadable(Exception):
    """What was typed can be no value."""

    def __init__(self, found: list[tuple[str, str, str]]) -> None:
        """`found`: where in the value (`.a.b`, or ""), message, hint."""
        super().__init__(found)
        self.found = found


def yaml_of(value: Any) -> str:
    """Returns a value as YAML: a map as files have it, anything else as JSON, which is YAML too."""
    if isinstance(value, dict) and value:
        return yaml_text(value)
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def read_yaml(text: str) -> Any:
    """Returns the value of a YAML or JSON text, ABSENT where it is empty; Unreadable where it cannot be read."""
    if not text.strip():
        return ABSENT
    try:
        value, problems = parse_document(text.encode("utf-8", "surrogatepass"))
    except ContainerInvalid as error:
        raise Unreadable([("", problem.message, problem.hint) for problem in error.problems]) from None
    if problems:
        found = [(f".{each.path}" if each.path else "", each.message, each.hint) for each in problems]
        raise Unreadable(found)
    return value
