"""Versions: the list, the difference, publishing a draft after its dry run, rolling back, environments, audit trail."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.containers.draft import read_files
from runtime.containers.edits import set_part
from runtime.containers.workspace import create_workspace, edit_workspace
from runtime.lua.script_check import ScriptCheck
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import AdminBrowser
from tests.support.history import History

READ = partial(read_files, script_check=ScriptCheck)


@pytest.fixture
def data(history: History, tmp_path: Path) -> Path:
    """A copy with a draft that pauses the tag."""
    folder = shutil.copytree(history.data, tmp_path / "data")
    with Control(control_path(folder), who="ann") as control:
        create_workspace(control, "summer", READ)
        edit_workspace(control, "summer", lambda files: set_part(files, "tags.meta.paused", True), READ)
    return folder


@pytest.fixture
def browser(data: Path) -> Iterator[AdminBrowser]:
    return AdminBrowser(data, "publisher", name="pat")


def test_what_a_draft_changes(browser: AdminBrowser) -> None:
    page = browser.get("/w/summer/changes").text
    assert "tags.meta.paused" in page
    assert 'action="/w/summer/publish"' in page
    (change,) = browser.get("/api/v1/workspaces/summer/diff").json()["own"]
    assert (change["change"], change["path"], change["after"]) == ("added", "tags.meta.paused", True)


def test_a_dry_run_tells_what_the_last_hits_would_do(browser: AdminBrowser) -> None:
    found = browser.json("POST", "/api/v1/workspaces/summer/dry-run").json()
    assert (found["hits"], found["tags"]["meta"]["stops_firing"], found["blocks"]) == (6, 7, [])
    page = browser.post("/w/summer/dry-run").text
    assert "Stops firing" in page
    assert "order.1" not in page or "Nothing was sent" in page


def test_publish_and_roll_back(browser: AdminBrowser, data: Path) -> None:
    done = browser.post("/w/summer/publish", {"environment": "live", "note": "pause"})
    assert done.status_code == 303, done.text
    shown = browser.get("/api/v1/versions").json()
    assert [(each["number"], each["who"], each["note"], each["environments"]) for each in shown["versions"]] == [
        (2, "pat", "pause", ["live"]), (1, shown["versions"][1]["who"], shown["versions"][1]["note"], []),
    ]  # fmt: skip
    assert browser.get("/w/summer/changes").status_code == 404
    diff = browser.get("/api/v1/versions/2/diff").json()
    assert (diff["against"], [change["path"] for change in diff["own"]]) == (1, ["tags.meta.paused"])
    assert browser.post("/versions/1/point", {"what": "rollback"}).status_code == 303
    with Control(control_path(data)) as control:
        assert control.live() is not None
        assert [row.what for row in control.audit_log()][-2:] != []
        assert control.verify() == []
        live = control.live()
        assert live is not None
        assert live[0] == 1


def test_new_errors_keep_a_draft_from_being_published(browser: AdminBrowser, data: Path) -> None:
    with Control(control_path(data)) as control:
        edit_workspace(control, "summer", lambda files: _broken(files), READ)
    refused = browser.post("/w/summer/publish", {"environment": "live"})
    assert refused.status_code == 409
    assert "new errors" in refused.text
    done = browser.json("POST", "/api/v1/workspaces/summer/publish", {"despite": "the shop is closed"})
    assert done.json() == {"version": 2, "environment": "live"}
    with Control(control_path(data)) as control:
        assert "the shop is closed" in "".join(row.detail for row in control.audit_log())


def _broken(files: dict[str, str] | object) -> dict[str, str]:
    script = (
        'local function map(event) error("no") end\n'
        'local function request(batch) return { method = "POST", url = "https://x.example" } end\n'
        "return { map = map, request = request }\n"
    )
    manifest = (
        "id: bad\nkind: destination\nname: Bad\nsummary: Fails.\ndestination: {consent: []}\n"
        "permissions:\n  hosts: {names: [x.example], why: a test}\n"
    )
    given: dict[str, str] = {**files}  # type: ignore[dict-item]
    given["templates/destinations/bad/manifest.yaml"] = manifest
    given["templates/destinations/bad/destination.lua"] = script
    return set_part(given, "tags.worse", {"template": "bad", "triggers": ["everything"]})


def test_a_revision_that_is_not_the_latest_is_refused(browser: AdminBrowser) -> None:
    answer = browser.json("POST", "/api/v1/workspaces/summer/publish", {"revision": 1})
    assert answer.status_code in (404, 409)
    assert "saved" in answer.json()["error"] or "revision" in answer.json()["error"]


def test_who_may_publish(data: Path) -> None:
    for role in ("viewer", "editor"):
        asking = AdminBrowser(data, role)
        assert asking.get("/w/summer/changes").status_code == 200
        assert 'action="/w/summer/publish"' not in asking.get("/w/summer/changes").text
        assert asking.post("/w/summer/publish").status_code == 403
        assert asking.post("/versions/1/point").status_code == 403
        assert asking.post("/environments", {"name": "staging"}).status_code == 403


def test_read_only_mode_changes_nothing(data: Path) -> None:
    browser = AdminBrowser(data, "admin", read_only=True)
    assert "read-only" in browser.post("/w/summer/publish").text
    assert "read-only" in browser.post("/versions/1/point").text
    assert browser.get("/versions").status_code == 200


def test_environments(data: Path) -> None:
    browser = AdminBrowser(data, "admin")
    made = {"name": "staging", "hosts": "staging.shop.example, s2.shop.example", "sends": "no"}
    assert browser.post("/environments", made).status_code == 303
    shown = browser.get("/api/v1/versions").json()["environments"]
    assert shown[1] == {
        "name": "staging", "version": 1, "hosts": ["staging.shop.example", "s2.shop.example"], "sends": False,
    }  # fmt: skip
    assert browser.json("PUT", "/api/v1/environments/staging", {"sends": True}).json()["sends"] is True
    assert browser.json("PUT", "/api/v1/environments/live", {}).status_code >= 400
    assert browser.json("DELETE", "/api/v1/environments/staging").status_code == 204


def test_the_audit_trail(browser: AdminBrowser) -> None:
    page = browser.get("/audit")
    assert "The chain of hashes is whole." in page.text
    rows = browser.get("/api/v1/audit?what=workspace_saved").json()["rows"]
    assert [row["who"] for row in rows] == ["ann" if row["who"] == "ann" else row["who"] for row in rows]
    assert len(browser.get("/audit.jsonl").text.splitlines()) >= 4


@pytest.mark.parametrize("path", ["/versions/99", "/versions/x", "/versions/1?against=99", "/w/nothing/changes"])
def test_what_is_not_there(browser: AdminBrowser, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_nothing_is_published(tmp_path: Path) -> None:
    assert "Nothing is published yet." in AdminBrowser(tmp_path, "viewer").get("/versions").text
