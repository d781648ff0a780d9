"""What the condition builder asks of the admin port: fields and values, and what conditions match; for whom, and how it
tells what is wrong."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runtime.containers.draft import read_files
from runtime.containers.edits import set_part
from runtime.containers.workspace import create_workspace, edit_workspace
from runtime.lua.script_check import ScriptCheck
from runtime.model.role import Role
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import AdminBrowser
from tests.support.drafts import Drafts
from tests.support.history import PERSONAL, History

READ = partial(read_files, script_check=ScriptCheck)
PURCHASES: dict[str, Any] = {"all": [{"field": "event_name", "is": "equals", "value": "purchase"}]}
DEAR = {"field": "value", "is": "greater", "value": 5}
MATCH = "/api/v1/workspaces/summer/match"


@pytest.fixture
def data(history: History, tmp_path: Path) -> Path:
    """A copy with a draft."""
    folder = shutil.copytree(history.data, tmp_path / "data")
    with Control(control_path(folder), who="ann") as control:
        create_workspace(control, "summer", READ)
    return folder


def edit(data: Path, path: str, value: Any) -> None:
    with Control(control_path(data), who="ann") as control:
        edit_workspace(control, "summer", lambda files: set_part(files, path, value), READ)


@pytest.mark.parametrize(
    ("role", "fields", "match"), [(None, 401, 401), ("viewer", 200, 403), ("editor", 200, 200), ("admin", 200, 200)]
)
def test_who_may_ask(data: Path, role: Role | None, fields: int, match: int) -> None:
    browser = AdminBrowser(data, role)
    assert browser.get("/api/v1/fields").status_code == fields
    assert browser.json("POST", MATCH, {"conditions": PURCHASES}).status_code == match
    form = browser.post("/w/summer/match", {"conditions": json.dumps(PURCHASES)}, **{"hx-request": "true"})
    assert form.status_code == match


def test_fields_of_the_api(data: Path) -> None:
    browser = AdminBrowser(data, "viewer")
    found = browser.get("/api/v1/fields?q=EMAIL").json()
    (mail,) = found["fields"]
    assert (found["events"], found["found"], mail["path"]) == (7, 1, "user_data.email_address")
    assert mail["values"] == [{"value": "j***@***.example", "count": 5, "masked": True}]
    assert len(browser.get("/api/v1/fields?limit=2").json()["fields"]) == 2
    text = browser.get("/api/v1/fields?limit=1000&workspace=summer").text
    assert [each for each in PERSONAL if each in text] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "colour=red", f"q={'x' * 201}"])
def test_what_makes_no_sense_is_refused(data: Path, query: str) -> None:
    assert AdminBrowser(data, "viewer").get(f"/api/v1/fields?{query}").status_code == 400


def test_variables_of_a_draft(data: Path) -> None:
    edit(data, "variables.kind", {"template": "constant", "settings": {"value": "sale"}})
    browser = AdminBrowser(data, "viewer")
    found = browser.get("/api/v1/fields?limit=1&workspace=summer").json()
    told = {each["name"]: each for each in found["variables"]}
    assert found["variable_events"] == 7
    assert told["is_bot"]["values"] == [{"value": False, "count": 7, "masked": False}]
    assert told["kind"]["values"] == [{"value": "sale", "count": 7, "masked": False}]
    assert told["kind"]["template"] == "constant"
    assert browser.get("/api/v1/fields?workspace=nowhere").status_code == 404


def test_a_draft_with_errors_has_its_variables_listed_and_those_of_live_asked(data: Path) -> None:
    edit(data, "variables.kind", {"template": "nothing"})
    browser = AdminBrowser(data, "editor")
    told = {each["name"]: each for each in browser.get("/api/v1/fields?workspace=summer").json()["variables"]}
    assert (told["kind"]["events"], told["is_bot"]["events"]) == (0, 7)
    asked = {"any": [{"variable": "kind", "is": "exists"}, {"variable": "is_bot", "is": "exists"}]}
    found = browser.json("POST", MATCH, {"conditions": asked}).json()
    assert (found["variables_of"], found["unknown_variables"], found["matches"]) == ("live", ["kind"], 7)
    page = browser.post("/w/summer/match", {"conditions": json.dumps(asked)}).text
    assert "The draft has errors" in page
    assert "no such variable" in page


def test_match_by_fields_and_by_variables_of_the_draft(data: Path) -> None:
    edit(data, "variables.kind", {"template": "constant", "settings": {"value": "sale"}})
    browser = AdminBrowser(data, "editor")
    found = browser.json("POST", MATCH, {"conditions": {"all": [*PURCHASES["all"], DEAR]}}).json()
    assert (found["events"], found["matches"], found["near"], found["variables_of"]) == (7, 3, 1, "")
    assert found["share"] == 0.4286
    assert found["near_misses"][0]["failing"] == [{"path": "all.1", **DEAR, "actual": 3, "result": False}]
    asked = {"all": [*PURCHASES["all"], {"variable": "kind", "is": "equals", "value": "sale"}]}
    found = browser.json("POST", MATCH, {"conditions": asked, "last": 2}).json()
    assert (found["events"], found["matches"], found["variables_of"]) == (2, 2, "summer")


@pytest.mark.parametrize("body", [{}, {"conditions": []}, {"conditions": {"all": 1}}, {"conditions": {}, "last": 5001}])
def test_the_api_tells_what_is_wrong(data: Path, body: dict[str, Any]) -> None:
    answer = AdminBrowser(data, "editor").json("POST", MATCH, body)
    assert answer.status_code == 422
    assert answer.json()["problems"]


def test_a_workspace_that_does_not_exist(data: Path) -> None:
    browser = AdminBrowser(data, "editor")
    assert browser.json("POST", MATCH.replace("summer", "nowhere"), {"conditions": {}}).status_code == 404
    assert browser.post("/w/nowhere/match", {"conditions": "{}"}).status_code == 404


def test_the_part_of_the_page_and_the_page_without_javascript(data: Path) -> None:
    browser = AdminBrowser(data, "editor")
    form = {"conditions": json.dumps({"all": [*PURCHASES["all"], DEAR]})}
    part = browser.post("/w/summer/match", form, **{"hx-request": "true"}).text
    assert "<html" not in part
    assert "Matches 3 of the last 7 events (42.9 %). One condition short: 1." in part
    assert '<a href="/events/0.2/0">0.2/0</a>' in part
    assert "it was <code>3</code>" in part
    page = browser.post("/w/summer/match", form).text
    assert "<h1>What conditions match</h1>" in page
    assert part.partition('<div class="match-lists">')[2].strip() in page


def test_conditions_that_are_not_complete_are_no_error_while_somebody_types(data: Path) -> None:
    browser = AdminBrowser(data, "editor")
    typed = json.dumps({"all": [{"field": "value", "is": "greater", "value": "x"}]})
    answer = browser.post("/w/summer/match", {"conditions": typed}, **{"hx-request": "true"})
    assert answer.status_code == 200
    assert "Not counted" in answer.text
    assert "all.0.value" in answer.text
    assert 'role="alert"' not in answer.text


def test_text_is_read_as_the_triggers_form_reads_it(data: Path) -> None:
    browser = AdminBrowser(data, "editor")
    yaml = "all:\n  - {field: event_name, is: equals, value: purchase}\n"
    assert "Matches 4 of the last 7 events" in browser.post("/w/summer/match", {"conditions": yaml}).text
    for text in ("{", "a: 1\na: 2", "[]", "x"):
        answer = browser.post("/w/summer/match", {"conditions": text})
        assert (answer.status_code, "Not counted" in answer.text) == (200, True), text
    assert browser.post("/w/summer/match", {"conditions": "x" * 70_000}).status_code == 413


def test_nothing_is_stored_yet(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "data")
    with Control(control_path(drafts.folder)) as control:
        create_workspace(control, "summer", READ)
    page = AdminBrowser(drafts.folder, "editor").post("/w/summer/match", {"conditions": "{}"}).text
    assert "No event is stored yet" in page


def test_what_senders_wrote_is_text(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "data")
    payload = '"><script>alert(1)</script>'
    body = json.dumps({"event_name": payload, "event_id": "e1", payload: payload}).encode()
    drafts.fill(1, body=body)
    with Control(control_path(drafts.folder)) as control:
        create_workspace(control, "summer", READ)
    browser = AdminBrowser(drafts.folder, "editor")
    asked = {
        "all": [
            {"field": "event_name", "is": "equals", "value": payload},
            {"field": payload, "is": "equals", "value": payload},
        ]
    }
    for conditions in (asked, {"all": [{"field": "event_name", "is": "equals", "value": "x"}]}):
        page = browser.post("/w/summer/match", {"conditions": json.dumps(conditions)}).text
        assert "alert(1)" in page
        assert "<script>alert" not in page
    assert browser.get("/api/v1/fields").headers["content-type"] == "application/json"
