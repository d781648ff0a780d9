"""Takes a script's result apart, by raw iteration only: indexing, length or comparison would run metamethods outside of
the budget. What cannot be JSON is refused, except functions and coroutines, which are left out."""

from __future__ import annotations

from itertools import islice
from operator import itemgetter
from time import process_time
from typing import Any

from runtime.errors import ScriptFault

_WHOLE = 2**53
_PLAIN = frozenset((str, int, bool))
_BY_KEY = itemgetter(0)
_TABLES = 32
_READ_S = 0.2
"""CPU time for one value, looked at every so many tables. A table that was emptied takes as long to go through as when
it was full, and one such can be in a result a thousand times."""


def _refuse(message: str) -> ScriptFault:
    return ScriptFault("result", f"the script returned {message}")


def plain_number(value: float) -> int | float:
    """Returns a float, a whole one as the integer it stands for: Lua makes 5.0 of 10 / 2, and JSON shall show 5.

    Raises ScriptFault (result) where no JSON number can be it.
    """
    if value.is_integer() and -_WHOLE <= value <= _WHOLE:
        return int(value)
    if value - value != 0:
        raise _refuse("NaN or infinity, which no JSON number can be")
    return value


def _sort(pairs: list[tuple[Any, Any]]) -> None:
    """Lua's order of keys differs from process to process; a result's must not."""
    try:
        pairs.sort(key=_BY_KEY)
    except TypeError:
        if {type(key) for key, _ in pairs} == {str, int}:
            raise _refuse("a table with names and places as keys; use one kind") from None
        raise _refuse("a table with keys that are neither names nor places") from None


class Walk:
    """Turns a result into plain data; raises ScriptFault("result").

    Names give an object, places 1 to n a list, an empty table an empty object.
    """

    __slots__ = ("_max_depth", "_max_nodes", "_room", "_table_type", "_tables", "_until")

    def __init__(self, table_type: type, max_depth: int, max_nodes: int) -> None:
        self._table_type = table_type
        self._max_depth = max_depth
        self._max_nodes = max_nodes
        self._room = 0

    def __call__(self, value: Any) -> Any:
        """Walks one returned value; a function or coroutine gives None."""
        self._room, self._tables = self._max_nodes, 0
        self._until = process_time() + _READ_S
        try:
            return self._member(value, 1)
        except UnicodeDecodeError:
            raise _refuse("text that is not valid UTF-8") from None

    def _member(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if kind is self._table_type:
            return self._table(value, depth)
        if kind is float:
            return plain_number(value)
        return value if kind in _PLAIN else None

    def _table(self, source: Any, depth: int) -> Any:
        if depth > self._max_depth:
            raise _refuse(f"a table of more than {self._max_depth} levels, or one that contains itself")
        self._tables += 1
        if self._tables % _TABLES == 0 and process_time() > self._until:
            raise _refuse("tables that take too long to read")
        pairs = list(islice(source.items(), self._room + 1))
        self._room -= len(pairs) + 1
        if self._room < 0:
            raise _refuse(f"more than {self._max_nodes} values")
        if not pairs:
            return {}
        if len(pairs) > 1:
            _sort(pairs)
        return self._named(pairs, depth + 1) if type(pairs[0][0]) is str else self._placed(pairs, depth + 1)

    # The commonest kinds are told apart in place: a call for each value would cost as much as the rest.

    def _named(self, pairs: list[tuple[Any, Any]], depth: int) -> dict[str, Any]:
        out = {}
        for key, value in pairs:
            kind = type(value)
            if kind is str or kind is int:
                out[key] = value
            elif (member := self._member(value, depth)) is not None:
                out[key] = member
        return out

    def _placed(self, pairs: list[tuple[Any, Any]], depth: int) -> list[Any]:
        out: list[Any] = []
        for place, (key, value) in enumerate(pairs, 1):
            if type(key) is not int or key != place:
                raise _refuse("a list with holes, or a table with keys that are neither names nor places from 1")
            if type(value) is str:
                out.append(value)
            elif (member := self._member(value, depth)) is not None:
                out.append(member)
        return out
