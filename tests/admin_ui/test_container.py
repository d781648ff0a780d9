"""The container's pages: workspaces, lists, forms, saves that meet, deleting with its uses, roles, read-only mode."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from runtime.store.control import Control
from runtime.store.files import control_path
from tests.admin_ui.drafted import CONTAINER, WS, data_of, fields_of, form_of, largest_form, make_drafts, text_of
from tests.support.admin import AdminBrowser

HOOK = f"/w/{WS}/tags/hook"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return make_drafts(tmp_path / "data")


@pytest.fixture
def editor(data: Path) -> AdminBrowser:
    return AdminBrowser(data, "editor", name="ed")


def saved(browser: AdminBrowser, path: str, **changes: Any) -> str:
    """Sends a page's form with changes, and returns what the next page tells."""
    answer = browser.post(path, {**form_of(browser, path), **changes})
    assert answer.status_code == 303, answer.text[:3000]
    return unquote(answer.headers["location"])


def test_the_way_in_leads_to_the_one_draft(editor: AdminBrowser) -> None:
    assert editor.get("/container").headers["location"] == f"/w/{WS}"
    assert editor.get("/container/tags").headers["location"] == f"/w/{WS}/tags"
    page = editor.get("/container?all=1").text
    assert f'href="/w/{WS}"' in page
    assert "same as live" in page
    assert editor.post("/container", {"name": "other"}).headers["location"].startswith("/w/other?")
    both = editor.get("/container")
    assert both.status_code == 200
    assert 'href="/w/other"' in both.text


def test_without_a_draft_what_is_live_is_shown(data: Path, editor: AdminBrowser) -> None:
    gone = editor.post(f"/w/{WS}/discard", {"sure": "yes"})
    assert gone.headers["location"].startswith("/container?all=1")
    page = editor.get("/container").text
    assert "What is live: shop" in page
    assert "on purchases" in page
    assert "Begin a workspace" in page


def test_an_empty_folder_begins_with_an_empty_container(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path, "editor")
    assert "No workspace is open" in browser.get("/container").text
    assert browser.post("/container", {"name": "shop"}).status_code == 303
    assert data_of(tmp_path, "shop") == {"container": "shop"}
    for section in ("clients", "tags", "triggers", "variables", "transformations", "schemas", "folders"):
        assert f"/w/shop/{section}/new" in browser.get(f"/w/shop/{section}").text


@pytest.mark.parametrize("name", ["", "a b", "../x", "spring", "x" * 65])
def test_a_name_that_cannot_be_one_is_refused(editor: AdminBrowser, name: str) -> None:
    assert editor.post("/container", {"name": name}).status_code in (404, 422)


def test_rename_note_and_going_back(data: Path, editor: AdminBrowser) -> None:
    saved(editor, HOOK, note="first")
    first = form_of(editor, HOOK)["revision"][0]
    saved(editor, HOOK, note="second")
    assert editor.post(f"/w/{WS}/restore", {"to": first}).status_code == 303
    assert data_of(data)["tags"]["hook"]["note"] == "first"
    moved = editor.post(f"/w/{WS}/rename", {"name": "summer", "note": "hot"})
    assert moved.headers["location"].startswith("/w/summer")
    page = editor.get("/w/summer").text
    assert "hot" in page
    assert "back to revision" in page


def test_the_containers_own_settings(data: Path, editor: AdminBrowser) -> None:
    where = saved(editor, f"/w/{WS}", domains="shop.example\nshop.test", note="hello")
    assert where == f"/w/{WS}?done=Saved."
    now = data_of(data)
    assert (now["domains"], now["note"]) == (["shop.example", "shop.test"], "hello")
    assert "# for now" in text_of(data)
    for consent, says in (("default: perhaps", "not one of"), ("default: [", "line 1"), ("- a", "a map")):
        answer = editor.post(f"/w/{WS}", {**form_of(editor, f"/w/{WS}"), "consent": consent, "note": "kept"})
        assert answer.status_code == 422
        assert says in answer.text
        assert consent in answer.text
        assert "kept" in answer.text
    assert data_of(data)["consent"] == {"default": "granted"}


