"""Which parts of an event a script receives, and what to tell an author whose script missed one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from runtime.lua.values import Grants

EVENT_FUNCTIONS = frozenset(("map", "apply", "resolve"))
"""Functions whose first argument is the event. `parse`, `request` and `verdict` get other data, whole."""

_NIL_FIELD = re.compile(r"a nil value \(field '([^']+)'\)")


def grant_tree(grants: Grants) -> dict[str, Any] | None:
    """Returns the grants as the tree that copies.lua cuts by; None where all is granted.

    A node is True (all beneath) or {"names": {name: node}, "prefixes": {text: True}}.
    """
    if grants.event_fields is None or "*" in grants.event_fields:
        return None
    tree = _node()
    for path in sorted(grants.event_fields):
        _add(tree, path.split("."))
    return tree


def _node() -> dict[str, Any]:
    return {"names": {}, "prefixes": {}}


def _add(tree: dict[str, Any], names: list[str]) -> None:
    *above, last = names
    for name in above:
        below = tree["names"].setdefault(name, _node())
        if below is True:
            return
        tree = below
    if last.endswith("*"):
        tree["prefixes"][last[:-1]] = True
    else:
        tree["names"][last] = True


def hint_for(message: str, event: Any, tree: dict[str, Any] | None) -> str:
    """Returns what to add to a message about a nil field that the event has and the grants took; "" otherwise."""
    found = _NIL_FIELD.search(message)
    if tree is None or found is None:
        return ""
    path = next((path for path in _taken(event, tree) if path.rpartition(".")[2] == found[1]), None)
    if path is None:
        return ""
    return f"the event has `{path}`, but the manifest's permissions.event.fields does not grant it"


def _taken(value: Any, node: Any, path: str = "") -> Iterable[str]:
    """Yields the paths that the tree cuts away, outermost first."""
    if node is True:
        return
    if isinstance(value, list):
        for element in value:
            yield from _taken(element, node, path)
    elif isinstance(value, dict):
        for name, member in value.items():
            here = f"{path}.{name}" if path else name
            if name in node["names"]:
                yield from _taken(member, node["names"][name], here)
            elif not any(name.startswith(prefix) for prefix in node["prefixes"]):
                yield here
