"""A tag that lags behind is run alone, and decides as it did among all others."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.model.container import Container
from runtime.pipeline.companions import link
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace
from tests.support.programs import hit, snapshot, template

IDS = ("a", "b", "c", "d", "e", "f")
NAMES = ("one", "two", "three")
PICKY = """
local function map(event, settings)
  if event.event_name == settings.fails then error("no luck") end
  if event.event_name == settings.declines then return nil, "no thanks" end
  return { tag = settings.id, name = event.event_name, chance = random.uuid() }
end
return { map = map, request = function() end }
"""
_FIELDS = [{"id": id, "type": "text", "label": id, "help": id} for id in ("id", "fails", "declines")]
DESTINATION = template("destination", "picky", PICKY, fields=_FIELDS)
TRIGGERS: dict[str, Any] = {name: {"all": [{"field": "event_name", "is": "equals", "value": name}]} for name in NAMES}
TRIGGERS["dear"] = {"all": [{"field": "value", "is": "greater", "value": 5}]}

names = st.sampled_from(["", *NAMES])
triggers = st.lists(st.sampled_from([*TRIGGERS, "everything"]), max_size=2)
companions = st.none() | st.fixed_dictionaries({"tag": st.sampled_from(IDS), "stop_on_failure": st.booleans()})
tags = st.fixed_dictionaries(
    {
        "triggers": triggers,
        "exceptions": st.just([]) | triggers,
        "priority": st.integers(0, 2),
        "setup": companions,
        "teardown": companions,
        "settings": st.fixed_dictionaries({"fails": names, "declines": names}),
    },
    optional={
        "firing_limit": st.sampled_from(["once_per_hit", "once_per_event"]),
        "sample": st.sampled_from([30, 70]),
        "live_only": st.booleans(),
        "schedule": st.sampled_from([{"to": "2026-01-01T00:00:00Z"}, {"from": "2026-01-01T00:00:00Z"}]),
        "consent": st.sampled_from([[], ["ad_storage"]]),
    },
)
containers = st.fixed_dictionaries({id: tags for id in IDS})
events = st.lists(
    st.fixed_dictionaries(
        {"event_name": st.sampled_from(NAMES), "event_id": st.text("ab", max_size=3), "value": st.integers(0, 9)},
        optional={"consent_state": st.just({"ad_storage": "denied"})},
    ),
    min_size=1,
    max_size=4,
)


def build(given: dict[str, Any]) -> Program:
    chosen = {id: tag_of(part) | {"settings": {"id": id, **part["settings"]}} for id, part in given.items()}
    return Program.build(snapshot({"tags": chosen, "triggers": TRIGGERS}, DESTINATION))


def tag_of(part: dict[str, Any]) -> dict[str, Any]:
    return {"template": "picky", **part}


@settings(max_examples=150, deadline=None)
@given(containers, events, st.sampled_from(["live", "staging"]), st.sets(st.sampled_from(IDS)))
def test_alone_as_among_all(
    chosen: dict[str, Any], given: list[dict[str, Any]], environment: str, some: set[str]
) -> None:
    built, logged = build(chosen), hit({"events": given}, environment=environment)
    whole = run(logged, built)
    for only in [frozenset({id}) for id in IDS] + [frozenset(some)]:
        alone = run(logged, built, only=only)
        for event, found in zip(whole.events, alone.events, strict=True):
            assert found.tags == tuple(each for each in event.tags if each.tag in only)


@settings(max_examples=60, deadline=None)
@given(containers, events)
def test_same_hit_same_outcome_with_and_without_trace(chosen: dict[str, Any], given: list[dict[str, Any]]) -> None:
    logged, trace = hit({"events": given}), Trace()
    first = msgspec.msgpack.encode(run(logged, build(chosen)))
    assert msgspec.msgpack.encode(run(logged, build(chosen), trace=trace)) == first
    for event in trace.as_dict()["events"]:
        assert sorted(each["tag"] for each in event["tags"]) == sorted(IDS)


@settings(max_examples=100, deadline=None)
@given(containers, events)
def test_what_companions_promise(chosen: dict[str, Any], given: list[dict[str, Any]]) -> None:
    """Whoever fired had its setup fire where it insists on that, and a teardown fires only after its tag or for another
    reason."""
    built = build(chosen)
    plain = Container.model_validate({"container": "x", "tags": {id: tag_of(part) for id, part in chosen.items()}}).tags
    links = link(plain)
    spent: set[str] = set()
    for event in run(hit({"events": given}), built).events:
        states = {each.tag: each.state for each in event.tags}
        assert len(states) == len(event.tags) == len(IDS)
        for id, state in states.items():
            known = links.get(id)
            if state == "limited":
                assert id in spent
            elif plain[id].firing_limit == "once_per_hit":
                assert not (id in spent and state in ("fired", "failed"))
            if known and state == "fired" and known.stops:
                assert states[known.setup] == "fired" or (states[known.setup] == "limited" and known.setup in spent)
            if state == "held":
                assert known
                assert known.stops or known.tears_down_fired
        spent |= {id for id, state in states.items() if state in ("fired", "failed")}