def test_lists_search_and_filter(editor: AdminBrowser) -> None:
    def ids(path: str) -> set[str]:
        return set(re.findall(r'aria-label="Choose ([\w-]+)"', editor.get(f"/w/{WS}/{path}").text))

    assert ids("variables") == {"is_bot", "word"}
    assert ids("variables?q=hello") == ids("variables?template=constant") == {"word"}
    assert ids("triggers?status=unused") == {"bots"}
    assert ids("tags?folder=ads") == ids("tags?q=erp+warehouse") == {"hook"}
    assert ids("tags?folder=none") == ids("tags?status=paused") == set()
    assert "Clear the filters" in editor.get(f"/w/{WS}/tags?q=nothing").text
    assert editor.get(f"/w/{WS}/tags?status=odd").status_code == 400
    part = editor.get(f"/w/{WS}/variables?q=hello", **{"hx-request": "true"}).text
    assert "<html" not in part
    assert "word" in part


def test_what_a_form_saves_and_what_it_leaves_alone(data: Path, editor: AdminBrowser) -> None:
    saved(editor, HOOK, **{"settings.endpoint": "https://new.shop.example/in", "paused": "true"})
    tag = data_of(data)["tags"]["hook"]
    assert tag["settings"]["endpoint"] == "https://new.shop.example/in"
    assert tag["paused"] is True
    before, after = CONTAINER.splitlines(), text_of(data).splitlines()
    assert "  # The warehouse wants it." in after
    assert [line for line in before if line not in after] == [
        '    settings: {endpoint: "https://erp.shop.example/hook", secret: secret:SIGNING, headers: {X-Shop: one}}'
    ]


def test_a_form_sent_as_it_is_makes_no_revision(data: Path, editor: AdminBrowser) -> None:
    form = form_of(editor, HOOK)
    saved(editor, HOOK)
    assert form_of(editor, HOOK)["revision"] == form["revision"]
    assert text_of(data) == CONTAINER


def test_a_draft_with_problems_is_saved_and_they_stand_beside_their_inputs(data: Path, editor: AdminBrowser) -> None:
    where = saved(editor, HOOK, **{"settings.endpoint": "no url", "triggers": ["purchases", "nowhere"]})
    assert "problems are left" in where
    page = editor.get(HOOK).text
    assert "is not a URL" in page
    assert 'href="#settings.endpoint"' in page
    assert 'href="#triggers"' in page
    assert "nowhere (not there)" in page
    assert 'value="no url"' in page
    assert "has errors" in editor.get(f"/w/{WS}").text
    assert data_of(data)["tags"]["hook"]["triggers"] == ["purchases", "nowhere"]


def test_what_has_not_its_shape_is_not_saved_and_what_was_typed_stays(data: Path, editor: AdminBrowser) -> None:
    typed = {"priority": "much", "sample": "400", "note": "typed <this>", "schedule.from": "20261130"}
    typed["settings.endpoint"] = "no url"
    answer = editor.post(HOOK, {**form_of(editor, HOOK), **typed})
    assert answer.status_code == 422
    for says in ("a whole number is expected", "100 is the most", "a number is not a time", "typed &lt;this&gt;",
                 "is not a URL"):  # fmt: skip
        assert says in answer.text
    assert 'value="much"' in answer.text
    assert text_of(data) == CONTAINER


def test_a_new_part_is_made_of_a_template_that_was_chosen(data: Path, editor: AdminBrowser) -> None:
    assert "Meta Conversions API" in editor.get(f"/w/{WS}/tags/new").text
    path = f"/w/{WS}/tags/new?template=meta_capi"
    form = form_of(editor, path)
    assert "META_CAPI_ACCESS_TOKEN" in editor.get(path).text
    given = {"id": "meta", "settings.pixel_id": "123", "settings.access_token.name": "META", "triggers": "purchases"}
    answer = editor.post(f"/w/{WS}/tags/new", {**form, **given})
    assert answer.headers["location"].startswith(f"/w/{WS}/tags/meta?")
    assert data_of(data)["tags"]["meta"] == {
        "template": "meta_capi",
        "settings": {"pixel_id": "123", "access_token": "secret:META"},
        "triggers": ["purchases"],
    }
    for id in ("hook", "new", "delete", "a b", "", "<b>"):
        refused = editor.post(f"/w/{WS}/tags/new", {**form, **given, "id": id})
        assert refused.status_code == 422
        assert 'value="123"' in refused.text


