"""Stored hits through a draft beside live: what would be otherwise, counted by tag, and what speaks against it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runtime.errors import OperatorError
from runtime.explain.dry_run import dry_run
from runtime.explain.dry_run_figures import DryRun, TagFigures
from runtime.model.consent import PURPOSES
from runtime.model.snapshot import Snapshot
from runtime.store.files import log_path
from tests.support.drafts import Drafts
from tests.support.programs import template

HITS = 120


@pytest.fixture(scope="module")
def drafts(tmp_path_factory: pytest.TempPathFactory) -> Drafts:
    drafts = Drafts(tmp_path_factory.mktemp("drafts") / "data")
    drafts.fill(HITS)
    return drafts


def tried(drafts: Drafts, draft: Snapshot, **more: Any) -> DryRun:
    return dry_run(drafts.folder, draft, **more)


def counts(figures: TagFigures) -> dict[str, int]:
    names = ("newly_fires", "stops_firing", "changed", "new_errors", "newly_denied")
    return {name: getattr(figures, name) for name in names if getattr(figures, name)}


def test_the_same_container_does_the_same(drafts: Drafts) -> None:
    found = tried(drafts, drafts.draft())
    assert (found.hits, found.events, found.complete, found.live) == (HITS, HITS, True, 1)
    assert (found.tags, found.blocks, found.slower, found.events_changed) == ({}, (), 0.0, 0)
    assert found.us_per_event[0] > 0


def test_the_last_hits_are_taken(drafts: Drafts) -> None:
    found = tried(drafts, drafts.draft(lambda data: data["tags"].pop("hook")), last=10)
    assert (found.hits, found.asked, found.complete) == (10, 10, True)
    assert counts(found.tags["hook"]) == {"stops_firing": 10}
    assert found.tags["hook"].reasons == {"no_tag": 10}
    assert found.tags["hook"].examples[0]["event"] == f"0.{HITS}/0"
    assert len(found.tags["hook"].examples) == 3


def test_a_trigger_that_is_narrower_and_one_that_is_wider(drafts: Drafts) -> None:
    def change(data: dict[str, Any]) -> None:
        data["triggers"]["everything"] = {"all": [{"field": "value", "is": "less", "value": 100}]}
        data["triggers"]["never"] = {"all": [{"field": "value", "is": "less", "value": 5}]}

    found = tried(drafts, drafts.draft(change))
    assert counts(found.tags["hook"]) == {"stops_firing": HITS - 100}
    assert counts(found.tags["quiet"]) == {"newly_fires": 5}
    assert found.blocks == ()


def test_a_payload_that_changes_comes_with_its_differences(drafts: Drafts) -> None:
    found = tried(drafts, drafts.draft(lambda data: data["variables"]["note"]["settings"].update(value="after")))
    assert counts(found.tags["hook"]) == {"changed": HITS}
    assert found.tags["hook"].examples[0] == {
        "event": f"0.{HITS}/0",
        "change": "changed",
        "reason": "item",
        "item": [{"path": "note", "before": "before", "after": "after"}],
        "request": [],
    }


def test_nothing_that_is_shown_names_a_person(drafts: Drafts) -> None:
    def change(data: dict[str, Any]) -> None:
        data["transformations"]["more"]["settings"]["fields"]["user_data.email_address"] = "joe.public@mail.example"

    text = json.dumps(tried(drafts, drafts.draft(change)).as_dict())
    assert "user_data.email_address" in text
    assert [name for name in ("jane.roe", "joe.public") if name in text] == []


def test_consent_that_is_missing_is_told_apart(tmp_path: Path) -> None:
    other = Drafts(tmp_path / "data")
    other.fill(10)
    other.fill(4, consent=dict.fromkeys(PURPOSES, True) | {"ad_storage": False})
    draft = other.draft(lambda data: data["tags"]["hook"].update(consent=["ad_storage"]))
    found = tried(other, draft)
    assert counts(found.tags["hook"]) == {"newly_denied": 4}
    assert found.tags["hook"].reasons == {"ad_storage": 4}


def test_a_script_that_fails_blocks(drafts: Drafts) -> None:
    found = tried(drafts, drafts.draft(lambda data: data["tags"]["hook"].update(template="faulty", settings={})))
    assert counts(found.tags["hook"]) == {"new_errors": HITS}
    (block,) = found.blocks
    assert block.startswith(f"hook: {HITS} events fail that do not fail now, for example 0.{HITS}/0: error: ")


def test_a_request_that_fails_blocks(drafts: Drafts) -> None:
    source = "return { map = function(event) return { a = 1 } end, request = function() error('no address') end }"
    bad = template("destination", "bad", source)
    found = tried(drafts, drafts.draft(lambda data: data["tags"]["hook"].update(template="bad", settings={}), bad))
    assert counts(found.tags["hook"]) == {"new_errors": HITS}
    assert "request: error: " in found.blocks[0]


def test_what_is_given_up_before_any_tag_blocks(drafts: Drafts) -> None:
    source = "return { parse = function(hit) error('cannot') end }"
    bad = template("client", "json_event", source)
    found = tried(drafts, drafts.draft(lambda data: None, bad))
    assert counts(found.tags["(pipeline)"]) == {"new_errors": HITS}
    assert counts(found.tags["hook"]) == {"stops_firing": HITS}
    assert found.blocks[0].startswith(f"(pipeline): {HITS} events would be given up")


def test_a_variable_that_fails_blocks(drafts: Drafts) -> None:
    bad = template("variable", "constant", "return { resolve = function() return nil .. 'x' end }")
    found = tried(drafts, drafts.draft(lambda data: None, bad))
    assert counts(found.tags["variable note"]) == {"new_errors": HITS}
    assert found.blocks[0].startswith("variable note: ")


def test_a_script_that_failed_before_is_no_new_error(tmp_path: Path) -> None:
    other = Drafts(tmp_path / "data")
    other.publish(other.draft(lambda data: data["tags"]["hook"].update(template="faulty", settings={})))
    other.fill(5)
    draft = other.draft(lambda data: data["tags"]["hook"].update(template="faulty", settings={}, priority=1))
    assert tried(other, draft).blocks == ()


def test_a_draft_that_is_slower_is_told_with_the_ratio(drafts: Drafts) -> None:
    source = """
    local function apply(event)
      local sum = 0
      for n = 1, 60000 do sum = sum + n end
      return event
    end
    return { apply = apply }
    """
    slow = template("transformation", "slow", source)

    def change(data: dict[str, Any]) -> None:
        data["transformations"]["slow"] = {"template": "slow"}

    found = tried(drafts, drafts.draft(change, slow))
    live, draft = found.us_per_event
    assert found.slower == pytest.approx(draft / live, rel=0.1)
    assert found.slower > 1.5
    assert found.blocks == ()


def test_a_look_up_that_is_not_recorded_is_no_error(drafts: Drafts) -> None:
    def change(data: dict[str, Any]) -> None:
        settings = {"url": "https://erp.shop.example/stock", "default": "none"}
        data["variables"]["note"] = {"template": "http_lookup", "settings": settings}

    found = tried(drafts, drafts.draft(change))
    assert (found.lookups_not_recorded, found.hits, found.tags, found.blocks) == (HITS, 0, {}, ())


def test_it_ends_when_the_time_is_over(drafts: Drafts) -> None:
    found = tried(drafts, drafts.draft(), most_s=-1.0)
    assert (found.complete, found.hits) == (False, 0)


def test_hits_of_previews_and_damaged_records_are_passed_over(tmp_path: Path) -> None:
    other = Drafts(tmp_path / "data")
    other.fill(3, environment="preview")
    other.fill(5)
    with closing(sqlite3.connect(log_path(other.folder, 0), isolation_level=None)) as log:
        log.execute("UPDATE hit SET record = x'01C1' WHERE seq = 6")
    assert tried(other, other.draft()).hits == 4


def test_it_needs_a_live_version(tmp_path: Path, drafts: Drafts) -> None:
    with pytest.raises(OperatorError):
        dry_run(tmp_path, drafts.draft())


def test_it_goes_through_a_pipe_whole(drafts: Drafts) -> None:
    found = tried(drafts, drafts.draft(lambda data: data["tags"].pop("hook")))
    assert msgspec.json.decode(found.as_json(), type=DryRun) == found
