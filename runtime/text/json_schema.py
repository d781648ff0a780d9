"""JSON Schema, compiled: what of some data is not as the schema says, in words that hold nothing of the data.

Patterns are of the linear kind (no look-around, no back-references), and a reference never leaves its document: a
schema opens no connection.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import jsonschema_rs

WHOLE = "(whole)"
"""Stands for the data itself, where no field of it is meant."""
MOST = 50
"""Violations that are told of one piece of data."""
LONGEST_RULE = 80
"""Characters of a rule that are shown."""

_NAMED = frozenset(("properties", "patternProperties", "dependentSchemas", "$defs", "definitions", "dependencies"))
"""Keywords whose next step in a path is a name of the schema's author."""
_NUMBERED = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
"""Keywords whose next step is a place in a list."""
_ELEMENTS = frozenset(("items", "prefixItems", "additionalItems", "contains", "unevaluatedItems"))
_ANY_NAME = frozenset(("additionalProperties", "patternProperties", "unevaluatedProperties", "propertyNames"))


class Violation(NamedTuple):
    """One thing that is not as the schema says."""

    field: str
    """Dotted, by the schema's own names: `*` stands for each element of a list, and for names that the schema does not
    give. So there are no more fields than the schema has, whatever strangers send."""
    rule: str
    """The rule that is broken as the schema has it, for example `type number`."""

    def __str__(self) -> str:
        return f"{self.field}: {self.rule}"


class Schema:
    """A compiled schema."""

    def __init__(self, source: dict[str, Any]) -> None:
        """Raises ValueError, its message for the schema's author, where the schema is none."""
        self._source = source
        try:
            self._validator = jsonschema_rs.validator_for(
                source, pattern_options=jsonschema_rs.RegexOptions(), offline=True, validate_formats=True
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            place = ".".join(map(str, getattr(error, "instance_path", ())))
            raise ValueError(f"{place}: {_said(error)}" if place else _said(error)) from None
        except RecursionError:
            raise ValueError("it is nested too deeply") from None

    def violations(self, data: Any) -> list[Violation]:
        """Returns what is not as it should be, each once, the first `MOST` in a stable order."""
        try:
            if self._validator.is_valid(data):
                return []
            found = {self._violation(error) for error in islice(self._validator.iter_errors(data), MOST)}
        except ValueError:  # The library looks no further than 255 levels down.
            return [Violation(WHOLE, "nested too deeply to be checked")]
        return sorted(found)

    def _violation(self, error: jsonschema_rs.ValidationError) -> Violation:
        steps = list(error.evaluation_path)
        names = [*_fields(steps), *_missing(error)]
        keyword = str(steps[-1]) if steps else "false"
        return Violation(".".join(names) or WHOLE, self._rule(error, keyword))

    def _rule(self, error: jsonschema_rs.ValidationError, keyword: str) -> str:
        if keyword == "required":
            return keyword
        value: Any = self._source
        try:
            for step in error.schema_path:
                value = value[step]
        except (LookupError, TypeError):
            return keyword
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return f"{keyword} {text}" if len(text) <= LONGEST_RULE else keyword


def _fields(steps: Sequence[str | int]) -> Iterator[str]:
    """Yields the fields on the way to a rule: `properties` and what it names, `*` for elements."""
    rest = iter(steps)
    for step in rest:
        keyword = str(step)
        name = next(rest, None) if keyword in _NAMED or keyword in _NUMBERED else None
        if keyword == "properties" and name is not None:
            yield str(name)
        elif (keyword in _ELEMENTS or keyword in _ANY_NAME) and step is not steps[-1]:
            yield "*"


def _missing(error: jsonschema_rs.ValidationError) -> Iterator[str]:
    name = getattr(error.kind, "property", None)
    if error.kind.name == "required" and isinstance(name, str):
        yield name


def _said(error: Exception) -> str:
    return str(getattr(error, "message", error)).partition("\n")[0]
