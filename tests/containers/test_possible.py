"""What is said to be impossible never happens, compared with the pipeline event by event; and what is plain is seen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.containers.possible import why_impossible
from runtime.model.container import Trigger
from runtime.pipeline.scope import Scope
from runtime.pipeline.trigger import Branch

WORDS = ["a", "A", "ab", "5", "5.0", "1e1", "", "true", "ß", "SS"]
VALUES = st.sampled_from([*WORDS, 5, 5.0, 10, 0, -1, True, False, ["a"], {"a": 1}])
GIVEN = st.sampled_from([*WORDS, 5, 5.0, 10, True])
NUMBERS = st.sampled_from([0, 4, 5, 5.0, "5", 10])
FIELDS = st.sampled_from(["event_name", "x", "y"])


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    """Conditions of every operator, on few fields and values, so that they meet."""
    flags = {"not": st.booleans(), "ignore_case": st.booleans()}
    texts = st.sampled_from(["equals", "contains", "starts_with", "ends_with"])
    orders = st.sampled_from(["greater", "greater_or_equal", "less", "less_or_equal"])
    return st.one_of(
        st.fixed_dictionaries({"field": FIELDS, "is": texts, "value": GIVEN, **flags}),
        st.fixed_dictionaries({"field": FIELDS, "is": orders, "value": NUMBERS, **flags}),
        st.fixed_dictionaries({"field": FIELDS, "is": st.just("in"), "value": st.lists(GIVEN, min_size=1), **flags}),
        st.fixed_dictionaries({"field": FIELDS, "is": st.just("matches"), "value": st.sampled_from(["^a", "5|b"])}),
        st.fixed_dictionaries({"field": FIELDS, "is": st.just("exists"), "not": st.booleans()}),
    )


GROUPS = st.recursive(
    st.dictionaries(st.sampled_from(["all", "any", "not"]), st.lists(conditions(), max_size=3), max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(["all", "any", "not"]), st.lists(conditions() | inner, max_size=3), max_size=3
    ),
    max_leaves=8,
)
EVENTS = st.fixed_dictionaries({"event_name": VALUES, "event_id": st.just("1")}, optional={"x": VALUES, "y": VALUES})


def trigger(**parts: Any) -> Trigger:
    return Trigger.model_validate(parts)


def matches(trigger: Trigger, event: dict[str, Any]) -> bool:
    sandbox: Any = None  # No condition here asks for a variable.
    return Branch(trigger).holds(Scope(sandbox, event, seed="1/0", at_us=0, variables={}, logs=[]))


@settings(max_examples=1500, deadline=None)
@given(GROUPS, GROUPS, st.lists(EVENTS, min_size=1, max_size=12))
def test_what_is_called_impossible_meets_no_event(
    one: dict[str, Any], other: dict[str, Any], events: list[dict[str, Any]]
) -> None:
    first, second = trigger(**one), trigger(**other)
    held = [(matches(first, event), matches(second, event)) for event in events]
    if why_impossible([first]) is not None:
        assert not any(mine for mine, _ in held)
    if why_impossible([], [first]) is not None:
        assert all(mine for mine, _ in held)
    if why_impossible([first], [second]) is not None:
        assert not any(mine and not its for mine, its in held)


def test_the_comparison_meets_both_answers() -> None:
    answers = {True: 0, False: 0}

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(GROUPS)
    def count(group: dict[str, Any]) -> None:
        answers[why_impossible([trigger(**group)]) is None] += 1

    count()
    assert min(answers.values()) > 20


def asks(field: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"field": field, "is": operator, **({} if value is None else {"value": value}), **more}


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        ({"all": [asks("x", "equals", "a"), asks("x", "equals", "b")]}, "`x` equals `a` and `x` equals `b` exclude"),
        ({"all": [asks("x", "in", ["a", "b"]), asks("x", "in", ["c"])]}, "`x` in `a, b` and `x` in `c` exclude"),
        ({"all": [asks("x", "equals", "a", ignore_case=True), asks("x", "equals", "B")]}, "exclude each other"),
        ({"all": [asks("x", "equals", 5), asks("x", "greater", 5)]}, "`x` equals `5` and `x` greater `5` exclude"),
        ({"all": [asks("x", "greater", 5), asks("x", "less", 5)]}, "`x` greater `5` and `x` less `5` exclude"),
        ({"all": [asks("x", "greater_or_equal", "5"), asks("x", "less", 5)]}, "exclude each other"),
        ({"all": [asks("x", "exists"), asks("x", "exists", **{"not": True})]}, "`x` exists and `x` not exists exclude"),
        ({"all": [asks("x", "equals", "purchase"), asks("x", "matches", "^view_")]}, "exclude each other"),
        ({"all": [asks("x", "starts_with", "a"), {"not": [asks("x", "starts_with", "a")]}]}, "exclude each other"),
        ({"any": [{"all": [asks("x", "equals", n), asks("x", "equals", "c")]} for n in "ab"]}, "exclude each other"),
        ({"all": [asks("event_id", "exists", **{"not": True})]}, "every event has `event_id`"),
        ({"not": [{}]}, ""),
    ],
)
def test_contradictions_are_seen_and_named(group: dict[str, Any], reason: str) -> None:
    found = why_impossible([trigger(**group)])
    assert found is not None
    assert reason in found
    assert found or not reason


@pytest.mark.parametrize(
    "group",
    [
        {"all": [asks("x", "equals", 5), asks("x", "equals", "5.00")]},
        {"all": [asks("x", "equals", "a", ignore_case=True), asks("x", "equals", "A")]},
        {"all": [asks("x", "equals", "5"), asks("x", "ends_with", ".0")]},
        {"all": [asks("x", "greater_or_equal", 5), asks("x", "less_or_equal", 5)]},
        {"not": [asks("x", "greater", 5), asks("x", "less_or_equal", 5)]},
        {"all": [asks("x", "equals", "a"), asks("y", "equals", "b")]},
        {"any": [asks("x", "equals", "a"), asks("x", "equals", "b")], "not": [asks("x", "equals", "a")]},
    ],
)
def test_what_some_event_meets_is_not_told(group: dict[str, Any]) -> None:
    assert why_impossible([trigger(**group)]) is None


def test_what_takes_too_long_counts_as_possible() -> None:
    both = [{"all": [asks("x", "equals", "a"), asks("x", "equals", "b")]} for _ in range(40)]
    assert why_impossible([trigger(any=both)]) is not None
    last = {"any": [{"all": [asks("x", "equals", "a"), asks("x", "equals", "b")]}]}
    choices = [{"any": [asks(f"y{place}", "equals", word) for word in "ab"]} for place in range(40)]
    assert why_impossible([trigger(all=[*choices[:2], last])]) is not None
    assert why_impossible([trigger(all=[*choices, last])]) is None, "2 to the 40th alternatives"
