"""The part of JSON Schema that our schemas use. A keyword that it does not know is a mistake of the test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}
_TOLD = {"title", "description", "default", "$schema", "$defs", "then", "format"}


def schema_faults(schema: dict[str, Any], value: Any) -> list[str]:
    """Every place of a document that its schema does not allow, with why."""
    return list(_Judge(schema).faults(schema, value, ""))


class _Judge:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root

    def faults(self, schema: Any, value: Any, path: str) -> Iterator[str]:
        """What is wrong with one value."""
        if isinstance(schema, bool):
            if not schema:
                yield f"{path}: not allowed"
            return
        for word, argument in schema.items():
            if word not in _TOLD:
                method = getattr(self, "_" + word.removeprefix("$"), None)
                assert method is not None, f"the schema uses `{word}`, which this judge does not know"
                yield from (
                    fault if ":" in fault else f"{path}: {fault}" for fault in method(argument, value, path, schema)
                )

    def _ref(self, argument: str, value: Any, path: str, _: Any) -> Iterator[str]:
        yield from self.faults(self._root["$defs"][argument.removeprefix("#/$defs/")], value, path)

    def _type(self, argument: str, value: Any, path: str, _: Any) -> Iterator[str]:
        if not _TYPES[argument](value):
            yield f"no {argument}"

    def _enum(self, argument: list[Any], value: Any, path: str, _: Any) -> Iterator[str]:
        if not any(type(each) is type(value) and each == value for each in argument):
            yield "none of the words"

    def _const(self, argument: Any, value: Any, path: str, schema: Any) -> Iterator[str]:
        yield from self._enum([argument], value, path, schema)

    def _pattern(self, argument: str, value: Any, path: str, _: Any) -> Iterator[str]:
        if isinstance(value, str) and not re.search(argument, value):
            yield "does not match"

    def _minimum(self, argument: float, value: Any, path: str, _: Any) -> Iterator[str]:
        if _TYPES["number"](value) and value < argument:
            yield "too small"

    def _maximum(self, argument: float, value: Any, path: str, _: Any) -> Iterator[str]:
        if _TYPES["number"](value) and value > argument:
            yield "too large"

    def _exclusiveMinimum(self, argument: float, value: Any, path: str, _: Any) -> Iterator[str]:
        if _TYPES["number"](value) and value <= argument:
            yield "too small"

    def _required(self, argument: list[str], value: Any, path: str, _: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from (f"{path}.{name}: missing" for name in argument if name not in value)

    def _properties(self, argument: dict[str, Any], value: Any, path: str, _: Any) -> Iterator[str]:
        for name in argument.keys() & (value.keys() if isinstance(value, dict) else ()):
            yield from self.faults(argument[name], value[name], f"{path}.{name}")

    def _patternProperties(self, argument: dict[str, Any], value: Any, path: str, _: Any) -> Iterator[str]:
        for name in value if isinstance(value, dict) else ():
            for pattern, schema in argument.items():
                if re.search(pattern, name):
                    yield from self.faults(schema, value[name], f"{path}.{name}")

    def _additionalProperties(self, argument: Any, value: Any, path: str, schema: Any) -> Iterator[str]:
        patterns = schema.get("patternProperties", {})
        for name in value if isinstance(value, dict) else ():
            if name not in schema.get("properties", {}) and not any(re.search(each, name) for each in patterns):
                yield from self.faults(argument, value[name], f"{path}.{name}")

    def _propertyNames(self, argument: Any, value: Any, path: str, _: Any) -> Iterator[str]:
        for name in value if isinstance(value, dict) else ():
            yield from self.faults(argument, name, f"{path}.{name}")

    def _items(self, argument: Any, value: Any, path: str, _: Any) -> Iterator[str]:
        for index, each in enumerate(value if isinstance(value, list) else ()):
            yield from self.faults(argument, each, f"{path}.{index}")

    def _anyOf(self, argument: list[Any], value: Any, path: str, _: Any) -> Iterator[str]:
        if not any(not list(self.faults(each, value, path)) for each in argument):
            yield "none of the forms"

    def _allOf(self, argument: list[Any], value: Any, path: str, _: Any) -> Iterator[str]:
        for each in argument:
            yield from self.faults(each, value, path)

    def _if(self, argument: Any, value: Any, path: str, schema: Any) -> Iterator[str]:
        if not list(self.faults(argument, value, path)):
            yield from self.faults(schema["then"], value, path)
