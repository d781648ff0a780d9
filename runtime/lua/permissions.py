"""Which parts of an event a script receives, and what to tell an author whose script missed one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from runtime.errors import FaultKind
from runtime.lua.values import Cuts, Grants
from runtime.model.reach import Rule

EVENT_FUNCTIONS = frozenset(("map", "apply", "resolve", "lookup"))
"""Functions whose first argument is the event. `parse`, `request` and `verdict` get other data, whole."""

_NIL_FIELD = re.compile(r"^(?P<place>[^\s:]+:\d+: )?attempt to .* a nil value \(field '(?P<name>.*)'\)$")
_NIL = re.compile(
    r"attempt to (?!call).* a nil value(?: \((?:local|upvalue|field|constant) '.*'\))?$"
    r"|attempt to compare (?:nil with|\w+ with nil|two nil)|expected, got n(?:il|o value)\)"
)
"""Messages of Lua and of the kit about a value that is not there; a global that is not there is a typing mistake."""
_PLACE = re.compile(r"^[^\s:]+:\d+: ")

MOST_NAMED = 5
"""Fields that one message names."""
_LONGEST = 100


def cuts_of(grants: Grants) -> Cuts:
    """Returns the trees that copies.lua cuts an event by.

    A node is True (all beneath) or {"names": {name: node}, "prefixes": {text: True}}.
    """
    fields = grants.event_fields
    everything = fields is None or "*" in fields
    return Cuts(
        granted=None if everything else _tree(fields or ()),
        denied=_tree(path for path, _ in grants.event_denied) if grants.event_denied else None,
    )


def _tree(paths: Iterable[str]) -> dict[str, Any]:
    tree = _node()
    for path in sorted(set(paths)):
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


class _Missing(NamedTuple):
    """A field that the event has and the script did not get."""

    path: str
    line: str
    """What a manifest or a policy calls it: the path, or everything beneath it."""
    why: str | None
    """The operator's reason, None where the manifest does not ask for it."""


def refused(message: str, refusals: Iterable[str]) -> bool:
    """Tells whether a call ended in one of the refusals that the host gave in it.

    The host's own record decides, never the words: a script can write those, but cannot make the host refuse.
    """
    return _PLACE.sub("", message, count=1) in refusals


def explain_nil(message: str, event: Any, grants: Grants, cuts: Cuts) -> tuple[FaultKind, str]:
    """Returns the kind and the words of an error: `permission` where it is about a field that the script did not get.

    Where it may be about one, the kind stays `error`, and the words say which fields there are.
    """
    found = _NIL_FIELD.search(message)
    missing = list(_missing(event, grants, cuts)) if found or _NIL.search(message) else []
    if found:
        field = next((field for field in missing if field.path.rpartition(".")[2] == found["name"]), None)
        if field:
            return "permission", f"{found['place'] or ''}`event.{field.path}` is nil: {_reason(field)}"
    return "error", "; ".join(filter(None, [message, *_suspects(missing)]))


def _reason(field: _Missing) -> str:
    if field.why is not None:
        return f"the operator's policy denies {field.line}: {field.why}"
    return f'the manifest does not grant {field.line}; add "{field.line}" to permissions.event.fields'


def _suspects(missing: list[_Missing]) -> Iterator[str]:
    """Yields what a script whose value is nil may have missed."""
    ungranted = [field.line for field in missing if field.why is None]
    denied = [field.line for field in missing if field.why is not None]
    if ungranted:
        yield (
            f"the event has fields that the manifest does not grant: {_listed(ungranted)}; "
            "add those that the script needs to permissions.event.fields"
        )
    if denied:
        yield f"the operator's policy denies {_listed(denied)}"


def _listed(lines: list[str]) -> str:
    return ", ".join(lines[:MOST_NAMED]) + (", …" if len(lines) > MOST_NAMED else "")


def _missing(event: Any, grants: Grants, cuts: Cuts) -> Iterator[_Missing]:
    seen: set[str] = set()
    granted: Any = True if cuts.granted is None else cuts.granted
    for path, value, is_denied in _taken(event, granted, cuts.denied):
        if path not in seen:
            seen.add(path)
            line = f"{path}.*" if isinstance(value, dict) else path
            yield _Missing(path, line, _why(path, grants.event_denied) if is_denied else None)


def _taken(value: Any, granted: Any, denied: Any, path: str = "") -> Iterator[tuple[str, Any, bool]]:
    """Yields path, value and whether it is denied of what the trees cut away, outermost first."""
    if isinstance(value, list):
        for element in value:
            yield from _taken(element, granted, denied, path)
    elif isinstance(value, dict):
        for name, member in value.items():
            here = f"{path}.{name}" if path else name
            grant, denial = _below(granted, name), _denial(denied, name)
            if denial is True:
                yield here[:_LONGEST], member, True
            elif grant is None:
                yield here[:_LONGEST], member, False
            elif not (grant is True and denial is None):
                yield from _taken(member, grant, denial, here)
    elif granted is not True:
        yield path[:_LONGEST], value, False
    elif denied is not None and "" in denied["prefixes"]:
        yield path[:_LONGEST], value, True


def _below(node: Any, name: str) -> Any:
    """Returns what a node says of a member: True, a node, or None for nothing."""
    if node is None or node is True:
        return node
    return True if any(name.startswith(prefix) for prefix in node["prefixes"]) else node["names"].get(name)


def _denial(node: Any, name: str) -> Any:
    """Returns what is denied of a member, as copies.lua reads it: a name with dots in it is read as a path too."""
    below = _below(node, name)
    first, dot, rest = name.partition(".")
    if below is not None or not dot:
        return below
    outer = _below(node, first)
    return outer if outer is None or outer is True else _denial(outer, rest)


def _why(path: str, rules: Iterable[Rule]) -> str:
    """Returns the reason of the rule that takes a path."""
    return next((why for denied, why in rules if _is_under(path, denied)), "")


def _is_under(path: str, denied: str) -> bool:
    if denied.endswith("*"):
        return path.startswith(denied[:-1]) or path == denied.removesuffix(".*")
    return path == denied or path.startswith(f"{denied}.")
