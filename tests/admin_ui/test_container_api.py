"""The container through the API: the same functions as the pages, revisions as ETags, dry runs that store nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from runtime.store.control import Control
from runtime.store.files import control_path
from tests.admin_ui.drafted import CONTAINER, WS, data_of, make_drafts, text_of
from tests.support.admin import AdminBrowser

API = f"/api/v1/workspaces/{WS}"
HOOK = f"{API}/tags/hook"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_drafts(tmp_path / "data")


@pytest.fixture
def editor(data: Path) -> AdminBrowser:
    return AdminBrowser(data, "editor", name="ed")


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def revisions(data: Path) -> int:
    with Control.read(control_path(data)) as control:
        return len(control.workspaces.revisions(control.workspaces.get(WS)))


def test_a_part_is_read_changed_and_removed(data: Path, editor: AdminBrowser) -> None:
    shown = editor.get(HOOK)
    tag = ok(shown)["part"]
    assert tag == data_of(data)["tags"]["hook"]
    tag["note"] = "by a program"
    saved = editor.json("PUT", HOOK, tag, **{"if-match": shown.headers["etag"]})
    assert ok(saved)["saved"] is True
    assert saved.headers["etag"] == f'"{saved.json()["revision"]}"'
    assert data_of(data)["tags"]["hook"]["note"] == "by a program"
    assert "# The warehouse wants it." in text_of(data)
    ok(editor.json("DELETE", HOOK))
    assert editor.get(HOOK).status_code == 404
    assert editor.json("DELETE", HOOK).status_code == 404


@pytest.mark.parametrize(
    "section", ["clients", "tags", "triggers", "variables", "transformations", "schemas", "folders"]
)
def test_every_section_is_listed(editor: AdminBrowser, section: str) -> None:
    found = ok(editor.get(f"{API}/{section}"))
    assert {row["id"] for row in found["rows"]} == set(data_of(editor.data).get(section, {}))
    for row in found["rows"]:
        assert ok(editor.get(f"{API}/{section}/{row['id']}"))["id"] == row["id"]


@pytest.mark.parametrize(
    ("section", "part", "path"),
    [
        ("tags", {"template": "webhook", "priority": "much"}, "tags.new-one.priority"),
        ("tags", {}, "tags.new-one.template"),
        ("triggers", {"all": [{"field": "a", "is": "like"}]}, "triggers.new-one.all.0.is"),
        ("variables", {"template": "bot", "colour": "red"}, "variables.new-one.colour"),
        ("folders", [], "folders.new-one"),
        ("schemas", {"schema": 5}, "schemas.new-one.schema"),
    ],
)
def test_what_has_not_its_shape_is_422_with_each_problem(
    data: Path, editor: AdminBrowser, section: str, part: Any, path: str
) -> None:
    answer = editor.json("PUT", f"{API}/{section}/new-one", part)
    assert answer.status_code == 422
    assert path in [problem["path"] for problem in answer.json()["problems"]]
    assert text_of(data) == CONTAINER


@pytest.mark.parametrize("id", ["a%20b", "9lives", "x" * 65, "a.b"])
def test_a_name_that_cannot_be_one_is_refused(editor: AdminBrowser, id: str) -> None:
    assert editor.json("PUT", f"{API}/folders/{id}", {}).status_code == 422


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
def test_a_body_that_is_no_json_is_refused(editor: AdminBrowser, body: bytes) -> None:
    headers = {"sec-fetch-site": "same-origin", "x-csrf-token": editor.csrf, "content-type": "application/json"}
    assert editor.ask("PUT", HOOK, content=body, headers=headers).status_code == 400


def test_what_others_saved_is_merged_or_told_with_412(data: Path, editor: AdminBrowser) -> None:
    shown = editor.get(HOOK)
    mine, seen = shown.json()["part"], {"if-match": shown.headers["etag"]}
    ok(editor.json("PUT", HOOK, {**mine, "note": "theirs"}))
    merged = ok(editor.json("PUT", HOOK, {**mine, "paused": True}, **seen))
    assert merged["merged_with"] is not None
    assert data_of(data)["tags"]["hook"]["note"] == "theirs"
    refused = editor.json("PUT", HOOK, {**mine, "note": "mine"}, **seen)
    assert refused.status_code == 412
    told = refused.json()
    assert told["conflicts"] == [
        {"path": "tags.hook.note", "base": "For the warehouse", "mine": "mine", "theirs": "theirs"}
    ]
    assert told["current"]["tags.hook"]["paused"] is True
    assert refused.headers["etag"] == f'"{told["revision"]}"'
    assert data_of(data)["tags"]["hook"]["note"] == "theirs"


@pytest.mark.parametrize(("etag", "status"), [('"999"', 412), ("soon", 400), ('W/"999"', 412), ("*", 200), ("-1", 400)])
def test_if_match_names_a_revision_of_this_workspace(editor: AdminBrowser, etag: str, status: int) -> None:
    assert editor.json("DELETE", HOOK, **{"if-match": etag}).status_code == status


def test_a_dry_run_of_anything_stores_nothing(data: Path) -> None:
    browser = AdminBrowser(data, "publisher")
    tag = ok(browser.get(HOOK))["part"]
    with Control(control_path(data)) as control:
        rows = len(control.audit_log())
    found = ok(browser.json("PUT", f"{HOOK}?dry_run=true", {**tag, "triggers": ["nowhere"]}))
    assert found["saved"] is False
    assert "tags.hook.triggers.0" in [problem["path"] for problem in found["problems"]]
    asked: list[tuple[str, str, Any, int]] = [
        ("DELETE", HOOK, None, 200), ("POST", f"{API}/rename", {"section": "tags", "id": "hook", "name": "x"}, 200),
        ("PUT", f"{API}/files", {"files": {"container.yaml": ""}}, 200),
        ("PATCH", f"{API}/settings", {"note": "n"}, 200),
        ("POST", "/api/v1/workspaces", {"name": "other"}, 201), ("PATCH", API, {"name": "other"}, 200),
        ("DELETE", API, None, 204), ("PUT", "/api/v1/secrets/NEW", {"value": "v"}, 204),
        ("POST", f"{API}/restore", {"revision": 2}, 200), ("POST", f"{API}/merge", {}, 200),
    ]  # fmt: skip
    for method, path, body, status in asked:
        assert browser.json(method, f"{path}?dry_run=true", body).status_code == status, path
    assert browser.json("DELETE", "/api/v1/secrets/NONE?dry_run=true").status_code == 404
    assert browser.json("POST", "/api/v1/workspaces?dry_run=true", {"name": WS}).status_code == 404
    with Control(control_path(data)) as control:
        assert len(control.audit_log()) == rows
        assert [workspace.name for workspace in control.workspaces.list()] == [WS]
        assert control.secrets.rows() == []
    assert text_of(data) == CONTAINER
    assert not (data / "master.key").exists()


def test_whole_files(data: Path, editor: AdminBrowser) -> None:
    shown = editor.get(f"{API}/files")
    files = ok(shown)["files"]
    assert files == {"container.yaml": CONTAINER}
    seen = {"if-match": shown.headers["etag"]}
    text = CONTAINER.replace("hello", "bye")
    saved = ok(editor.json("PUT", f"{API}/files", {"files": {"container.yaml": text}}, **seen))
    assert saved["problems"]
    assert text_of(data) == text
    for files in ({"/etc/passwd": ""}, {"templates/../x": ""}, {"notes.txt": ""}):
        assert editor.json("PUT", f"{API}/files", {"files": files}).status_code == 422
    broken = ok(editor.json("PUT", f"{API}/files", {"files": {"container.yaml": "a: ["}}))
    assert broken["problems"][0]["severity"] == "error"
    assert ok(editor.get(f"{API}/tags"))["rows"] == []
    assert editor.json("PUT", HOOK, {"template": "webhook"}).status_code == 422


def test_rename_and_settings(data: Path, editor: AdminBrowser) -> None:
    ok(editor.json("POST", f"{API}/rename", {"section": "triggers", "id": "purchases", "name": "orders"}))
    assert data_of(data)["tags"]["hook"]["triggers"] == ["orders"]
    assert editor.json("POST", f"{API}/rename", {"section": "triggers", "id": "none", "name": "x"}).status_code == 404
    assert editor.json("POST", f"{API}/rename", {"section": "nothing", "id": "a", "name": "x"}).status_code == 422
    ok(editor.json("PATCH", f"{API}/settings", {"note": "n", "consent": {"default": "denied"}}))
    assert ok(editor.get(f"{API}/settings"))["settings"] == {
        "container": "shop", "domains": ["shop.example"], "consent": {"default": "denied"}, "note": "n",
    }  # fmt: skip
    assert editor.json("PATCH", f"{API}/settings", {"consent": {"default": "maybe"}}).status_code == 422


def test_workspaces(data: Path, editor: AdminBrowser) -> None:
    (row,) = ok(editor.get("/api/v1/workspaces"))["rows"]
    assert (row["name"], row["base"], row["differs"], row["is_behind"]) == (WS, 1, False, False)
    made = ok(editor.json("POST", "/api/v1/workspaces", {"name": "other", "base": 1, "note": "n"}))
    assert made["name"] == "other"
    assert ok(editor.json("PATCH", "/api/v1/workspaces/other", {"note": "m"}))["note"] == "m"
    assert ok(editor.get("/api/v1/workspaces/other"))["note"] == "m"
    assert editor.json("POST", "/api/v1/workspaces", {"name": "third", "base": 9}).status_code == 404
    assert editor.json("DELETE", "/api/v1/workspaces/other").status_code == 204
    assert editor.get("/api/v1/workspaces/other").status_code == 404
    with Control(control_path(data)) as control:
        assert control.verify() == []
        assert control.audit_log()[-1].who == "ed"


def test_going_back_to_an_earlier_save(data: Path, editor: AdminBrowser) -> None:
    first = ok(editor.get(f"{API}/revisions"))["rows"][0]["revision"]
    ok(editor.json("DELETE", HOOK))
    assert ok(editor.get(f"{API}/revisions"))["rows"][0]["revision"] > first
    ok(editor.json("POST", f"{API}/restore", {"revision": first}))
    assert text_of(data) == CONTAINER
    assert editor.json("POST", f"{API}/restore", {"revision": 99}).status_code == 404


def test_live_is_taken_in_with_a_choice_for_what_both_changed(data: Path) -> None:
    browser = AdminBrowser(data, "publisher")
    tag = ok(browser.get(HOOK))["part"]
    ok(browser.json("PUT", HOOK, {**tag, "note": "mine"}))
    text = CONTAINER.replace("For the warehouse", "theirs")
    ok(browser.json("POST", "/api/v1/workspaces", {"name": "b", "files": {"container.yaml": text}}))
    ok(browser.json("POST", "/api/v1/workspaces/b/publish", {}))
    asked = browser.json("POST", f"{API}/merge", {})
    assert asked.status_code == 409
    (conflict,) = asked.json()["conflicts"]
    assert conflict["path"] == "tags.hook.note"
    wrong = {"resolutions": {"tags.hook.note": "mine"}, "seen": 1}
    assert browser.json("POST", f"{API}/merge", wrong).status_code == 409
    decided = {"resolutions": {"tags.hook.note": "mine"}, "seen": asked.json()["theirs"]}
    assert ok(browser.json("POST", f"{API}/merge", decided))["base"] == 2
    assert ok(browser.json("POST", f"{API}/merge", {}))["merged_with"] is None
    assert data_of(data)["tags"]["hook"]["note"] == "mine"


def test_templates(editor: AdminBrowser) -> None:
    rows = ok(editor.get(f"{API}/templates"))["rows"]
    webhook = next(row for row in rows if row["id"] == "webhook")
    assert (webhook["kind"], webhook["own"], webhook["used_by"]) == ("destination", False, ["tags.hook"])
    assert [row["id"] for row in ok(editor.get("/api/v1/templates?kind=client&q=openbridge"))["rows"]] == [
        "meta_openbridge"
    ]
    manifest = ok(editor.get("/api/v1/templates/destination/webhook"))
    assert {field["id"] for field in manifest["fields"]} >= {"endpoint", "secret"}
    assert editor.get("/api/v1/templates/destination/none").status_code == 404
    assert editor.get("/api/v1/templates?kind=odd").status_code == 400


CHANGES: list[tuple[str, str, Any]] = [
    ("PUT", HOOK, {"template": "webhook"}), ("DELETE", HOOK, None), ("PUT", f"{API}/files", {"files": {}}),
    ("POST", f"{API}/rename", {}), ("PATCH", f"{API}/settings", {"note": "x"}), ("POST", f"{API}/merge", {}),
    ("PATCH", API, {"note": "x"}), ("DELETE", API, None), ("POST", "/api/v1/workspaces", {"name": "x"}),
    ("POST", f"{API}/restore", {"revision": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_viewers_and_read_only_mode_change_nothing(data: Path, method: str, path: str, body: Any) -> None:
    assert AdminBrowser(data, "viewer").json(method, path, body).status_code == 403
    assert AdminBrowser(data, "admin", read_only=True).json(method, path, body).status_code >= 400
    assert text_of(data) == CONTAINER
    assert revisions(data) == 1