@pytest.mark.parametrize(
    ("conditions", "part"),
    [
        ('{"all": []}', {"all": []}),
        ("any:\n  - {field: value, is: greater, value: 1}", {"any": [{"field": "value", "is": "greater", "value": 1}]}),
    ],
)
def test_a_trigger_is_json_or_yaml(data: Path, editor: AdminBrowser, conditions: str, part: Any) -> None:
    form = form_of(editor, f"/w/{WS}/triggers/new")
    sent = {**form, "id": "mine", "conditions": conditions, "folder": "ads"}
    assert editor.post(f"/w/{WS}/triggers/new", sent).status_code == 303
    assert data_of(data)["triggers"]["mine"] == {**part, "folder": "ads"}


@pytest.mark.parametrize(
    ("conditions", "says"),
    [("{", "line 1"), ("[]", "a map with"), ('{"all": [{"field": "a", "is": "like"}]}', "is not one of")],
)
def test_conditions_that_are_none_are_refused(data: Path, editor: AdminBrowser, conditions: str, says: str) -> None:
    path = f"/w/{WS}/triggers/purchases"
    answer = editor.post(path, {**form_of(editor, path), "conditions": conditions})
    assert answer.status_code == 422
    assert says in answer.text
    assert text_of(data) == CONTAINER


def test_a_schema_is_saved(data: Path, editor: AdminBrowser) -> None:
    form = form_of(editor, f"/w/{WS}/schemas/new")
    sent = {**form, "id": "order", "events": "purchase", "schema": '{"type": "object"}', "on_violation": "pass"}
    assert editor.post(f"/w/{WS}/schemas/new", sent).status_code == 303
    assert data_of(data)["schemas"]["order"] == {
        "events": ["purchase"], "schema": {"type": "object"}, "on_violation": "pass",
    }  # fmt: skip


def test_another_view_of_an_input_saves_nothing(data: Path, editor: AdminBrowser) -> None:
    form = {**form_of(editor, HOOK), "settings.headers.key": ["X-Shop", "X-Two"]}
    form["settings.headers.value"] = ["one", "two"]
    page = editor.post(HOOK, {**form, "view": "yaml:settings.headers"}).text
    shown = fields_of(largest_form(page))
    assert shown["settings.headers"] == ["X-Shop: one\nX-Two: two\n"]
    back = editor.post(HOOK, {**shown, "view": "plain:settings.headers"}).text
    assert 'value="X-Two"' in back
    more = editor.post(HOOK, {**form, "view": "rows:settings.headers"}).text
    assert more.count('name="settings.headers.key"') > page.count('name="settings.headers.key"') + 2
    assert text_of(data) == CONTAINER
    assert editor.post(HOOK, {**form, "view": "yaml:nothing"}).status_code == 422


def test_two_editors_are_merged_where_they_do_not_meet(data: Path, editor: AdminBrowser) -> None:
    mine = form_of(editor, HOOK)
    saved(AdminBrowser(data, "editor", name="eve"), HOOK, note="hers")
    answer = editor.post(HOOK, {**mine, "paused": "true"})
    assert "merged with revision" in unquote(answer.headers["location"])
    assert (data_of(data)["tags"]["hook"]["note"], data_of(data)["tags"]["hook"]["paused"]) == ("hers", True)


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_two_editors_who_meet_choose(data: Path, editor: AdminBrowser, side: str) -> None:
    mine = form_of(editor, HOOK)
    saved(AdminBrowser(data, "editor", name="eve"), HOOK, note="<b>hers</b>")
    asked = editor.post(HOOK, {**mine, "note": "mine", "dry_run": "true"})
    assert asked.status_code == 409
    assert "tags.hook.note" in asked.text
    assert "For the warehouse" in asked.text
    assert "&lt;b&gt;hers" in asked.text
    form = fields_of(re.findall(r'<form method="post" action="/w/.*?</form>', asked.text, re.S)[0])
    done = editor.post(f"/w/{WS}/edit", {**form, "side.0": side})
    assert done.headers["location"].startswith(HOOK)
    tag = data_of(data)["tags"]["hook"]
    assert (tag["note"], tag["dry_run"]) == ({"mine": "mine", "theirs": "<b>hers</b>"}[side], True)


