"""Follows a path through the models: which key of which model it names, and what may stand there."""

from __future__ import annotations

import types
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

_WORDS: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    AwareDatetime: "a time with its zone",
    Any: "any value",
}
_KEY = "[key]"


@dataclass(frozen=True)
class Place:
    """One place in a document."""

    parts: tuple[str, ...]
    kind: Any
    """What the models say of it, with every form that it may have."""
    expected: Any
    """The form that this path goes through; `kind` where there is only one."""
    siblings: tuple[str, ...]
    """Keys that are known where the place is."""
    forms: tuple[tuple[str, str], ...]
    """Where several forms are possible: the path, and the form that this path goes through."""
    is_key: bool = False
    """The last part is itself at fault as a key."""

    @property
    def path(self) -> str:
        return ".".join(self.parts)

    @property
    def parent(self) -> str:
        return ".".join(self.parts[:-1])

    @property
    def name(self) -> str:
        return self.parts[-1] if self.parts else ""


def locate(model: type[BaseModel], location: Iterable[int | str]) -> Place:
    """Returns the place that one of pydantic's locations names; pydantic names a union's member as one more part."""
    parts: list[str] = []
    forms: list[tuple[str, str]] = []
    kind: Any = model
    whole = holder = kind
    siblings = keys_of(model)
    for part in location:
        members = _members(kind)
        if len(members) > 1:
            forms.append((".".join(parts), str(part)))
            kind = _member(members, str(part))
            continue
        if part == _KEY:
            key_kind = get_args(bare(holder))[0]
            return Place(tuple(parts), key_kind, key_kind, siblings, tuple(forms), is_key=True)
        holder, siblings = kind, keys_of(kind)
        parts.append(str(part))
        whole = kind = _child(kind, part)
    return Place(tuple(parts), whole, kind, siblings, tuple(forms))


def bare(kind: Any) -> Any:
    """Returns an annotation without Annotated and without `| None`."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif len(members := _members(kind)) == 1 and members[0] is not kind:
            kind = members[0]
        else:
            return kind


def keys_of(kind: Any) -> tuple[str, ...]:
    """Returns the keys that a model knows, as they are written."""
    plain = bare(kind)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return tuple(field.alias or name for name, field in plain.model_fields.items())
    return ()


def describe(kind: Any) -> str:
    """Returns in plain words what may stand at a place."""
    members = _members(bare(kind))
    if len(members) > 1:
        return " or ".join(describe(member) for member in members)
    plain = bare(kind)
    if get_origin(plain) is Literal:
        return f"one of {', '.join(get_args(plain))}"
    if get_origin(plain) in (tuple, list):
        return "a list"
    if keys := keys_of(plain):
        return f"a map with {', '.join(f'`{key}`' for key in keys)}"
    return _WORDS.get(plain, "a map")


def _members(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(member for member in get_args(kind) if member is not type(None))
    return (kind,)


def _member(members: tuple[Any, ...], label: str) -> Any:
    head = label.split("[")[0]
    return next((member for member in members if _label(member) in head), members[0])


def _label(kind: Any) -> str:
    plain = bare(kind)
    origin = get_origin(plain)
    if origin is Literal:
        return "literal"
    return str(getattr(origin or plain, "__name__", plain))


def _child(kind: Any, part: int | str) -> Any:
    plain = bare(kind)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        fields = plain.model_fields.items()
        return next((field.annotation for name, field in fields if (field.alias or name) == part), Any)
    arguments = get_args(plain)
    if get_origin(plain) is dict:
        return arguments[1]
    return arguments[0] if arguments else Any
