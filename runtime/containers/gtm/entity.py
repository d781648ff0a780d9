"""One thing of an export, with its parameters as plain values.

A parameter is {type, key, value | list | map}. Types are upper case in exports and camel case in the API. A value that
has another type than it says is taken as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_COMMON = {"accountId", "containerId", "workspaceId", "path", "fingerprint", "tagManagerUrl", "name", "notes", "type",
           "parameter", "parentFolderId"}  # fmt: skip
_KNOWN = {
    "client": {"clientId", "priority"},
    "tag": {"tagId", "firingTriggerId", "blockingTriggerId", "priority", "paused", "liveOnly", "scheduleStartMs",
            "scheduleEndMs", "setupTag", "teardownTag", "tagFiringOption", "consentSettings", "monitoringMetadata",
            "monitoringMetadataTagNameKey"},
    "trigger": {"triggerId", "filter", "customEventFilter", "autoEventFilter"},
    "variable": {"variableId", "formatValue"},
    "transformation": {"transformationId", "priority"},
    "customTemplate": {"templateId", "templateData", "galleryReference"},
    "folder": {"folderId"},
}  # fmt: skip
_IDS = ("tagId", "triggerId", "variableId", "clientId", "transformationId", "templateId", "folderId", "zoneId")


@dataclass(frozen=True)
class Entity:
    """A member of one of the export's lists."""

    kind: str
    position: int
    """Its place in the list, from 0."""
    raw: dict[str, Any]
    is_object: bool = True

    @property
    def name(self) -> str:
        """What people call it, or "" where it has no name."""
        return self.text("name").strip()

    @property
    def type(self) -> str:
        """Its type as written."""
        return self.text("type").strip()

    @property
    def id(self) -> str:
        """Tag Manager's own id, or ""."""
        return next((text for key in _IDS if (text := self.text(key))), "")

    @property
    def parameters(self) -> dict[str, Any]:
        """Its parameters, plain, by key."""
        return _map(self.raw.get("parameter"))

    @property
    def unknown(self) -> dict[str, Any]:
        """What it holds beside what is known of its kind."""
        known = _KNOWN.get(self.kind)
        return {} if known is None else {key: part for key, part in self.raw.items() if key not in _COMMON | known}

    def text(self, key: str) -> str:
        """Returns a value as text; "" where it is none."""
        return text_of(self.raw.get(key))

    def texts(self, key: str) -> list[str]:
        """Returns the texts of a list, without what is none; one text counts as a list of it."""
        value = self.raw.get(key)
        found = [text_of(part) for part in (value if isinstance(value, list) else [value])]
        return [text for text in dict.fromkeys(found) if text]

    def flag(self, key: str) -> bool:
        """Tells whether a value is true, also as text."""
        return is_true(self.raw.get(key))

    def number(self, key: str) -> int | None:
        """Returns a whole number, also where it is wrapped in a parameter."""
        value = self.raw.get(key)
        return whole(value.get("value") if isinstance(value, dict) else value)


def text_of(value: Any) -> str:
    """Returns text as it is and a number in digits; anything else is no text."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def is_true(value: Any) -> bool:
    """Tells whether a value says yes: true, or that word."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def whole(value: Any) -> int | None:
    """Returns a whole number of at most 15 digits, also from text."""
    text = text_of(value).strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 15 else None


def plain(node: Any) -> Any:
    """Returns a parameter's value: text, true or false, a list, a map."""
    if isinstance(node, list):
        return [plain(part) for part in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("list"), list):
        return [plain(part) for part in node["list"]]
    if "map" in node:
        return _map(node["map"])
    value = node.get("value")
    if str(node.get("type")).upper() == "LIST":
        return value if isinstance(value, list) else []
    if str(node.get("type")).upper() == "BOOLEAN" and str(value).lower() in ("true", "false"):
        return is_true(value)
    return value if isinstance(value, bool | dict | list) else text_of(value)


def _map(nodes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in nodes if isinstance(nodes, Iterable) and not isinstance(nodes, str | dict) else ():
        key = text_of(node.get("key")) if isinstance(node, dict) else ""
        if key and key not in found:
            found[key] = plain(node)
    return found


def rows(value: Any) -> list[dict[str, Any]]:
    """Returns the rows of a table, without what is none."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