def test_a_choice_that_is_out_of_date_is_asked_again(data: Path, editor: AdminBrowser) -> None:
    mine, eve = form_of(editor, HOOK), AdminBrowser(data, "editor", name="eve")
    saved(eve, HOOK, note="hers")
    asked = editor.post(HOOK, {**mine, "note": "mine"})
    form = fields_of(re.findall(r'<form method="post" action="/w/.*?</form>', asked.text, re.S)[0])
    saved(eve, HOOK, note="hers again")
    again = editor.post(f"/w/{WS}/edit", {**form, "side.0": "mine"})
    assert again.status_code == 409
    assert "hers again" in again.text


def test_an_edit_that_is_none_is_refused(editor: AdminBrowser) -> None:
    for change in ("", "{}", '{"steps": [{"do": "burn"}], "started_from": 1}'):
        assert editor.post(f"/w/{WS}/edit", {"change": change}).status_code == 400


def test_live_is_taken_in(data: Path, editor: AdminBrowser) -> None:
    saved(editor, HOOK, note="mine")
    text = CONTAINER.replace("For the warehouse", "theirs").replace("value: hello", "value: bye")
    with Control(control_path(data)) as control:
        control.workspaces.get(WS)
    other = AdminBrowser(data, "publisher")
    assert other.json("POST", "/api/v1/workspaces", {"name": "b", "files": {"container.yaml": text}}).status_code == 201
    publish = other.json("POST", "/api/v1/workspaces/b/publish", {})
    assert publish.status_code == 200, publish.text
    assert "Live has moved" in editor.get(f"/w/{WS}").text
    assert "Take in version 2" in editor.get(f"/w/{WS}/merge").text
    asked = editor.post(f"/w/{WS}/merge")
    assert asked.status_code == 409
    form = fields_of(re.findall(r'<form method="post" action="/w/.*?</form>', asked.text, re.S)[0])
    assert editor.post(f"/w/{WS}/merge", {**form, "side.0": "theirs"}).status_code == 303
    now = data_of(data)
    assert (now["tags"]["hook"]["note"], now["variables"]["word"]["settings"]["value"]) == ("theirs", "bye")
    assert "nothing to take in" in editor.get(f"/w/{WS}/merge").text


def test_many_parts_at_once(data: Path, editor: AdminBrowser) -> None:
    def do(section: str, what: str, *ids: str) -> int:
        page = form_of(editor, f"/w/{WS}/{section}")
        sent = {"revision": page["revision"], "id": list(ids), "do": what}
        return editor.post(f"/w/{WS}/{section}", sent).status_code

    assert do("tags", "copy", "hook") == 303
    assert do("tags", "pause", "hook", "hook-copy") == 303
    assert {tag["paused"] for tag in data_of(data)["tags"].values()} == {True}
    assert do("tags", "resume", "hook") == do("tags", "dry_run", "hook") == 303
    assert data_of(data)["tags"]["hook"].get("paused") is None
    assert data_of(data)["tags"]["hook"]["dry_run"] is True
    assert do("tags", "send", "hook") == 303
    assert do("variables", "copy", "word", "is_bot") == 303
    assert list(data_of(data)["variables"]) == ["is_bot", "word", "word-copy", "is_bot-copy"]
    assert do("variables", "pause", "word") == do("tags", "burn", "hook") == do("tags", "pause") == 422
    assert do("tags", "pause", "nothing") == 404


def test_deleting_says_what_would_lose_it(data: Path, editor: AdminBrowser) -> None:
    page = editor.get(f"/w/{WS}/triggers/delete?id=purchases&id=bots").text
    assert "tag hook" in page
    assert "Delete all the same" in page
    revision = form_of(editor, f"/w/{WS}/triggers")["revision"]
    gone = editor.post(f"/w/{WS}/triggers/delete", {"revision": revision, "id": ["purchases", "bots"]})
    assert "1 problem is left" in unquote(gone.headers["location"])
    assert data_of(data)["triggers"] == {}
    assert editor.get(f"/w/{WS}/triggers/delete?id=purchases").status_code == 404


def test_a_new_name_leads_everywhere(data: Path, editor: AdminBrowser) -> None:
    done = editor.post(f"/w/{WS}/triggers/purchases/rename", {"name": "orders"})
    assert done.headers["location"].startswith(f"/w/{WS}/triggers/orders?")
    assert data_of(data)["tags"]["hook"]["triggers"] == ["orders"]
    assert editor.post(f"/w/{WS}/triggers/orders/rename", {"name": "bots"}).status_code == 404
    assert editor.post(f"/w/{WS}/triggers/orders/rename", {"name": "new"}).status_code == 422


