"""Which tags fire for an event, and why the others do not.

In this order: the tag is paused · no trigger matches · an exception matches · a purpose is missing. So a denial counts
only where the tag would have fired. A tag without triggers never fires. One whose triggers ask for a variable that is
quarantined has failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from runtime.errors import ScriptFault
from runtime.model.event import TagRun
from runtime.pipeline.consent import missing
from runtime.pipeline.mapping import CompiledTag, Firing
from runtime.pipeline.scope import Scope


class Slate(NamedTuple):
    """The tags that an event of some name is about: each tag's state before any trigger was asked, and whom to ask."""

    runs: tuple[TagRun, ...]
    """One for each tag, in priority order."""
    candidates: tuple[tuple[int, CompiledTag], ...]
    """Places in `runs` of the tags that may fire."""


def fire(scope: Scope, slate: Slate) -> Firing:
    """Returns the tags that fire, with the reasons of those that do not. The scope's consent is decided by now."""
    firing = Firing(list(slate.runs), [])
    for place, tag in slate.candidates:
        try:
            held = _held(scope, tag)
        except ScriptFault as fault:
            held = TagRun(tag.id, "failed", reason=f"{fault.kind}: {fault.message}")
        if held is None:
            firing.tags.append((place, tag))
        else:
            firing.runs[place] = held
    if scope.trace is not None:
        _record(scope, firing)
    return firing


def _held(scope: Scope, tag: CompiledTag) -> TagRun | None:
    """Returns why a tag does not fire, or None."""
    for trigger in tag.triggers:
        if trigger.matches(scope):
            break
    else:
        return tag.not_triggered
    for exception in tag.exceptions:
        if exception.matches(scope):
            return TagRun(tag.id, "blocked", reason=exception.id)
    denied = missing(tag.consent, scope.consent)
    return TagRun(tag.id, "denied", reason=", ".join(denied)) if denied else None


def _record(scope: Scope, firing: Firing) -> None:
    """Writes the tags that do not fire into the trace; those that do are written where they are mapped."""
    assert scope.trace is not None
    fired = {place for place, _ in firing.tags}
    for place, run in enumerate(firing.runs):
        if place not in fired:
            scope.trace.tags.append({"tag": run.tag, "state": run.state, "reason": run.reason})


def slate(tags: Sequence[CompiledTag], event_name: Any, *, paused_too: bool = False) -> Slate:
    """Returns the slate for an event name; None = for every name that no trigger asks for."""
    runs = tuple(tag.paused_run if tag.paused and not paused_too else tag.not_triggered for tag in tags)
    asked = ((place, tag) for place, tag in enumerate(tags) if runs[place] is tag.not_triggered)
    return Slate(runs, tuple((place, tag) for place, tag in asked if tag.may_match(event_name)))
