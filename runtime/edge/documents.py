"""Reads single members of a JSON body. Members that nobody asks for are checked for syntax, never built.

A body that is not JSON holds nothing here; whether it is refused, and with which words, is not decided by facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

MAX_DOCUMENTS = 1000
"""Elements of a list that are looked at; the largest batch of any known format."""

_BOM = b"\xef\xbb\xbf"
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])

Pointer = tuple[str, ...]


def parse_pointer(text: str) -> Pointer:
    """Splits an RFC 6901 pointer into its unescaped tokens; raises `ValueError` where it does not begin with `/`."""
    if not text.startswith("/"):
        raise ValueError(f"a JSON pointer begins with `/`: {text!r}")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in text[1:].split("/"))


class Document:
    """One JSON object; each member is decoded when it is first asked for."""

    __slots__ = ("_decoded", "_members")

    def __init__(self, members: dict[str, msgspec.Raw]) -> None:
        self._members = members
        self._decoded: dict[str, Any] = {}

    def find(self, pointer: Pointer) -> Any:
        """Returns what the pointer leads to, None where it leads nowhere."""
        name = pointer[0]
        if name not in self._decoded:
            raw = self._members.get(name)
            self._decoded[name] = None if raw is None else _decode(raw)
        return descend(self._decoded[name], pointer[1:])


@dataclass(frozen=True, slots=True)
class Documents:
    """The objects of a JSON body: the one that it is, or the elements of the list that it is."""

    items: list[Document] = field(default_factory=list)
    is_list: bool = False
    is_cut: bool = False
    """There are more elements than are looked at."""

    def at(self, index: int) -> Document | None:
        """Returns an element of the list, None where the body is no list or shorter."""
        return self.items[index] if self.is_list and index < len(self.items) else None


def read_documents(body: bytes) -> Documents:
    """Returns the objects of a JSON body, none where it is not JSON; an element that is no object counts as empty."""
    raw = body.removeprefix(_BOM)
    try:
        return Documents([Document(_object.decode(raw))])
    except _UNREADABLE:
        return _elements(raw)


def _elements(raw: bytes) -> Documents:
    try:
        elements = _list.decode(raw)
    except _UNREADABLE:
        return Documents()
    items = [_element(element) for element in elements[:MAX_DOCUMENTS]]
    return Documents(items, is_list=True, is_cut=len(elements) > MAX_DOCUMENTS)


def _element(raw: msgspec.Raw) -> Document:
    try:
        return Document(_object.decode(raw))
    except _UNREADABLE:
        return Document({})


def _decode(raw: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except _UNREADABLE:
        return None


def descend(value: Any, tokens: Pointer) -> Any:
    """Returns what the tokens lead to in JSON data, None where they lead nowhere."""
    for token in tokens:
        if isinstance(value, dict):
            value = value.get(token)
        elif isinstance(value, list) and token.isdecimal() and int(token[:9]) < len(value):
            value = value[int(token[:9])]
        else:
            return None
    return value
