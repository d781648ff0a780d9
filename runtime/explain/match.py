"""Which of the last stored events a trigger would match, and which it misses by exactly one condition.

The pipeline's own code decides what matches. Conditions on fields alone are asked of the sample that is kept for a
minute; variables are those of a draft, whose scripts nobody may have run yet: see draft_scopes.py.

Who may ask can find out by trying what a masked field holds, so this is for those who may change the draft anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import orjson

from runtime.containers.conditions import check_conditions
from runtime.containers.references import conditions
from runtime.containers.shape import validated
from runtime.errors import ContainerInvalid, Problem, ScriptFault
from runtime.explain.draft_scopes import DraftScopes, faults, undecided
from runtime.explain.explorer import iso
from runtime.explain.recent_events import LAST, RecentEvents
from runtime.explain.shortfall import Asked, Conditions
from runtime.lua.sandbox import Sandbox
from runtime.lua.values import Watch
from runtime.model.container import Container, Group, Trigger
from runtime.model.snapshot import Snapshot
from runtime.pipeline.scope import Scope
from runtime.pipeline.trigger import Branch
from runtime.text.masks import mask, mask_text
from runtime.text.redaction import environment_redactor, mask_line

SHOWN = 10
MOST_S = 5.0
MOST_CONDITIONS = 200
DEEPEST = 20
LONGEST_VALUE = 200
"""Characters of a value that is shown."""
_FAULTS = 5
_ID = "x"

Record = dict[str, Any]


@dataclass
class Matched:
    """What came of it."""

    events: int = 0
    """That were looked at and are decided."""
    matches: int = 0
    near: int = 0
    """Events that exactly one condition kept from matching."""
    since: str = ""
    """Arrival of the oldest event that was looked at."""
    partial: str = ""
    """Why these are not all that were asked for; "" where they are."""
    undecided: int = 0
    """Events left out because a look-up that a variable asks for is not recorded, or a script is quarantined."""
    faults: dict[str, int] = field(default_factory=dict)
    """What went wrong with variables, and how often."""
    unknown_variables: list[str] = field(default_factory=list)
    """Variables that are asked for and that the draft does not have: their conditions are false."""
    hits: list[Record] = field(default_factory=list)
    """The newest events that match: `id`, `name`, `time`, `link`."""
    near_misses: list[Record] = field(default_factory=list)
    """The newest near misses; `failing` holds the conditions of which each alone would have sufficed, with `path`,
    `actual` and `result`."""

    @property
    def share(self) -> float:
        """The share of events that match."""
        return self.matches / self.events if self.events else 0.0

    def as_dict(self) -> Record:
        """Returns plain JSON data: personal data masked, secrets named."""
        told = {**vars(self), "share": round(self.share, 4)}
        return cast(Record, environment_redactor().shown(told))

    def as_json(self) -> bytes:
        """Returns it as one JSON object."""
        return orjson.dumps(self.as_dict())


def read_conditions(data: Any) -> Group:
    """Returns the group that JSON data says, in the form of a trigger in a container file.

    ContainerInvalid lists all that is wrong with it; names of variables are not looked up.
    """
    if _depth(data) > 2 * DEEPEST:
        raise ContainerInvalid([Problem("", f"groups lie in groups more than {DEEPEST} times", "make it flatter")])
    trigger, problems = validated(Trigger, data)
    if trigger is not None:
        checked = check_conditions(Container(container=_ID, triggers={_ID: trigger}))
        problems = [_moved(each) for each in checked if each.severity == "error"]
        if sum(1 for _ in conditions(trigger, "")) > MOST_CONDITIONS:
            problems.append(Problem("", f"there are more than {MOST_CONDITIONS} conditions", "use `in` with a list"))
    if trigger is None or problems:
        raise ContainerInvalid(problems)
    return trigger


def variables_of(group: Group) -> list[str]:
    """Returns the variables that conditions ask for; none where fields alone decide."""
    asked = (condition.variable for _, condition in conditions(group, ""))
    return list(dict.fromkeys(name for name in asked if name is not None))


def match_fields(group: Group, recent: RecentEvents, last: int = LAST) -> Matched:
    """Returns what a group that asks for fields alone makes of a sample."""
    sandbox = Sandbox()
    scopes = (
        Scope(sandbox, orjson.loads(each.text), seed=each.id, at_us=each.at_us, variables={}, logs=[])
        for each in recent.events[:last]
    )
    counter = _Counter(group)
    counter.take(scopes)
    counter.found.partial = recent.partial if len(recent.events) < last else ""
    return counter.found


def match(
    data_dir: Path, group: Group, draft: Snapshot, last: int = LAST, *, most_s: float = MOST_S,
    watch: Watch | None = None,
) -> Matched:  # fmt: skip
    """Returns what a group makes of the last stored events, variables being the draft's.

    A script that hangs is not stopped here; `watch` is told of each call.
    """
    scopes = DraftScopes(data_dir, draft, last=last, most_s=most_s, watch=watch)
    counter = _Counter(group)
    counter.take(scopes)
    counter.found.partial = scopes.partial
    counter.found.unknown_variables = [name for name in variables_of(group) if name not in scopes.program.variables]
    return counter.found


class _Counter:
    def __init__(self, group: Group) -> None:
        self.found = Matched()
        self._branch = Branch(group)
        self._conditions = Conditions(group)
        self._faults: Counter[str] = Counter()

    def take(self, scopes: Iterable[Scope]) -> None:
        """Asks of every event."""
        oldest_us = 0
        for scope in scopes:
            oldest_us = scope.at_us
            self._ask(scope)
        self.found.since = iso(oldest_us / 1e6) if oldest_us else ""
        self.found.faults = dict(self._faults.most_common(_FAULTS))

    def _ask(self, scope: Scope) -> None:
        try:
            holds = self._branch.holds(scope)
        except ScriptFault:  # Quarantined: a tag that asks for it fails, whatever else is true.
            self.found.undecided += 1
            return
        answers = None if holds else self._conditions.answers(scope)
        if scope.trace is not None:
            self._faults.update(mask_line(fault)[:LONGEST_VALUE] for fault in faults(scope))
        if undecided(scope):
            self.found.undecided += 1
            return
        self.found.events += 1
        if holds:
            self.found.matches += 1
            self._show(self.found.hits, scope)
        elif answers is not None and self._conditions.missing(answers) == 1:
            self.found.near += 1
            self._show(self.found.near_misses, scope, answers)

    def _show(self, rows: list[Record], scope: Scope, answers: list[bool] | None = None) -> None:
        if len(rows) == SHOWN:
            return
        name = mask_text(str(scope.event.get("event_name", "")))[:LONGEST_VALUE]
        row: Record = {"id": scope.seed, "name": name, "time": iso(scope.at_us / 1e6), "link": f"/events/{scope.seed}"}
        if answers is not None:
            row["failing"] = [_told(asked, scope) for asked in self._conditions.failing(answers)]
        rows.append(row)


def _told(asked: Asked, scope: Scope) -> Record:
    """Returns a condition as the trace of an event tells it, with what it found there masked."""
    record = asked.leaf.explain(scope)
    actual = mask(record["actual"], asked.leaf.source.field or asked.leaf.source.variable or "")
    text = orjson.dumps(actual).decode()
    return {
        "path": asked.path,
        **record,
        "actual": actual if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…",
    }


def _moved(problem: Problem) -> Problem:
    path = problem.path.removeprefix(f"triggers.{_ID}").removeprefix(".")
    return Problem(path, problem.message, problem.hint, problem.severity)


def _depth(data: Any) -> int:
    """Returns how many lists and tables lie in each other, without going there by recursion."""
    level, depth = [data], 0
    while level and depth <= 2 * DEEPEST:
        inner = [part for part in level if isinstance(part, dict | list)]
        level = [each for part in inner for each in (part.values() if isinstance(part, dict) else part)]
        depth += bool(inner)
    return depth
