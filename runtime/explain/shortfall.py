"""How far an event is from matching: how many of a trigger's conditions would have to be answered otherwise.

Each condition counts by itself, also where two ask the same of the same field.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from runtime.errors import ScriptFault
from runtime.model.container import Condition, Group
from runtime.pipeline.condition import Leaf
from runtime.pipeline.scope import Scope


class _Parts(NamedTuple):
    """A group; each member is one, or a condition by its number."""

    every: tuple[_Member, ...]
    some: tuple[_Member, ...]
    none: tuple[_Member, ...]


_Member = _Parts | int


class Asked(NamedTuple):
    """One condition and where it stands: `all.0.any.1`."""

    path: str
    leaf: Leaf


class Conditions:
    """All conditions of a group."""

    def __init__(self, group: Group) -> None:
        """A condition that cannot be compiled is a ValueError."""
        self.asked: list[Asked] = []
        self._root = self._parts(group, "")

    def answers(self, scope: Scope) -> list[bool] | None:
        """Returns the answer of each condition, None where one cannot be answered: its variable is quarantined."""
        try:
            return [asked.leaf.holds(scope) for asked in self.asked]
        except ScriptFault:
            return None

    def missing(self, answers: Sequence[bool]) -> float:
        """Returns how many answers must be others for the group to match: 0 where it does, infinite where it cannot."""
        return _missing(self._root, answers, wanted=True)

    def failing(self, answers: Sequence[bool]) -> Iterator[Asked]:
        """Yields the conditions of which each alone, answered otherwise, would make the group match."""
        for number, asked in enumerate(self.asked):
            others = [answer is not (place == number) for place, answer in enumerate(answers)]
            if self.missing(others) == 0:
                yield asked

    def _parts(self, group: Group, path: str) -> _Parts:
        return _Parts(
            self._members(group.all, f"{path}all"),
            self._members(group.any, f"{path}any"),
            self._members(group.not_, f"{path}not"),
        )

    def _members(self, members: Sequence[Condition | Group] | None, path: str) -> tuple[_Member, ...]:
        return tuple(self._member(member, f"{path}.{index}") for index, member in enumerate(members or ()))

    def _member(self, member: Condition | Group, path: str) -> _Member:
        if isinstance(member, Group):
            return self._parts(member, f"{path}.")
        self.asked.append(Asked(path, Leaf(member)))
        return len(self.asked) - 1


def _missing(member: _Member, answers: Sequence[bool], *, wanted: bool) -> float:
    if isinstance(member, int):
        return 0 if answers[member] is wanted else 1

    def each(members: tuple[_Member, ...], to_be: bool) -> list[float]:
        return [_missing(part, answers, wanted=to_be) for part in members]

    if wanted:
        least = min(each(member.some, True), default=0)
        return sum(each(member.every, True)) + sum(each(member.none, False)) + least
    broken = [*each(member.every, False), *each(member.none, True)]
    if member.some:
        broken.append(sum(each(member.some, False)))
    return min(broken, default=math.inf)
