"""Finds where in a YAML text a dotted path lies, so that an editor can mark what a problem is about."""

from __future__ import annotations

from typing import Any

from runtime.containers.interchange import compose_document
from runtime.errors import ContainerInvalid

NOWHERE = (0, 0)


def place_of(text: str, path: str) -> tuple[int, int]:
    """Returns line and column, both from 1, of what lies at a path, or of the nearest thing above it that there is;
    NOWHERE where the text cannot be read or is empty."""
    node: Any
    try:
        node = compose_document(text.encode("utf-8", "surrogatepass"))
    except ContainerInvalid:
        return NOWHERE
    if node is None:
        return NOWHERE
    mark = node.start_mark
    for part in path.split(".") if path else ():
        found = _member(node, part)
        if found is None:
            break
        named, node = found
        mark = named.start_mark
    return mark.line + 1, mark.column + 1


def _member(node: Any, part: str) -> tuple[Any, Any] | None:
    """Returns the node of a key, or of a place in a list, and that of what lies there."""
    if node.id == "mapping":
        found = [(key, value) for key, value in node.value if key.id == "scalar" and key.value == part]
        return found[0] if found else None
    if node.id == "sequence" and part.isdecimal() and int(part) < len(node.value):
        return node.value[int(part)], node.value[int(part)]
    return None
