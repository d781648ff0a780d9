"""The pipeline is a pure function of hit and version."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace
from tests.support.programs import hit, snapshot, tag, template

RANDOM = template("variable", "random", "return { resolve = function() return random.uuid() end }")
NOW = template("transformation", "now", "return { apply = function(e) e.now = time.now_ms() return e end }")
VERSION = snapshot(
    {
        "tags": {
            "a": tag(settings={"text": "{{dice}}"}, consent=["ad_storage"]),
            "b": tag(triggers=["purchases"], exceptions=["bots"]),
            "c": tag(triggers=["bots"], settings={"token": "secret:T"}),
        },
        "triggers": {
            "purchases": {"all": [{"field": "event_name", "is": "in", "value": ["purchase", "refund"]}]},
            "bots": {
                "any": [
                    {"field": "value", "is": "greater", "value": 5},
                    {"variable": "dice", "is": "matches", "value": "^a"},
                ]
            },
        },
        "variables": {"dice": {"template": "random"}},
        "transformations": {"now": {"template": "now", "tags": ["b"]}},
    },
    RANDOM,
    NOW,
)
ONE, OTHER = Program.build(VERSION), Program.build(VERSION)

json = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda below: st.one_of(
        st.lists(below, max_size=3), st.dictionaries(st.text(min_size=1, max_size=5), below, max_size=3)
    ),
    max_leaves=8,
)
events = st.fixed_dictionaries(
    {"event_name": st.sampled_from(["purchase", "refund", "view_item", "", 5])},
    optional={
        "value": json,
        "event_id": json,
        "event_time": json,
        "consent_state": json,
        "user_data": json,
        "items": json,
    },
)


@settings(max_examples=60, deadline=None)
@given(st.lists(events, max_size=3))
def test_same_hit_same_outcome(given: list[dict[str, Any]]) -> None:
    logged = hit({"events": given})
    first = msgspec.msgpack.encode(run(logged, ONE))
    assert msgspec.msgpack.encode(run(logged, ONE)) == first
    assert msgspec.msgpack.encode(run(logged, OTHER)) == first
    assert msgspec.msgpack.encode(run(logged, ONE, trace=Trace())) == first
    for event in run(logged, ONE).events:
        (alone,) = [
            each for each in run(logged, OTHER, only=frozenset({"c"})).events if each.position == event.position
        ]
        assert alone.tags == event.tags[2:]


@settings(max_examples=60, deadline=None)
@given(st.one_of(json, st.binary(max_size=40)))
def test_whatever_is_sent_has_an_outcome(body: Any) -> None:
    outcome = run(hit(body), ONE)
    for event in outcome.events:
        assert isinstance(event.event["event_name"], str)
        assert isinstance(event.event["event_id"], str)
        assert b"\\u0000" not in msgspec.json.encode(event.event).replace(b"\\\\", b"")


def test_trace_tells_the_whole_way() -> None:
    trace = Trace()
    run(hit({"event_name": "purchase", "value": 3}), ONE, trace=trace)
    shown = trace.as_dict()
    assert shown["claim"] == {
        "hit": "1.7", "version": 1, "client": "in", "template": "echo", "priority": 100,
        "method": "POST", "host": "t.shop.example", "path": "/e",
    }  # fmt: skip
    (call,) = shown["parse"]["calls"]
    assert call["input"]["params"] == {"event_name": "purchase", "value": 3}
    assert call["returned"] == [{"event_name": "purchase", "value": 3}]
    (event,) = shown["events"]
    assert event["consent"]["in_force"]["ad_storage"] is True
    assert set(event["triggers"]) == {"everything", "purchases", "bots"}
    assert list(event["variables"]) == ["dice"]
    assert {each["tag"]: each["state"] for each in event["tags"]}["b"] in ("fired", "blocked")
    msgspec.json.encode(shown)


def test_trace_names_secrets_and_shows_none() -> None:
    trace = Trace()
    run(hit({"event_name": "x", "value": 9}), ONE, trace=trace)
    shown = {each["tag"]: each for each in trace.as_dict()["events"][0]["tags"]}
    assert shown["c"]["settings"] == {"token": "{secret:T}"}
    assert "\0" not in str(trace.as_dict())


def test_trace_of_a_dead_hit() -> None:
    trace = Trace()
    run(hit(b"{"), ONE, trace=trace)
    (dead,) = trace.as_dict()["parse"]["dead"]
    assert (dead["reason"], dead["position"]) == ("invalid_json", -1)
