"""Reads an export: whatever JSON holds a container version, however many levels around it are missing.

What cannot be used is bounded here, once, so that nothing later meets a text or a nesting that it cannot bear.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from runtime.errors import OperatorError

KINDS = (
    "folder",
    "customTemplate",
    "client",
    "builtInVariable",
    "variable",
    "trigger",
    "tag",
    "transformation",
    "zone",
)
"""Keys of a container version that hold what people configured, in the order in which they are mapped."""

FORMAT = 2
MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 40
MAX_TEXT = 16_384
MAX_CODE = 1_000_000
"""Characters of a template's text."""

_MARKS = ("containerVersionId", "containerVersion", "builtInVariable", "exportFormatVersion", *KINDS)
_SEARCHED = 4
"""Levels of wrappers in which a container version is looked for."""


@dataclass
class Source:
    """A container version as it was given, bounded."""

    version: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    """What is odd about the export as a whole, for people."""


def read_export(raw: bytes) -> Source:
    """Returns the container version of an export's bytes; OperatorError where there is none."""
    if len(raw) > MAX_BYTES:
        raise OperatorError("The export is larger than 32 MB.", hint="No container of Tag Manager is that large.")
    try:
        data = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise OperatorError(f"The file is not JSON: {error}.", hint="Export the container again.") from None
    notes: list[str] = []
    version = _find(data, notes)
    if version is None:
        hint = "Give the file that Tag Manager writes under Admin, Export Container."
        raise OperatorError("The file is no export of a Tag Manager container.", hint=hint)
    return Source(_Bounds(notes).bounded(version), notes)


def _find(data: Any, notes: list[str]) -> dict[str, Any] | None:
    """Returns the object that holds the lists, or None; notes what wraps it."""
    if isinstance(data, dict) and "exportFormatVersion" in data:
        if data["exportFormatVersion"] != FORMAT:
            notes.append(f"The export says another format version than {FORMAT}; it was read all the same.")
    elif isinstance(data, dict):
        notes.append("The file is no whole export (it names no exportFormatVersion); what it holds was read.")
    level = [data]
    for _ in range(_SEARCHED):
        for each in level:
            if isinstance(each, dict) and (found := _version(each)) is not None:
                return found
        level = [part for each in level if isinstance(each, dict) for part in each.values()]
    return None


def _version(data: dict[str, Any]) -> dict[str, Any] | None:
    inner = data.get("containerVersion")
    if isinstance(inner, dict):
        return inner
    is_version = "containerVersionId" in data or any(isinstance(data.get(kind), list) for kind in KINDS)
    return data if is_version else None


@dataclass
class _Bounds:
    """Cuts what is too deep or too long, and says so once."""

    notes: list[str]

    def bounded(self, value: dict[str, Any]) -> dict[str, Any]:
        """Returns the object with every part within bounds and without NULs."""
        return {_key(key): self._value(part, 1, _key(key)) for key, part in value.items()}

    def _value(self, value: Any, depth: int, key: str) -> Any:
        if isinstance(value, str):
            return self._text(value, MAX_CODE if key == "templateData" else MAX_TEXT)
        if not isinstance(value, dict | list):
            return value
        if depth >= MAX_DEPTH:
            self._note(f"A value nests more than {MAX_DEPTH} levels deep; what lies deeper was left out.")
            return None
        if isinstance(value, list):
            return [self._value(part, depth + 1, key) for part in value]
        return {_key(name): self._value(part, depth + 1, name) for name, part in value.items()}

    def _text(self, text: str, longest: int) -> str:
        text = text.replace("\0", "")
        if len(text) <= longest:
            return text
        self._note(f"A text has more than {longest:,} characters; it was left out.")
        return ""

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _key(key: str) -> str:
    return key.replace("\0", "")[:200]


def members(version: dict[str, Any]) -> Iterator[tuple[str, int, Any]]:
    """Yields every entity: key, place and value of each member of each list of the container version.

    What stands where a list of a known kind belongs and is none counts as one member.
    """
    for kind in (*KINDS, *sorted(version.keys() - set(KINDS))):
        value = version.get(kind)
        if isinstance(value, list):
            yield from ((kind, place, part) for place, part in enumerate(value))
        elif kind in KINDS and value is not None:
            yield kind, 0, value
