"""Puts together the results that flatten.lua took apart.

Scripts return the same few forms again and again, so a form is read once and remembered as a shape: which values make
which table, names sorted. Putting an event together so costs half of walking its tables (walk.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

from runtime.lua.walk import plain_number

_SEPARATOR = "\x1f"
_REMEMBERED = 512
_LONGEST_REMEMBERED = 8192


_Numbered = tuple[str, int]
"""A value by its kind and its number among those of that kind."""


class _Table(NamedTuple):
    """One table: the places of its members among the values, which are texts, then numbers, then earlier tables."""

    names: tuple[str, ...] | None
    """Of its members, sorted; None = a list."""
    size: int
    pick: Any
    """Takes the members out of the values; more than there are, where it is fewer than two."""


class _Shape(NamedTuple):
    pieces: int
    texts: int
    tables: tuple[_Table, ...]
    """Inner tables before the outer ones."""
    results: tuple[int, ...]
    """Places of what the script returned; -1 = nil. Without the nils at the end."""


class Shapes:
    """The forms met so far."""

    def __init__(self) -> None:
        self._known: dict[str, _Shape] = {}

    def restore(self, pieces: int, form: str, texts: str, others: Sequence[Any]) -> tuple[Any, ...] | None:
        """Returns the results; None where a name or text holds the separator. Raises ScriptFault (result) for NaN."""
        shape = self._known.get(form)
        if shape is None:
            # Names with separators read as further pieces, and could as such nest without end.
            if form.count(_SEPARATOR) >= max(pieces, 1):
                return None
            shape = self._read(form)
        values: list[Any] = texts.split(_SEPARATOR) if shape.texts else []
        if shape.pieces != pieces or len(values) != shape.texts:
            return None
        values += [plain_number(value) if type(value) is float else value for value in others]
        for names, size, pick in shape.tables:
            members = pick(values)
            values.append(list(members[:size]) if names is None else dict(zip(names, members, strict=False)))
        return tuple([None if place < 0 else values[place] for place in shape.results])

    def _read(self, form: str) -> _Shape:
        shape = _Reader(form.split(_SEPARATOR)).shape()
        if len(form) <= _LONGEST_REMEMBERED:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[form] = shape
        return shape


class _Reader:
    """Reads one form. Values are numbered by kind at first, since the places of the later kinds are known at the end.

    A form whose names hold the separator reads as some other form or ends too early, and gives a shape that fits none.
    """

    def __init__(self, pieces: list[str]) -> None:
        self._size = len(pieces)
        self._pieces = iter(pieces)
        self._counts = {"s": 0, "n": 0, "-": 0}
        self._tables: list[tuple[bool, list[tuple[str, _Numbered]]]] = []

    def shape(self) -> _Shape:
        results = [self._value(kind) for kind in islice(self._pieces, 3)]
        while results and results[-1][0] == "-":
            results.pop()
        tables = tuple(self._table(is_list, members) for is_list, members in self._tables)
        return _Shape(self._size, self._counts["s"], tables, tuple(self._place(result) for result in results))

    def _value(self, kind: str) -> _Numbered:
        if kind in ("{", "["):
            members = list(self._members(is_list=kind == "["))
            self._tables.append((kind == "[", members))
            return "{", len(self._tables) - 1
        number = self._counts.get(kind, 0)
        self._counts[kind] = number + 1
        return kind, number

    def _members(self, *, is_list: bool) -> Iterator[tuple[str, _Numbered]]:
        for kind in self._pieces:
            if kind == "}":
                return
            name = "" if is_list else next(self._pieces, "")
            yield name, self._value(kind)

    def _table(self, is_list: bool, members: list[tuple[str, _Numbered]]) -> _Table:
        ordered = members if is_list else sorted(members)
        places = [self._place(value) for _, value in ordered]
        # `itemgetter` of one place gives no tuple, hence the place twice.
        pick = itemgetter(*places, *places[: len(places) == 1]) if places else _nothing
        return _Table(None if is_list else tuple(name for name, _ in ordered), len(places), pick)

    def _place(self, value: _Numbered) -> int:
        kind, number = value
        texts, others = self._counts["s"], self._counts["n"]
        return {"s": number, "n": texts + number, "{": texts + others + number}.get(kind, -1)


def _nothing(values: Sequence[Any]) -> tuple[Any, ...]:
    return ()
