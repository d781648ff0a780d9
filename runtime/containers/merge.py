"""Merges two drafts that grew from one: part by part and field by field, so that no change of either is lost silently.

What one side left alone is as the other side has it. Where both changed the same place in different ways there is a
conflict, and a person says which one holds. container.yaml is merged by what it says: maps key by key, lists of names
(triggers of a tag, tags of a transformation) name by name, any other list and each value as a whole; the order of
keys is a thing that one may change too. Templates' files are merged line by line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from runtime.containers.edits import container_data
from runtime.containers.export import CONTAINER
from runtime.containers.files import Files
from runtime.containers.merge_text import merge_text
from runtime.containers.yaml_edit import rewrite, same
from runtime.errors import ABSENT, Conflict, ContainerInvalid, OperatorError

ORDER = " (order)"
"""Stands behind the path of a map or a list of names whose order both sides changed."""

NAMES = frozenset(("triggers", "exceptions", "tags", "consent"))
"""Lists of a part that are sets of names; `domains` of the container is one too."""


@dataclass(frozen=True)
class Given:
    """A value that a person gives in place of both sides."""

    value: Any


Side: TypeAlias = Literal["mine", "theirs"]
Resolution: TypeAlias = Side | Given
Resolutions: TypeAlias = Mapping[str, Resolution]
"""By a conflict's path."""


@dataclass(frozen=True)
class Merged:
    """What came of it."""

    files: dict[str, str]
    """Where there are conflicts, with my side of each."""
    conflicts: list[Conflict]
    """Those that no resolution was given for."""


def merge(base: Files, mine: Files, theirs: Files, resolutions: Resolutions | None = None) -> Merged:
    """Returns the files that have both sides' changes. OperatorError where a resolution is for no conflict."""
    work = _Merge(resolutions or {})
    files: dict[str, str] = {}
    for path in dict.fromkeys([*mine, *theirs, *base]):
        sides = [each.get(path, ABSENT) for each in (base, mine, theirs)]
        text = _container(work, *sides) if path == CONTAINER else work.file(path, *sides)
        if text is not ABSENT:
            files[path] = text
    work.require_all_used()
    return Merged(files, work.conflicts)


def _container(work: _Merge, base: Any, mine: Any, theirs: Any) -> Any:
    """Merges container.yaml by what it says, and keeps the comments of both sides where that is possible."""
    if ABSENT in (base, mine, theirs) or mine == theirs or base in (mine, theirs):
        return work.file(CONTAINER, base, mine, theirs)
    try:
        old, ours, others = (container_data({CONTAINER: text}) for text in (base, mine, theirs))
    except ContainerInvalid:
        return work.file(CONTAINER, base, mine, theirs)
    data = work.value((), old, ours, others)
    # Comments are no data: the lines of both sides are taken where they do not meet, and then made to say the data.
    lines = merge_text(base, mine, theirs, mine_holds=True) or mine
    return rewrite(lines if _is_container(lines) else mine, data)


def _is_container(text: str) -> bool:
    try:
        return bool(container_data({CONTAINER: text}))
    except ContainerInvalid:
        return False


