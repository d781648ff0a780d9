"""Triggers: groups, paths, missing values, and how lazily they ask."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import ContainerInvalid
from runtime.lua.sandbox import Sandbox
from runtime.model.container import Group
from runtime.pipeline.run import run
from runtime.pipeline.scope import Scope
from runtime.pipeline.trace import EventTrace, Trace
from runtime.pipeline.trigger import Trigger
from tests.support.programs import hit, program, tag, template

EVENT: dict[str, Any] = {
    "event_name": "purchase",
    "value": 12.5,
    "empty": "",
    "user_data": {"address": [{"city": "Ulm"}], "email_address": "a@b.example"},
    "items": [{"item_id": "A"}, {"item_id": "B"}],
}
SANDBOX = Sandbox()


def matches(group: dict[str, Any], event: dict[str, Any] = EVENT, trace: EventTrace | None = None) -> bool:
    scope = Scope(SANDBOX, event, seed="1.1/0", at_us=0, variables={}, logs=[], trace=trace)
    return Trigger("t", Group.model_validate(group)).matches(scope)


def condition(field: str, operator: str = "exists", value: Any = None, **more: Any) -> dict[str, Any]:
    return {"field": field, "is": operator, "value": value, **more}


@pytest.mark.parametrize(
    ("field", "holds"),
    [
        ("event_name", True),
        ("empty", True),
        ("absent", False),
        ("user_data.email_address", True),
        ("user_data.address.0.city", True),
        ("user_data.address.1.city", False),
        ("items.1.item_id", True),
        ("items.01.item_id", True),
        ("items.-1.item_id", False),
        ("items.item_id", False),
        ("items.99999999999999999999", False),
        ("event_name.0", False),
        ("value.x", False),
    ],
)
def test_path(field: str, holds: bool) -> None:
    assert matches({"all": [condition(field)]}) is holds


OPERATORS = [
    ("equals", ""), ("contains", ""), ("starts_with", ""), ("ends_with", ""), ("matches", ".*"), ("greater", 0),
    ("greater_or_equal", 0), ("less", 9), ("less_or_equal", 9), ("exists", None), ("in", [""]),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "value"), OPERATORS)
def test_missing_field_holds_only_negated(operator: str, value: Any) -> None:
    assert not matches({"all": [condition("absent", operator, value)]})
    assert matches({"all": [condition("absent", operator, value, **{"not": True})]})
    assert not matches({"all": [condition("null", operator, value)]}, {"null": None})


YES, NO = condition("event_name"), condition("absent")


@pytest.mark.parametrize(
    ("group", "holds"),
    [
        ({}, True),
        ({"all": [], "any": [], "not": []}, True),
        ({"all": [YES, YES]}, True),
        ({"all": [YES, NO]}, False),
        ({"any": [NO, YES]}, True),
        ({"any": [NO, NO]}, False),
        ({"not": [NO, NO]}, True),
        ({"not": [NO, YES]}, False),
        ({"all": [YES], "any": [NO]}, False),
        ({"all": [{"any": [NO, {"all": [YES, {"not": [NO]}]}]}]}, True),
    ],
)
def test_group(group: dict[str, Any], holds: bool) -> None:
    assert matches(group) is holds
    assert matches(group, trace=EventTrace(0, EVENT)) is holds


leaves = st.sampled_from([YES, NO, {**YES, "not": True}, condition("event_name", "equals", "purchase")])
groups = st.recursive(
    st.fixed_dictionaries({}, optional={name: st.lists(leaves, max_size=3) for name in ("all", "any", "not")}),
    lambda below: st.fixed_dictionaries(
        {}, optional={name: st.lists(below, max_size=3) for name in ("all", "any", "not")}
    ),
    max_leaves=8,
)


@given(groups, st.sampled_from([EVENT, {"event_name": "view_item"}]))
def test_index_by_name_and_trace_change_no_result(group: dict[str, Any], event: dict[str, Any]) -> None:
    trigger = Trigger("t", Group.model_validate(group))
    held = matches(group, event)
    assert matches(group, event, EventTrace(0, event)) is held
    if trigger.names is not None and event["event_name"] not in trigger.names:
        assert not held


@pytest.mark.parametrize(
    ("value", "operator", "names"),
    [("purchase", "equals", {"purchase"}), (["a", "b"], "in", {"a", "b"}), ("5", "equals", None), (5, "equals", None)],
)
def test_names_that_a_trigger_asks_for(value: Any, operator: str, names: set[str] | None) -> None:
    trigger = Trigger("t", Group.model_validate({"all": [condition("event_name", operator, value)]}))
    assert trigger.names == names


def test_pattern_that_cannot_be_compiled_names_its_trigger() -> None:
    with pytest.raises(ContainerInvalid, match=r"triggers\.bad"):
        program({"triggers": {"bad": {"all": [condition("event_name", "matches", "(")]}}})


COUNTING = 'return { resolve = function(event) log.info("asked") return event.event_name end }'


def fired(container: dict[str, Any], event: dict[str, Any], *templates: Any) -> tuple[dict[str, str], tuple[str, ...]]:
    outcome = run(hit(event), program(container, *templates))
    (only,) = outcome.events
    return {each.tag: each.state for each in only.tags}, outcome.logs


def test_variable_is_asked_once_an_event_and_only_where_a_field_does_not_decide() -> None:
    name = {"variable": "name", "is": "equals", "value": "purchase"}
    triggers = {"one": {"all": [name, condition("value")]}, "two": {"all": [name]}}
    tags = {"a": tag(triggers=["one"]), "b": tag(triggers=["two"]), "c": tag(triggers=["two"])}
    container = {"tags": tags, "triggers": triggers, "variables": {"name": {"template": "name"}}}
    name_variable = template("variable", "name", COUNTING)
    states, logs = fired(container, {"event_name": "purchase"}, name_variable)
    assert states == {"a": "not_triggered", "b": "fired", "c": "fired"}
    assert [line for line in logs if "asked" in line] == ["variable name: info: asked"]
    _, logs = fired({**container, "tags": {"a": tags["a"]}}, {"event_name": "purchase"}, name_variable)
    assert logs == ()


def test_exception_blocks_and_names_itself() -> None:
    triggers = {"internal": {"all": [condition("traffic", "equals", "internal")]}}
    built = program({"tags": {"a": tag(exceptions=["internal"]), "none": tag(triggers=[])}, "triggers": triggers})
    (event,) = run(hit({"event_name": "x", "traffic": "internal"}), built).events
    assert [(each.state, each.reason) for each in event.tags] == [("blocked", "internal"), ("not_triggered", "")]
    (event,) = run(hit({"event_name": "x"}), built).events
    assert [each.state for each in event.tags] == ["fired", "not_triggered"]


def test_failed_variable_is_nil_and_recorded() -> None:
    container = {
        "tags": {"a": tag(triggers=["bots"]), "b": tag(exceptions=["bots"])},
        "triggers": {"bots": {"all": [{"variable": "bad", "is": "equals", "value": True}]}},
        "variables": {"bad": {"template": "bad"}},
    }
    bad = template("variable", "bad", 'return { resolve = function() error("no luck") end }')
    trace = Trace()
    outcome = run(hit({"event_name": "x"}), program(container, bad), trace=trace)
    assert [each.state for each in outcome.events[0].tags] == ["not_triggered", "fired"]
    assert any("no luck" in line for line in outcome.logs)
    assert "no luck" in trace.as_dict()["events"][0]["variables"]["bad"]["fault"]


def test_trace_shows_actual_values() -> None:
    trace = Trace()
    container = {
        "tags": {"a": tag(triggers=["big"])},
        "triggers": {
            "big": {"all": [condition("event_name", "equals", "purchase"), condition("value", "greater", 100)]}
        },
    }
    run(hit({"event_name": "purchase", "value": "12.5"}), program(container), trace=trace)
    shown = trace.as_dict()["events"][0]["triggers"]["big"]
    assert shown == {
        "all": [
            {"field": "event_name", "is": "equals", "value": "purchase", "actual": "purchase", "result": True},
            {"field": "value", "is": "greater", "value": 100, "actual": "12.5", "result": False},
        ],
        "result": False,
    }


def test_trace_says_of_a_trigger_for_another_event_that_its_name_decided() -> None:
    container = {
        "tags": {"a": tag(triggers=["refunds"]), "b": tag(exceptions=["refunds"])},
        "triggers": {
            "refunds": {
                "all": [condition("event_name", "equals", "refund"), {"variable": "name", "is": "exists"}],
            }
        },
        "variables": {"name": {"template": "name"}},
    }
    trace = Trace()
    outcome = run(
        hit({"event_name": "purchase"}), program(container, template("variable", "name", COUNTING)), trace=trace
    )
    shown = trace.as_dict()["events"][0]
    name = {"field": "event_name", "is": "equals", "value": "refund", "actual": "purchase", "result": False}
    assert shown["triggers"]["refunds"] == {"all": [name], "result": False}
    assert (shown["variables"], outcome.logs) == ({}, ())