def test_the_file_is_a_way_out_when_it_cannot_be_read(data: Path, editor: AdminBrowser) -> None:
    revision = form_of(editor, f"/w/{WS}/file")["revision"]
    sent = {"revision": revision, "text": "container: [\r\n"}
    assert editor.post(f"/w/{WS}/file", sent).status_code == 303
    for path in (f"/w/{WS}", f"/w/{WS}/tags", f"/w/{WS}/file", f"/w/{WS}/tags/new", "/container?all=1", "/secrets"):
        assert editor.get(path).status_code == 200, path
    assert "line" in editor.get(f"/w/{WS}/file").text
    revision = form_of(editor, f"/w/{WS}/file")["revision"]
    editor.post(f"/w/{WS}/file", {"revision": revision, "text": CONTAINER.replace("\n", "\r\n")})
    assert text_of(data) == CONTAINER


def test_permissions_and_uses_are_shown(editor: AdminBrowser) -> None:
    page = editor.get(f"/w/{WS}/triggers/purchases").text
    assert f'href="/w/{WS}/tags/hook"' in page
    tag = editor.get(HOOK).text
    assert "What its script may do" in tag
    assert "hosts" in tag


def test_what_is_not_there_is_404(editor: AdminBrowser) -> None:
    for path in ("/w/none", "/w/none/tags", f"/w/{WS}/tags/none", f"/w/{WS}/none", f"/w/{WS}/icons/x/y",
                 f"/w/{WS}/tags/..%2Fx", "/container/none"):  # fmt: skip
        assert editor.get(path).status_code == 404, path


@pytest.mark.parametrize("kind", ["destination/meta_capi", "destination/none", "client/json_event"])
def test_icons_run_nothing(editor: AdminBrowser, kind: str) -> None:
    answer = editor.get(f"/w/{WS}/icons/{kind}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in answer.headers["content-security-policy"]


WRITES = [
    ("/container", {"name": "x"}), (f"/w/{WS}", {"container": "x"}), (HOOK, {"note": "x"}), (f"/w/{WS}/tags/new", {}),
    (f"/w/{WS}/tags", {"id": "hook", "do": "pause"}), (f"/w/{WS}/tags/delete", {"id": "hook"}),
    (f"{HOOK}/rename", {"name": "x"}), (f"/w/{WS}/rename", {"name": "x"}), (f"/w/{WS}/restore", {"to": "1"}),
    (f"/w/{WS}/discard", {"sure": "yes"}), (f"/w/{WS}/merge", {}), (f"/w/{WS}/file", {"text": ""}),
    (f"/w/{WS}/edit", {"change": '{"steps": [], "started_from": 2}'}), ("/secrets", {"name": "A", "value": "b"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "form"), WRITES)
def test_a_viewer_changes_nothing(data: Path, path: str, form: dict[str, str]) -> None:
    assert AdminBrowser(data, "viewer").post(path, form).status_code == 403
    assert text_of(data) == CONTAINER


@pytest.mark.parametrize(("path", "form"), WRITES)
def test_in_read_only_mode_nobody_does(data: Path, path: str, form: dict[str, str]) -> None:
    browser = AdminBrowser(data, "admin", read_only=True)
    assert browser.post(path, form).status_code >= 400
    assert text_of(data) == CONTAINER


@pytest.mark.parametrize("more", [{"role": "viewer"}, {"role": "admin", "read_only": True}])
def test_who_may_change_nothing_is_offered_nothing(data: Path, more: dict[str, Any]) -> None:
    browser = AdminBrowser(data, **more)
    paths = (f"/w/{WS}", f"/w/{WS}/tags", HOOK, f"/w/{WS}/file", f"/w/{WS}/merge", "/container?all=1", "/secrets",
             f"/w/{WS}/triggers/bots")  # fmt: skip
    for path in paths:
        page = browser.get(path).text
        assert re.findall(r'<form method="post" action="([^"]*)"', page) == ["/sign-out"], path
        if "read_only" in more and path != "/secrets":
            assert "Read-only." in page, path