@dataclass
class _Merge:
    """One merge: what is asked, and what was found so far."""

    resolutions: Resolutions
    conflicts: list[Conflict] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def value(self, path: tuple[str, ...], base: Any, mine: Any, theirs: Any) -> Any:
        """Returns the merged value of one place; ABSENT where there is none any more."""
        if _same(mine, theirs) or _same(theirs, base):
            return mine
        if _same(mine, base):
            return theirs
        if isinstance(mine, dict) and isinstance(theirs, dict) and _mergeable(path, base):
            return self._maps(path, base if isinstance(base, dict) else {}, mine, theirs)
        if _is_names(path, mine) and _is_names(path, theirs) and (base is ABSENT or _is_names(path, base)):
            return self._names(path, [] if base is ABSENT else base, mine, theirs)
        return self._decided(".".join(path), base, mine, theirs)

    def file(self, path: str, base: Any, mine: Any, theirs: Any) -> Any:
        """Returns the merged text of a file; ABSENT where there is none any more."""
        if mine == theirs or theirs == base:
            return mine
        if mine == base:
            return theirs
        merged = None if ABSENT in (base, mine, theirs) else merge_text(base, mine, theirs)
        return self._decided(path, base, mine, theirs) if merged is None else merged

    def require_all_used(self) -> None:
        """Raises OperatorError where somebody resolved what is no conflict: they meant another place."""
        if unused := sorted(set(self.resolutions) - self.used):
            known = ", ".join(sorted([*self.used, *(each.path for each in self.conflicts)]))
            hint = f"Conflicts are: {known}" if known else "There is no conflict: leave it out."
            raise OperatorError(f"There is no conflict at {', '.join(unused)}.", hint=hint)

    def _maps(
        self, path: tuple[str, ...], base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]
    ) -> dict[str, Any]:
        merged = {}
        for key in self._in_order(path, list(base), list(mine), list(theirs)):
            value = self.value((*path, key), *(each.get(key, ABSENT) for each in (base, mine, theirs)))
            if value is not ABSENT:
                merged[key] = value
        return merged

    def _names(self, path: tuple[str, ...], base: list[str], mine: list[str], theirs: list[str]) -> list[str]:
        ordered = self._in_order(path, base, mine, theirs)
        # A name stays where both kept it, and comes where one added it.
        return [name for name in ordered if (name in mine and name in theirs) or name not in base]

    def _in_order(self, path: tuple[str, ...], base: list[str], mine: list[str], theirs: list[str]) -> list[str]:
        """Returns all names of the three in the order that the side which moved them gave them."""
        kept = _only(_only(base, mine), theirs)
        ours, others = (_only(side, kept) for side in (mine, theirs))
        if others == kept or ours == others:
            order = _woven(mine, theirs)
        elif ours == kept:
            order = _woven(theirs, mine)
        else:
            order = self._decided_order(path, kept, mine, theirs)
        return [*order, *(name for name in base if name not in order)]

    def _decided_order(self, path: tuple[str, ...], kept: list[str], mine: list[str], theirs: list[str]) -> list[str]:
        place = f"{'.'.join(path)}{ORDER}"
        decided = self._decided(place, kept, _only(mine, kept), _only(theirs, kept))
        if decided == _only(theirs, kept):
            return _woven(theirs, mine)
        if not isinstance(decided, list) or sorted(map(str, decided)) != sorted(kept):
            raise OperatorError(f"This is no order for {place}.", hint=f"Give all of [{', '.join(kept)}], each once.")
        return _woven(decided, _woven(mine, theirs))

    def _decided(self, path: str, base: Any, mine: Any, theirs: Any) -> Any:
        resolution = self.resolutions.get(path)
        if resolution is None:
            self.conflicts.append(Conflict(path, base, mine, theirs))
            return mine
        self.used.add(path)
        if isinstance(resolution, Given):
            return resolution.value
        return mine if resolution == "mine" else theirs


def _same(one: Any, other: Any) -> bool:
    return one is other or (ABSENT not in (one, other) and same(one, other))


def _mergeable(path: tuple[str, ...], base: Any) -> bool:
    """Tells whether two maps are changes of one thing. Two parts that were added under one name are two things."""
    is_part = len(path) == 2 and path[0] != "consent"
    return isinstance(base, dict) or (base is ABSENT and not is_part)


def _is_names(path: tuple[str, ...], value: Any) -> bool:
    if path != ("domains",) and not (len(path) == 3 and path[2] in NAMES):
        return False
    return isinstance(value, list) and all(isinstance(name, str) for name in value) and len(set(value)) == len(value)


def _only(names: Sequence[str], kept: Sequence[str]) -> list[str]:
    wanted = set(kept)
    return [name for name in names if name in wanted]


def _woven(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Returns the first's names with those that only the second has, each behind the one that it follows there, and
    behind what the first alone has at that place."""
    order, ours, others = list(first), set(first), set(second)
    behind = 0
    for name in second:
        if name in ours:
            behind = order.index(name) + 1
            continue
        while behind < len(order) and order[behind] not in others:
            behind += 1
        order.insert(behind, name)
        behind += 1
    return order
