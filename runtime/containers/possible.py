"""Whether any event can meet some triggers: a search through their alternatives for one without a contradiction.

What takes too long to decide counts as possible: this is for warnings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from runtime.containers.conditions import is_sound
from runtime.containers.literals import Clash, Literal, clash
from runtime.model.container import Condition, Group

_MOST_BRANCHES = 500
"""Alternatives that are followed. Each costs some 10 µs; triggers that people write have fewer than ten."""

Goal = tuple[Condition | Group, bool]
"""A part of a trigger, and whether it is asked to hold."""
Alternatives = Sequence[Sequence[Goal]]
"""Of which one must come true, each with all its goals."""
Known = dict[tuple[str | None, str | None], tuple[Literal, ...]]


def why_impossible(holding: Iterable[Group], failing: Iterable[Group] = ()) -> str | None:
    """Returns why no event can meet all of some groups and none of others; None where one could.

    The reason is empty where it lies in no condition: a group that asks nothing cannot fail.
    """
    search = _Search()
    if search.possible([*((group, True) for group in holding), *((group, False) for group in failing)], {}, []):
        return None
    return _reason(search.clash)


def _reason(found: Clash | None) -> str:
    if found is None:
        return ""
    one, other = found
    return f"every event has `{one.condition.field}`" if one is other else f"{one} and {other} exclude each other"


class _Search:
    def __init__(self) -> None:
        self.clash: Clash | None = None
        """The first contradiction that was met."""
        self._branches = 0

    def possible(
        self,
        goals: Iterable[Goal],
        known: Mapping[tuple[str | None, str | None], tuple[Literal, ...]],
        open: list[Alternatives],
    ) -> bool:
        """Tells whether all goals, and one of each of the open alternatives, can come true beside what is known."""
        waiting, known, open = list(goals), dict(known), list(open)
        while waiting:
            part, holds = waiting.pop(0)
            if isinstance(part, Condition):
                if not self._add(known, part, holds):
                    return False
            else:
                more, alternatives = _parts(part, holds)
                waiting += more
                open += alternatives
        return self._branch(known, open)

    def _branch(self, known: Known, open: list[Alternatives]) -> bool:
        if not open:
            return True
        self._branches += len(open[0])
        if self._branches > _MOST_BRANCHES:
            return True
        return any(self.possible(goals, known, open[1:]) for goals in open[0])

    def _add(self, known: Known, condition: Condition, holds: bool) -> bool:
        """Adds what a condition says to what is known; False where that cannot be."""
        if not is_sound(condition):
            return True
        literal = Literal(condition, holds is not condition.not_)
        together = (*known.get(literal.subject, ()), literal)
        found = clash(together)
        if found is not None:
            self.clash = self.clash or found
            return False
        known[literal.subject] = together
        return True


def _parts(group: Group, holds: bool) -> tuple[list[Goal], list[Alternatives]]:
    """Returns what must come true for a group to hold, or to fail: goals, and alternatives."""
    if holds:
        goals = [*((part, True) for part in group.all or ()), *((part, False) for part in group.not_ or ())]
        return goals, [[[(part, True)] for part in group.any]] if group.any else []
    alternatives = [[(part, False)] for part in group.all or ()] + [[(part, True)] for part in group.not_ or ()]
    if group.any:
        alternatives.append([(part, False) for part in group.any])
    return [], [alternatives]
