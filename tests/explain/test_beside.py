"""A stored hit by another version beside its own: what would be otherwise, and nothing else; nobody's data in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.errors import OperatorError
from runtime.explain.beside import beside
from runtime.model.snapshot import Snapshot
from tests.support.drafts import Drafts


@pytest.fixture(scope="module")
def drafts(tmp_path_factory: pytest.TempPathFactory) -> Drafts:
    drafts = Drafts(tmp_path_factory.mktemp("drafts") / "data")
    drafts.fill(30)
    return drafts


def looked_at(drafts: Drafts, other: str | Snapshot, id: str = "0.1") -> dict[str, Any]:
    return beside(drafts.folder, id, other)


def test_the_same_version_does_the_same(drafts: Drafts) -> None:
    record = looked_at(drafts, "live")
    (event,) = record["events"]
    assert (event["event"], event["consent"], event["tags"], record["dead"]) == ([], [], [], [])
    assert record["before"]["ms"] > 0


def test_a_draft_without_a_number_has_that_of_the_version_beside_it(drafts: Drafts) -> None:
    (event,) = looked_at(drafts, drafts.draft())["events"]
    assert event["tags"] == []


def test_newly_fires_and_stops_firing(drafts: Drafts) -> None:
    def change(data: dict[str, Any]) -> None:
        data["tags"]["hook"]["triggers"], data["tags"]["quiet"]["triggers"] = ["never"], ["everything"]

    draft = drafts.draft(change)
    (event,) = looked_at(drafts, draft)["events"]
    assert {tag["tag"]: (tag["change"], tag["before"], tag["after"]) for tag in event["tags"]} == {
        "hook": ("stops_firing", "fired", "not_triggered"),
        "quiet": ("newly_fires", "not_triggered", "fired"),
    }


def test_a_tag_that_is_removed_or_added(drafts: Drafts) -> None:
    draft = drafts.draft(lambda data: data["tags"].update(other=data["tags"].pop("hook")))
    (event,) = looked_at(drafts, draft)["events"]
    assert {tag["tag"]: (tag["change"], tag["before"], tag["after"]) for tag in event["tags"]} == {
        "hook": ("stops_firing", "fired", "no_tag"),
        "other": ("newly_fires", "no_tag", "fired"),
    }


def test_an_item_that_changes_is_told_place_by_place_and_masked(drafts: Drafts) -> None:
    draft = drafts.draft(lambda data: data["variables"]["note"]["settings"].update(value="after@mail.example"))
    (event,) = looked_at(drafts, draft)["events"]
    (tag,) = event["tags"]
    assert (tag["tag"], tag["change"], tag["request"]) == ("hook", "changed", [])
    assert tag["item"] == [{"path": "note", "before": "before", "after": "a***@***.example"}]


def test_a_personal_field_that_changes_is_told_by_its_place_alone(drafts: Drafts) -> None:
    def change(data: dict[str, Any]) -> None:
        data["transformations"]["more"]["settings"]["fields"]["user_data.email_address"] = "somebody.else@mail.example"

    (tag,) = looked_at(drafts, drafts.draft(change))["events"][0]["tags"]
    assert [each["path"] for each in tag["item"]] == ["user_data.email_address"]
    assert "somebody" not in json.dumps(tag)


def test_a_request_that_changes_is_told_without_the_items_own_differences(drafts: Drafts) -> None:
    draft = drafts.draft(lambda data: data["tags"]["hook"]["settings"].update(prefix="Other"))
    (tag,) = looked_at(drafts, draft)["events"][0]["tags"]
    assert (tag["change"], tag["reason"], tag["item"]) == ("changed", "request", [])
    assert {each["path"].split("-")[1] for each in tag["request"]} == {"firsthand", "other"}


def test_consent_that_is_missing_and_scripts_that_fail(drafts: Drafts) -> None:
    draft = drafts.draft(lambda data: data["tags"]["hook"].update(template="faulty", settings={}))
    (tag,) = looked_at(drafts, draft)["events"][0]["tags"]
    assert (tag["change"], tag["after"].partition(":")[0]) == ("new_error", "failed")
    assert "attempt to index a nil value" in tag["reason"]


def test_one_event_of_a_hit(drafts: Drafts) -> None:
    assert [event["position"] for event in looked_at(drafts, "live", "0.1/0")["events"]] == [0]
    assert looked_at(drafts, "live", "0.1/7")["events"] == []


@pytest.mark.parametrize(
    ("other", "id"), [("99", "0.1"), ("nothing", "0.1"), ("workspace:none", "0.1"), ("live", "0.99")]
)
def test_what_is_not_there(drafts: Drafts, other: str, id: str) -> None:
    with pytest.raises(OperatorError):
        looked_at(drafts, other, id)
