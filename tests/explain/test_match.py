"""Which stored events conditions match, and which they miss by exactly one: as the pipeline decides, and bounded."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from runtime.errors import ContainerInvalid
from runtime.explain.match import (
    DEEPEST,
    MOST_CONDITIONS,
    SHOWN,
    match,
    match_fields,
    read_conditions,
    variables_of,
)
from runtime.explain.recent_events import RecentEvent, RecentEvents, make_events
from runtime.explain.shortfall import Conditions
from runtime.lua.sandbox import Sandbox
from runtime.model.policy import NO_POLICY
from runtime.pipeline.scope import Scope
from runtime.pipeline.trigger import Trigger
from tests.support.drafts import Drafts
from tests.support.history import PERSONAL, History
from tests.support.programs import template

PURCHASE = {"field": "event_name", "is": "equals", "value": "purchase"}
DEAR = {"field": "value", "is": "greater", "value": 5}
EURO = {"field": "currency", "is": "equals", "value": "EUR"}


def sample(*events: dict[str, Any], partial: str = "") -> RecentEvents:
    made = (RecentEvent(f"0.{place}/0", 1_000_000, orjson.dumps(event)) for place, event in enumerate(events))
    return RecentEvents(tuple(made), partial)


def test_the_events_of_a_real_history(history: History) -> None:
    recent = make_events(history.data, NO_POLICY)
    found = match_fields(read_conditions({"all": [PURCHASE, DEAR]}), recent)
    assert (found.events, found.matches, found.near) == (7, 3, 1)
    assert found.share == 3 / 7
    assert [(each["id"], each["name"], each["link"]) for each in found.hits] == [
        (id, "purchase", f"/events/{id}") for id in ("0.6/0", "0.5/0", "0.1/0")
    ]
    (near,) = found.near_misses
    assert near["id"] == "0.2/0"
    assert near["failing"] == [{"path": "all.1", **DEAR, "actual": 3, "result": False}]
    assert found.hits[0]["time"].startswith("20")


def test_no_condition_matches_every_event(history: History) -> None:
    found = match_fields(read_conditions({}), make_events(history.data, NO_POLICY))
    assert (found.events, found.matches, found.near, len(found.hits)) == (7, 7, 0, 7)


def test_personal_data_is_masked_in_what_failed(history: History) -> None:
    mail = {"field": "user_data.email_address", "is": "equals", "value": "nobody"}
    whole = {"field": "user_data", "is": "equals", "value": "nothing"}
    asked = read_conditions({"all": [PURCHASE], "any": [mail, whole]})
    found = match_fields(asked, make_events(history.data, NO_POLICY))
    assert found.near == 4
    text = json.dumps(found.as_dict())
    assert [each for each in PERSONAL if each in text] == []
    assert "j***@***.example" in text


@pytest.mark.parametrize(
    ("conditions", "event", "failing"),
    [
        ({"all": [PURCHASE, DEAR]}, {"event_name": "purchase"}, ["all.1"]),
        ({"all": [PURCHASE, DEAR]}, {"event_name": "view"}, []),
        ({"any": [PURCHASE, DEAR]}, {"event_name": "view"}, ["any.0", "any.1"]),
        ({"not": [PURCHASE, DEAR]}, {"event_name": "purchase"}, ["not.0"]),
        ({"not": [PURCHASE, DEAR]}, {"event_name": "purchase", "value": 6}, []),
        ({"all": [PURCHASE], "not": [EURO]}, {"event_name": "purchase", "currency": "EUR"}, ["not.0"]),
        ({"all": [PURCHASE], "any": [DEAR, EURO]}, {"event_name": "purchase"}, ["any.0", "any.1"]),
        ({"all": [PURCHASE], "any": [DEAR, EURO]}, {"value": 7}, ["all.0"]),
        ({"all": [{"any": [{"all": [DEAR, EURO]}, PURCHASE]}]}, {"value": 6}, ["all.0.any.0.all.1", "all.0.any.1"]),
        ({"all": [{"any": [{"all": [DEAR, EURO]}, PURCHASE]}]}, {}, ["all.0.any.1"]),
        ({"not": [{"all": [PURCHASE, DEAR]}]}, {"event_name": "purchase", "value": 6}, ["not.0.all.0", "not.0.all.1"]),
        ({"not": [{"any": [PURCHASE, DEAR]}]}, {"event_name": "purchase", "value": 6}, []),
        ({"all": [{"not": [{}]}, PURCHASE]}, {}, []),
        ({"all": [{**PURCHASE, "not": True}]}, {"event_name": "purchase"}, ["all.0"]),
    ],
)
def test_near_misses_are_exact(conditions: dict[str, Any], event: dict[str, Any], failing: list[str]) -> None:
    found = match_fields(read_conditions(conditions), sample(event))
    assert found.matches == 0
    assert [[each["path"] for each in row["failing"]] for row in found.near_misses] == ([failing] if failing else [])


def test_near_misses_are_those_that_trying_all_answers_finds() -> None:
    random = Random(7)
    for _ in range(150):
        conditions = read_conditions(_random_group(random, 3))
        compiled = Conditions(conditions)
        count = len(compiled.asked)
        if count > 8:
            continue
        answers = [random.random() < 0.5 for _ in range(count)]
        others = itertools.product((False, True), repeat=count)
        ways = [
            sum(a is not b for a, b in zip(answers, each, strict=True)) for each in others if _holds(conditions, each)
        ]
        assert compiled.missing(answers) == min(ways, default=float("inf"))


def test_what_matches_is_what_the_pipeline_says(history: History) -> None:
    recent, random = make_events(history.data, NO_POLICY), Random(11)
    events = [orjson.loads(each.text) for each in recent.events]
    for _ in range(100):
        group = read_conditions(_random_group(random, 2))
        trigger = Trigger("t", group)
        scopes = (Scope(Sandbox(), event, seed="0.1/0", at_us=0, variables={}, logs=[]) for event in events[:2])
        assert match_fields(group, recent, 2).matches == sum(trigger.matches(scope) for scope in scopes)


def test_only_the_newest_are_shown_and_looked_at() -> None:
    recent = sample(*({"event_name": "purchase"} for _ in range(50)), partial="the time of 3 s ran out")
    found = match_fields(read_conditions({"all": [PURCHASE]}), recent)
    assert (found.matches, len(found.hits), found.hits[0]["id"]) == (50, SHOWN, "0.0/0")
    assert found.partial == "the time of 3 s ran out"
    found = match_fields(read_conditions({"all": [DEAR]}), recent, 20)
    assert (found.events, found.near, len(found.near_misses), found.partial) == (20, 20, SHOWN, "")


def test_a_long_value_is_cut() -> None:
    found = match_fields(read_conditions({"all": [PURCHASE]}), sample({"event_name": "x" * 5000}))
    assert len(found.near_misses[0]["failing"][0]["actual"]) < 250
    assert len(found.near_misses[0]["name"]) <= 200


@pytest.mark.parametrize(
    ("conditions", "path"),
    [
        ({"all": [{"is": "equals", "value": 1}]}, "all.0"),
        ({"all": [{"field": "a", "is": "equal", "value": 1}]}, "all.0.is"),
        ({"all": [{"field": "a", "is": "equals"}]}, "all.0.value"),
        ({"any": [{"field": "a", "is": "matches", "value": "("}]}, "any.0.value"),
        ({"any": [{"not": [{"field": "a", "is": "greater", "value": "x"}]}]}, "any.0.not.0.value"),
        ({"every": []}, "every"),
        ([], ""),
        ({"all": [{"field": "a", "is": "exists"}] * (MOST_CONDITIONS + 1)}, ""),
    ],
)
def test_conditions_that_make_no_sense_are_told_with_their_place(conditions: Any, path: str) -> None:
    with pytest.raises(ContainerInvalid) as raised:
        read_conditions(conditions)
    assert raised.value.problems[0].path == path


def test_groups_may_not_be_nested_without_end() -> None:
    nested: dict[str, Any] = {"all": []}
    for _ in range(DEEPEST + 1):
        nested = {"all": [nested]}
    with pytest.raises(ContainerInvalid, match="more than 20 times"):
        read_conditions(nested)


def test_a_trigger_of_a_container_is_read_as_it_stands() -> None:
    group = read_conditions({"folder": "shop", "note": "Orders.", "all": [{"variable": "v", "is": "exists"}, EURO]})
    assert variables_of(group) == ["v"]


def test_variables_are_the_drafts(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "data")
    drafts.fill(5)
    group = read_conditions({"all": [{"variable": "note", "is": "equals", "value": "after"}, DEAR | {"value": 2}]})
    assert match(drafts.folder, group, drafts.draft()).matches == 0

    def change(data: dict[str, Any]) -> None:
        data["variables"]["note"]["settings"]["value"] = "after"

    found = match(drafts.folder, group, drafts.draft(change))
    assert (found.events, found.matches, found.near) == (5, 2, 3)
    assert [each["id"] for each in found.hits] == ["0.5/0", "0.4/0"]
    assert match(drafts.folder, group, drafts.draft(change), last=2).events == 2
    assert match(drafts.folder, group, drafts.draft(change), most_s=-1).partial == "the time of -1 s ran out"


def test_faults_and_unknown_variables_are_told(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "data")
    drafts.fill(3)
    fails = template("variable", "fails", "return { resolve = function(event) return event.nothing.there end }")
    draft = drafts.draft(lambda data: data["variables"].update(broken={"template": "fails"}), fails)
    group = read_conditions({"any": [{"variable": "broken", "is": "exists"}, {"variable": "none", "is": "exists"}]})
    found = match(drafts.folder, group, draft)
    assert (found.matches, found.unknown_variables) == (0, ["none"])
    ((fault, count),) = found.faults.items()
    assert (fault.startswith("broken: error: "), count) == (True, 3)


def test_events_that_wait_for_a_look_up_are_left_out(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "data")
    drafts.fill(3)
    settings = {"url": "https://stock.shop.example/{{note}}"}
    draft = drafts.draft(lambda data: data["variables"].update(stock={"template": "http_lookup", "settings": settings}))
    group = read_conditions({"any": [{"variable": "stock", "is": "exists"}]})
    found = match(drafts.folder, group, draft)
    assert (found.events, found.undecided, found.matches) == (0, 3, 0)


def _random_group(random: Random, depth: int) -> dict[str, Any]:
    kinds = random.sample(["all", "any", "not"], random.randint(1, 2))
    return {kind: [_random_part(random, depth) for _ in range(random.randint(0, 3))] for kind in kinds}


def _random_part(random: Random, depth: int) -> dict[str, Any]:
    if depth and random.random() < 0.4:
        return _random_group(random, depth - 1)
    return random.choice([PURCHASE, DEAR, EURO])


def _holds(group: Any, answers: tuple[bool, ...]) -> bool:
    """Answers a group from its conditions' answers, in their order, as the words say."""
    left = iter(answers)

    def ask(part: Any) -> bool:
        if not hasattr(part, "all"):
            return next(left)
        every, some, none = ([ask(each) for each in members or ()] for members in (part.all, part.any, part.not_))
        return all(every) and not any(none) and (not some or any(some))

    return ask(group)
