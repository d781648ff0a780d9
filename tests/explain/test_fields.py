"""The index of fields: what the last events really hold, personal data masked, everything bounded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from runtime.explain.fields import DEEPEST, MOST_FIELDS, Fields, fields, index
from runtime.explain.recent_events import RecentEvent, RecentEvents, make_events, recent_events
from runtime.explain.seen_variables import seen_variables
from runtime.explain.tally import LONGEST, MOST_DISTINCT, TOP
from runtime.model.policy import NO_POLICY
from tests.support.drafts import Drafts
from tests.support.history import PERSONAL, History
from tests.support.programs import template


def sample(*events: dict[str, Any]) -> RecentEvents:
    """Returns these events, the newest first, a second apart."""
    return RecentEvents(
        tuple(
            RecentEvent(f"0.{len(events) - place}/0", (len(events) - place) * 1_000_000, orjson.dumps(event))
            for place, event in enumerate(events)
        )
    )


def by_path(found: Fields) -> dict[str, Any]:
    return {each["path"]: each for each in found.fields}


def test_the_fields_of_a_real_history(history: History) -> None:
    found = index(make_events(history.data, NO_POLICY))
    known = by_path(found)
    assert found.events == 7
    assert found.partial == ""
    name = known["event_name"]
    assert (name["types"], name["events"], name["share"]) == (["text"], 7, 1.0)
    assert [(each["value"], each["count"]) for each in name["values"]] == [("purchase", 4), ("generate_lead", 3)]
    assert known["value"]["types"] == ["number"]
    assert known["value"]["share"] == round(4 / 7, 4)
    assert [(each["value"], each["count"]) for each in known["value"]["values"]] == [(12.5, 3), (3, 1)]
    assert known["user_data"]["types"] == ["table"]
    assert known["value"]["last_seen"] > known["user_data.phone_number"]["last_seen"]


def test_personal_data_is_masked_and_said_to_be(history: History) -> None:
    found = index(make_events(history.data, NO_POLICY))
    text = json.dumps(found.fields)
    assert [each for each in PERSONAL if each in text] == []
    assert by_path(found)["user_data.email_address"]["values"] == [
        {"value": "j***@***.example", "count": 5, "masked": True}
    ]
    assert not any(each["masked"] for each in by_path(found)["event_name"]["values"])


def test_values_that_look_the_same_once_they_are_masked_are_one() -> None:
    found = index(sample(*({"email": f"{name}@shop.example"} for name in ("jane", "john", "jack"))))
    assert by_path(found)["email"]["values"] == [{"value": "j***@***.example", "count": 3, "masked": True}]


def test_types_are_told_apart_and_the_first_member_stands_for_a_list() -> None:
    found = by_path(index(sample({"x": True, "items": [{"id": "a"}, {"other": 1}]}, {"x": 1}, {"x": "1"}, {"x": None})))
    assert sorted(found) == ["items", "items.0", "items.0.id", "x"]
    assert found["x"]["share"] == 0.75
    assert [(each["value"], each["count"]) for each in found["x"]["values"]] == [(True, 1), (1, 1), ("1", 1)]
    assert found["items"]["types"] == ["list"]


def test_paths_that_no_condition_could_name_or_nobody_may_see_are_left_out() -> None:
    names = {"a.b": 1, "": 1, "jane.roe@shop.example": 1, "k" * 300: 1, "fine": 1, "mail jane@shop.example": 1}
    assert sorted(by_path(index(sample(names)))) == ["fine"]


def test_the_index_is_bounded() -> None:
    deep: dict[str, Any] = {}
    inner = deep
    for _ in range(50):
        inner["d"] = inner = {}
    wide = {f"f{number}": number for number in range(MOST_FIELDS + 10)}
    found = index(sample({"text": "x" * (LONGEST + 1), **deep}, wide))
    assert len(found.fields) == MOST_FIELDS
    assert found.partial == f"events have more than {MOST_FIELDS} fields"
    assert by_path(found)["text"]["values"] == []
    assert max(path.count(".") for path in by_path(found)) <= DEEPEST
    many = by_path(index(sample(*({"n": number} for number in range(MOST_DISTINCT + 50)))))
    assert many["n"]["events"] == MOST_DISTINCT + 50
    assert len(many["n"]["values"]) == TOP


def test_find() -> None:
    found = index(sample({"user_data": {"city": "x"}, "city": "y", "other": 1}, {"other": 1}))
    answer = found.find("CIT")
    assert [each["path"] for each in answer["fields"]] == ["city", "user_data.city"]
    assert found.find("", 1)["fields"][0]["path"] == "other"
    assert found.find("", 1)["found"] == 4
    assert found.find("nothing")["fields"] == []


def test_the_sample_is_bounded_and_says_why(history: History) -> None:
    assert [each.id for each in make_events(history.data, NO_POLICY, last=2).events] == ["0.6/0", "0.5/0"]
    assert make_events(history.data, NO_POLICY, last=2).partial == ""
    timed = make_events(history.data, NO_POLICY, most_s=-1)
    assert (timed.events, timed.partial) == ((), "the time of -1 s ran out")
    small = make_events(history.data, NO_POLICY, most_bytes=1000)
    assert 0 < len(small.events) < 7
    assert "MB of events" in small.partial


def test_a_hit_of_several_events_gives_the_last_one_first(history: History) -> None:
    found = [each.id for each in make_events(history.data, NO_POLICY).events]
    assert found == ["0.6/0", "0.5/0", "0.4/2", "0.4/1", "0.4/0", "0.2/0", "0.1/0"]


def test_the_same_answer_for_a_minute(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "data")
    drafts.fill(3)
    first = recent_events(drafts.folder, NO_POLICY)
    known = fields(drafts.folder, NO_POLICY)
    drafts.fill(2)
    assert recent_events(drafts.folder, NO_POLICY) is first
    assert fields(drafts.folder, NO_POLICY) is known


def test_hits_of_a_version_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "data")
    drafts.fill(2)
    drafts.fill(1, version=99)
    assert [each.id for each in make_events(drafts.folder, NO_POLICY).events] == ["0.2/0", "0.1/0"]


def test_an_empty_data_folder(tmp_path: Path) -> None:
    assert index(make_events(tmp_path, NO_POLICY)).find() == {
        "events": 0, "since": "", "partial": "", "found": 0, "fields": [],
    }  # fmt: skip


def test_variables_of_a_draft(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "data")
    drafts.fill(4)
    fails = template("variable", "fails", "return { resolve = function(event) return event.nothing.there end }")

    def change(data: dict[str, Any]) -> None:
        data["variables"]["broken"] = {"template": "fails"}
        data["variables"]["mail"] = {"template": "event_field", "settings": {"path": "user_data.email_address"}}

    found = seen_variables(drafts.folder, drafts.draft(change, fails))
    note, broken, mail = found.variables
    assert (found.events, found.partial) == (4, "")
    assert (note["name"], note["template"], note["share"]) == ("note", "constant", 1.0)
    assert note["values"] == [{"value": "before", "count": 4, "masked": False}]
    assert (broken["events"], broken["fault"].partition(":")[0]) == (0, "error")
    assert mail["values"] == [{"value": "j***@***.example", "count": 4, "masked": True}]


@pytest.mark.parametrize("last", [1, 3])
def test_variables_are_asked_of_the_newest_only(tmp_path: Path, last: int) -> None:
    drafts = Drafts(tmp_path / "data")
    drafts.fill(5)
    assert seen_variables(drafts.folder, drafts.draft(), last=last).events == last
    assert seen_variables(drafts.folder, drafts.draft(), most_s=-1).partial == "the time of -1 s ran out"
