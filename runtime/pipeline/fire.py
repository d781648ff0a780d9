"""Which tags fire for an event, and why the others do not.

In this order: the tag is paused · no trigger matches, and no tag that is due calls it as its companion · an exception
matches · it is for live hits only · the hit is outside its schedule · the event is not in its sample · a purpose is
missing · it had its turn for this hit. So a denial counts only where the tag would have fired. A tag whose triggers ask
for a variable that is quarantined has failed. Whether a tag is held back for its companion shows once they map.
"""

from __future__ import annotations

from runtime.errors import ScriptFault
from runtime.model.event import TagRun
from runtime.pipeline.companions import needs, ordered
from runtime.pipeline.consent import missing
from runtime.pipeline.mapping import CompiledTag, Firing
from runtime.pipeline.scope import Scope
from runtime.pipeline.slate import Candidate, Slate


def fire(scope: Scope, slate: Slate) -> Firing:
    """Returns the tags that fire, with the reasons of those that do not. The scope's consent is decided by now."""
    firing = Firing(list(slate.runs), [], slate.aside)
    if slate.linked:
        _fire_linked(scope, slate, firing)
    else:
        for candidate in slate.candidates:
            held = _not_due(scope, candidate)
            if held is None:
                firing.tags.append((candidate.place, candidate.tag))
            else:
                firing.runs[candidate.place] = held
    if scope.trace is not None:
        _record(scope, slate, firing)
    return firing


def _fire_linked(scope: Scope, slate: Slate, firing: Firing) -> None:
    calls = _Calls(scope)
    for candidate in slate.candidates:
        place, tag = candidate.place, candidate.tag
        held = calls.decide(candidate)
        if held is None:
            calls.due[tag.id] = (place, tag)
        else:
            firing.runs[place] = held
    in_priority = sorted(calls.due.values(), key=lambda each: each[0])
    for id in ordered({tag.id: tag.links for _, tag in in_priority}):
        place, tag = calls.due[id]
        if place not in slate.idle:
            firing.tags.append((place, tag))
            firing.needs[place] = needs(tag.links, calls.due, triggered=id in calls.triggered)
        firing.callers[place] = [caller for caller in tag.links.callers if caller in calls.due]


class _Calls:
    """The tags of one event that are due, and those of which that cannot be told."""

    def __init__(self, scope: Scope) -> None:
        self.due: dict[str, tuple[int, CompiledTag]] = {}
        self.triggered: set[str] = set()
        """Those of which a trigger matched."""
        self._scope = scope
        self._faults: dict[str, str] = {}
        """Reasons of tags that failed before it was known whether they are due."""

    def decide(self, candidate: Candidate) -> TagRun | None:
        """Returns why a tag is not due, or None; its callers are decided by now."""
        tag, links, fault = candidate.tag, candidate.tag.links, self._ask(candidate)
        if tag.id not in self.triggered and not any(caller in self.due for caller in links.calling):
            # One that failed might have called it, which must not go unnoticed either.
            fault = fault or next((self._faults[id] for id in links.callers if id in self._faults), "")
            if fault:
                return self._failed(tag, fault)
            if not any(caller in self.due for caller in links.callers):
                return tag.not_triggered
        try:
            return _kept_back(self._scope, candidate)
        except ScriptFault as problem:
            return self._failed(tag, f"{problem.kind}: {problem.message}")

    def _ask(self, candidate: Candidate) -> str:
        """Asks the tag's own triggers; returns the fault of one that cannot be answered."""
        try:
            if any(trigger.matches(self._scope) for trigger in candidate.triggers):
                self.triggered.add(candidate.tag.id)
        except ScriptFault as fault:
            return f"{fault.kind}: {fault.message}"
        return ""

    def _failed(self, tag: CompiledTag, reason: str) -> TagRun:
        self._faults[tag.id] = reason
        return TagRun(tag.id, "failed", reason=reason)


def _not_due(scope: Scope, candidate: Candidate) -> TagRun | None:
    """Returns why a tag that nobody can call is not due, or None."""
    try:
        for trigger in candidate.triggers:
            if trigger.matches(scope):
                return _kept_back(scope, candidate)
    except ScriptFault as fault:
        return TagRun(candidate.tag.id, "failed", reason=f"{fault.kind}: {fault.message}")
    return candidate.tag.not_triggered


def _kept_back(scope: Scope, candidate: Candidate) -> TagRun | None:
    """Returns why a tag that is asked for does not fire, or None."""
    tag = candidate.tag
    for exception in candidate.exceptions:
        if exception.matches(scope):
            return TagRun(tag.id, "blocked", reason=exception.id)
    if tag.options is not None:
        held = tag.options.left_out(scope)
        if held is not None:
            return held
    denied = missing(tag.consent, scope.consent)
    if denied:
        return TagRun(tag.id, "denied", reason=", ".join(denied))
    if tag.once_per_hit and tag.id in scope.spent:
        return TagRun(tag.id, "limited", reason=f"event {scope.spent[tag.id].event}")
    return None


def _record(scope: Scope, slate: Slate, firing: Firing) -> None:
    """Writes the tags that do not fire into the trace; those that do are written where they are mapped. Triggers that
    the event's name rules out are shown too: nobody asked them."""
    assert scope.trace is not None
    skipped = {trigger.id: trigger.explain_skipped(scope) for trigger in slate.skipped}
    scope.trace.triggers |= {id: shown for id, shown in skipped.items() if id not in scope.trace.triggers}
    left = {place for place, _ in firing.tags} | slate.aside
    tags = {candidate.place: candidate.tag for candidate in slate.candidates}
    for place, run in enumerate(firing.runs):
        if place not in left:
            options = tags[place].options if place in tags else None
            reason = options.explain(scope, run) if options else run.reason
            scope.trace.tags.append({"tag": run.tag, "state": run.state, "reason": reason})
