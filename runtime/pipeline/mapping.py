"""The last stage: each tag that fires maps the event, as it sees it, to an item.

An item is encoded to bytes once, here. A tag whose script fails has failed for this event only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Pushed, Returned
from runtime.model.consent import Purpose
from runtime.model.event import TagRun
from runtime.pipeline.age import Expiry
from runtime.pipeline.batch_key import pack
from runtime.pipeline.companions import NO_LINKS, Links, Need, Spent, hold, is_put_away
from runtime.pipeline.encode import encode
from runtime.pipeline.given import Given
from runtime.pipeline.options import Options
from runtime.pipeline.scope import Scope
from runtime.pipeline.script import Code
from runtime.pipeline.transform import Chain, View, Views
from runtime.pipeline.trigger import Trigger


class CompiledTag:
    """One tag of a version with all that it refers to."""

    def __init__(
        self,
        id: str,
        code: Code,
        settings: Given,
        *,
        triggers: Sequence[Trigger],
        exceptions: Sequence[Trigger],
        consent: Sequence[Purpose],
        chain: Chain,
        expiry: Expiry,
        paused: bool,
        options: Options | None = None,
        once_per_hit: bool = False,
        links: Links = NO_LINKS,
    ) -> None:
        self.id = id
        self.code = code
        self.settings = settings
        self.triggers = tuple(triggers)
        self.exceptions = tuple(exceptions)
        self.consent = tuple(consent)
        self.chain = chain
        self.expiry = expiry
        self.paused = paused
        self.options = options
        """Its schedule and the like; None where it has none."""
        self.once_per_hit = once_per_hit
        self.links = links
        self.not_triggered = TagRun(id, "not_triggered")
        self.paused_run = TagRun(id, "paused")


@dataclass(slots=True)
class Firing:
    """What triggers, options and consent left: `runs` is to be filled in at the places of `tags`."""

    runs: list[TagRun]
    tags: list[tuple[int, CompiledTag]]
    """In the order in which they map."""
    aside: frozenset[int] = frozenset()
    """Places of tags that are there for others, and in no result."""
    needs: dict[int, list[Need]] = field(default_factory=dict)
    """Place of a tag to what must have fired before it."""
    callers: dict[int, list[str]] = field(default_factory=dict)
    """Place of a tag to the tags that called it as their companion."""


class _Call:
    """One tag about to map one event."""

    __slots__ = ("fault", "place", "pushed", "resolved", "tag", "view")

    def __init__(self, scope: Scope, place: int, tag: CompiledTag, view: View) -> None:
        self.place = place
        self.tag = tag
        self.view = view
        self.fault = view.fault
        self.resolved: dict[str, Any] = {}
        try:
            self.resolved = tag.settings.resolve(scope)
        except ScriptFault as fault:
            self.fault = self.fault or f"{fault.kind}: {fault.message}"
        self.pushed: Pushed = tag.settings.pushed(self.resolved)


def map_tags(scope: Scope, firing: Firing, views: Views) -> tuple[TagRun, ...]:
    """Returns one run for each tag, those of the firing tags filled in."""
    # Views and settings first: afterwards only maps use the pushed events, so each view's last one needs no copy.
    calls = [_Call(scope, place, tag, views.of(tag.chain)) for place, tag in firing.tags]
    last = {id(call.view): call for call in calls}
    for call in calls:
        held = _held(scope, firing, call) if firing.needs else None
        firing.runs[call.place] = run = held or _map(scope, call, last=last[id(call.view)] is call)
        if call.tag.once_per_hit and (run.state == "fired" or (run.state == "failed" and not is_put_away(run))):
            # What failed is a dead letter, which a replay may send: a later event in its place would be one too many.
            scope.spent[call.tag.id] = Spent(scope.position, fired=run.state == "fired")
        if scope.trace is not None and call.place not in firing.aside:
            scope.trace.tags.append(_record(call, run, firing.callers.get(call.place)))
    if firing.aside:
        return tuple(run for place, run in enumerate(firing.runs) if place not in firing.aside)
    return tuple(firing.runs)


def _held(scope: Scope, firing: Firing, call: _Call) -> TagRun | None:
    runs = {run.tag: run for run in firing.runs}
    held = (hold(call.tag.id, need, runs, scope.spent) for need in firing.needs.get(call.place, ()))
    return next((run for run in held if run), None)


def _map(scope: Scope, call: _Call, *, last: bool) -> TagRun:
    tag = call.tag
    try:
        if call.fault:
            run = TagRun(tag.id, "failed", reason=call.fault)
        else:
            seed = f"{scope.seed}/{tag.id}/map"
            given = (call.view.pushed, call.pushed, scope.pushed_consent)
            returned = tag.code.call("map", *given, at_us=scope.at_us, seed=seed, last=last, hit=scope.hit)
            if returned.logs:
                scope.logs.extend(f"tag {tag.id}: {line}" for line in returned.logs)
            run = _read(call, returned)
    except ScriptFault as fault:
        scope.logs.extend(f"tag {tag.id}: {line}" for line in fault.logs)
        run = TagRun(tag.id, "failed", reason=f"{fault.kind}: {fault.message}")
    return run


def _read(call: _Call, returned: Returned) -> TagRun:
    """Returns what the script's `map` decided: an item, or nil and a reason."""
    item, second, *_ = (*returned.values, None, None)
    if item is None:
        return TagRun(call.tag.id, "dropped", reason=second if isinstance(second, str) else "no reason given")
    if not isinstance(item, dict | list):
        raise ScriptFault("result", "`map` must return an item (a table), or nil and a reason")
    key = pack(_key(second), call.resolved)
    return TagRun(call.tag.id, "fired", item=encode(item), key=key, expires_s=call.tag.expiry(item))


def _key(options: Any) -> str:
    """Returns the batch key of `map`'s second result, a table {key = text}."""
    if options is None or options == [] or options == {}:
        return ""
    key = options.get("key", "") if isinstance(options, dict) else None
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise ScriptFault("result", 'the second result of `map` must be a table such as {key = "..."}')
    return str(key)


def _record(call: _Call, run: TagRun, callers: list[str] | None) -> dict[str, Any]:
    decided: dict[str, Any] = {"tag": run.tag, "state": run.state, "reason": run.reason}
    decided |= {"companion_of": callers} if callers else {}
    decided |= {"transformations": [step.id for step in call.view.steps]}
    decided |= {"settings": {**call.tag.settings.fixed, **call.resolved}}
    if run.item:
        decided |= {"item": run.item.decode(), "key": run.key, "expires_s": run.expires_s}
    return decided
