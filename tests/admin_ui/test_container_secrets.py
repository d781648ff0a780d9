"""Secrets on pages: they go in, and nothing ever shows one; hostile names and values are text wherever they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.containers.yaml_text import yaml_text
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.store.secrets import key_file, vault_of
from runtime.text.secrets import variable_name
from tests.admin_ui.drafted import WS, data_of, form_of, make_drafts
from tests.support.admin import AdminBrowser

CANARY = "canary-5b1f-never-to-be-seen-9c3e"
HOOK = f"/w/{WS}/tags/hook"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_drafts(tmp_path / "data")


def values(data: Path) -> dict[str, str]:
    vault = vault_of(key_file(data, None))
    with Control.read(control_path(data)) as control:
        return control.secrets.values(vault) if vault else {}


def pages_and_data(data: Path) -> list[str]:
    parts = data_of(data)
    lists = [section for section in parts if isinstance(parts[section], dict) and section != "consent"]
    pages = [f"/w/{WS}", f"/w/{WS}/changes", f"/w/{WS}/merge", "/container?all=1", "/secrets", "/audit", "/versions"]
    pages += [f"/w/{WS}/{section}" for section in lists]
    pages += [f"/w/{WS}/{section}/{id}" for section in lists for id in parts[section]]
    return [*pages, *(f"/api/v1/workspaces/{WS}/{section}" for section in lists), "/api/v1/secrets", "/api/v1/audit"]


def test_a_value_that_is_typed_goes_into_the_store_and_nowhere_else(data: Path) -> None:
    browser = AdminBrowser(data, "publisher", name="pat")
    sent = {**form_of(browser, HOOK), "settings.secret.name": "HOOK-KEY", "settings.secret.value": CANARY}
    answer = browser.post(HOOK, sent)
    assert answer.status_code == 303
    assert CANARY not in answer.text + str(answer.headers)
    assert data_of(data)["tags"]["hook"]["settings"]["secret"] == "secret:HOOK-KEY"
    assert values(data) == {"HOOK_KEY": CANARY}
    for path in pages_and_data(data):
        page = browser.get(path)
        assert page.status_code == 200, path
        assert CANARY not in page.text, path
    listed = browser.get("/secrets").text
    assert "…9c3e" in listed
    assert "by pat" in listed
    assert f"{WS}: tags.hook" in listed
    assert "ends in 9c3e" in browser.get(HOOK).text


def test_a_form_that_is_refused_stores_no_secret_and_shows_none(data: Path) -> None:
    browser = AdminBrowser(data, "publisher")
    sent = {**form_of(browser, HOOK), "settings.secret.value": CANARY, "priority": "much"}
    answer = browser.post(HOOK, sent)
    assert answer.status_code == 422
    assert CANARY not in answer.text
    assert values(data) == {}


def test_an_editor_names_secrets_and_sets_none(data: Path) -> None:
    browser = AdminBrowser(data, "editor")
    assert 'type="password"' not in browser.get(HOOK).text
    form = form_of(browser, HOOK)
    assert browser.post(HOOK, {**form, "settings.secret.value": CANARY}).status_code == 403
    assert browser.post("/secrets", {"name": "A", "value": CANARY}).status_code == 403
    assert browser.json("PUT", "/api/v1/secrets/A", {"value": CANARY}).status_code == 403
    assert browser.post(HOOK, {**form, "settings.secret.name": "OTHER"}).status_code == 303
    assert data_of(data)["tags"]["hook"]["settings"]["secret"] == "secret:OTHER"
    assert "not set" in browser.get("/secrets").text
    assert values(data) == {}


def test_secrets_are_set_and_removed(data: Path) -> None:
    browser = AdminBrowser(data, "publisher")
    assert browser.post("/secrets", {"name": "A", "value": " with blanks "}).status_code == 303
    assert browser.json("PUT", "/api/v1/secrets/B", {"value": CANARY}).status_code == 204
    assert values(data) == {"A": " with blanks ", "B": CANARY}
    rows = {row["name"]: row for row in browser.get("/api/v1/secrets").json()["rows"]}
    assert (rows["A"]["ending"], rows["B"]["ending"]) == ("", "9c3e")
    assert browser.json("DELETE", "/api/v1/secrets/B").status_code == 204
    assert browser.json("DELETE", "/api/v1/secrets/B").status_code == 404
    assert browser.post("/secrets", {"name": "A", "remove": "1"}).status_code == 303
    assert values(data) == {}
    for name, value in (("9", "v"), ("A", ""), ("a b", "v"), ("A", "x" * 20000)):
        assert browser.post("/secrets", {"name": name, "value": value}).status_code in (404, 422)


def test_a_variable_of_the_environment_is_named_and_not_shown(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable_name("SIGNING"), CANARY)
    page = AdminBrowser(data, "publisher").get("/secrets").text
    assert variable_name("SIGNING") in page
    assert "from the environment" in page
    assert CANARY not in page


def test_what_stands_in_the_file_in_place_of_a_secret_is_not_shown(data: Path) -> None:
    browser = AdminBrowser(data, "editor")
    path = f"/api/v1/workspaces/{WS}/variables/asked"
    part = {"template": "http_lookup", "settings": {"url": "https://api.shop.example/x", "token": CANARY}}
    assert browser.json("PUT", path, part).status_code == 200
    for page in (f"/w/{WS}/variables", f"/w/{WS}/variables/asked", f"/w/{WS}"):
        assert CANARY not in browser.get(page).text
    form = form_of(browser, f"/w/{WS}/variables/asked")
    assert browser.post(f"/w/{WS}/variables/asked", {**form, "note": "n"}).status_code == 303
    assert data_of(data)["variables"]["asked"]["settings"]["token"] == CANARY


PAYLOADS = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'-alert(1)-'", "</textarea><script>x</script>",
    "</title><svg onload=alert(1)>", "{{7*7}}", "{% raw %}", "javascript:alert(1)", "&lt;b&gt;", "\u202eevil\u2066",
    "]]><b>", "<!--", "</option></select><b>", "`${alert(1)}`",
)  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_is_text_on_every_page(tmp_path: Path, payload: str) -> None:
    part = {"note": payload, "folder": payload}
    text = {
        "container": "shop", "note": payload, "domains": [payload],
        "clients": {"json": {"template": "json_event", "settings": {"paths": [payload]}, **part}},
        "tags": {
            "hook": {"template": "webhook", "settings": {"endpoint": payload, "headers": {payload: payload}},
                     "triggers": [payload], "setup": {"tag": payload}, **part},
            "odd": {"template": payload, "settings": {"x": payload}},
            "strange": {"template": "webhook", "settings": {payload.replace(".", ""): payload}},
        },
        "triggers": {"t": {"all": [{"field": payload, "is": "equals", "value": payload}], **part}},
        "variables": {"v": {"template": "lookup_table", "settings": {"table": {payload: payload}}, **part}},
        "transformations": {"x": {"template": "exclude", "settings": {"fields": [payload]}, "tags": [payload], **part}},
        "schemas": {"s": {"events": [payload], "schema": {"title": payload}, **part}},
        "folders": {"f": {"note": payload}},
    }  # fmt: skip
    data = make_drafts(tmp_path / "data")
    browser = AdminBrowser(data, "publisher")
    put = browser.json("PUT", f"/api/v1/workspaces/{WS}/files", {"files": {"container.yaml": yaml_text(text)}})
    assert put.status_code == 200, put.text
    for path in [*pages_and_data(data), f"/w/{WS}/file"]:
        page = browser.get(path)
        assert page.status_code == 200, (path, page.text[:500])
        if not path.startswith("/api/") and set(payload) & set("<\"'"):
            assert payload not in page.text, path
    for section in ("tags", "triggers"):
        searched = browser.ask("GET", f"/w/{WS}/{section}", params={"q": payload, "folder": payload})
        assert searched.status_code == 200
        assert payload not in searched.text or not set(payload) & set("<\"'")
    refused = browser.post(HOOK, {**form_of(browser, HOOK), "id": payload, "priority": payload})
    assert refused.status_code == 422
    if set(payload) & set("<\"'"):
        assert payload not in refused.text
