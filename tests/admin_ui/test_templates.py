"""Templates of a draft: the list, the editor's form, copies, runs and examples, for each role and for programs."""

from __future__ import annotations

import re
import shutil
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runtime.containers.draft import read_files
from runtime.containers.edits import set_part
from runtime.containers.own_templates import Name, own_files, scaffold_files, with_template
from runtime.containers.workspace import create_workspace, edit_workspace, workspace_files
from runtime.lua.script_check import ScriptCheck
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import AdminBrowser
from tests.support.hang import HANG_SOURCE_BODY
from tests.support.history import EMAIL, ORDERS, PERSONAL, History

READ = partial(read_files, script_check=ScriptCheck)
MINE = Name("destination", "mine")
PAGE = "/w/summer/templates/destination/mine"
API = "/api/v1/workspaces/summer/templates/destination/mine"
SETTINGS = {"account": "shop-7", "api_key": "secret:VENDOR_KEY"}
EVIL = "</script></textarea><script>alert(1)</script><img src=x onerror=alert(1)>'\"{{7*7}}"


def _made(history: History, folder: Path) -> Path:
    """Returns a copy with a draft that has a template of its own, and a tag of it."""
    folder = shutil.copytree(history.data, folder)
    with Control(control_path(folder), who="ann") as control:
        create_workspace(control, "summer", READ)
        edit_workspace(control, "summer", lambda files: with_template(files, MINE, scaffold_files(MINE)), READ)
        tag = {"template": "mine", "triggers": ["everything"], "settings": SETTINGS}
        edit_workspace(control, "summer", lambda files: set_part(files, "tags.vendor", tag), READ)
    return folder


@pytest.fixture
def data(history: History, tmp_path: Path) -> Path:
    return _made(history, tmp_path / "data")


@pytest.fixture(scope="module")
def looker(history: History, tmp_path_factory: pytest.TempPathFactory) -> AdminBrowser:
    """For tests that save nothing."""
    return AdminBrowser(_made(history, tmp_path_factory.mktemp("templates") / "data"), "editor", name="lou")


@pytest.fixture
def browser(data: Path) -> AdminBrowser:
    return AdminBrowser(data, "editor", name="eva")


def saved(data: Path, name: Name = MINE) -> dict[str, str]:
    with Control.read(control_path(data)) as control:
        return own_files(workspace_files(control, control.workspaces.get("summer")), name)


def form(files: dict[str, str], **more: Any) -> dict[str, Any]:
    """Returns what the editor's form sends for these files, line ends as browsers write them."""
    stems = [path.split("/")[-1].rsplit(".", 1)[0] if "/" in path else path for path in files]
    texts = [text.replace("\n", "\r\n") for text in files.values()]
    return {"path": list(files), "stem": stems, "text": texts, **more}


def with_script(source: str) -> dict[str, str]:
    return scaffold_files(MINE) | {"destination.lua": source}


def test_the_list_has_both_kinds_and_says_what_uses_them(looker: AdminBrowser) -> None:
    page = looker.get("/w/summer/templates").text
    assert page.index("Its own") < page.index('templates/destination/mine"') < page.index("Come with Firsthand")
    assert 'href="/w/summer/templates/destination/meta_capi"' in page
    assert 'href="/w/summer/tags/vendor"' in page
    found = looker.get("/w/summer/templates?q=hash&kind=transformation").text
    assert "templates/transformation/hash" in found
    assert "templates/destination/mine" not in found
    assert "None is like that" in looker.get("/w/summer/templates?q=nothing").text


def test_a_template_that_comes_with_firsthand_is_read_only(looker: AdminBrowser) -> None:
    page = looker.get("/w/summer/templates/destination/meta_capi").text
    assert "cannot be changed" in page
    assert 'name="text"' not in page
    assert "readonly" in page
    for word in ("permissions", "Conversions API", "examples/purchase.yaml", "Copy it as your own"):
        assert word in page
    assert looker.post("/w/summer/templates/destination/meta_capi").status_code == 409


def test_saving_changes_only_what_was_changed(browser: AdminBrowser, data: Path) -> None:
    before = saved(data)
    sent = form(before | {"destination.lua": before["destination.lua"] + "-- mine\n"}, revision=3)
    done = browser.post(PAGE, sent)
    assert done.status_code == 303, done.text
    assert done.headers["location"].startswith(f"{PAGE}?tested=1&done=Saved.")
    now = saved(data)
    assert {path for path in now if now[path] != before[path]} == {"destination.lua"}
    page = browser.get(done.headers["location"]).text
    assert "all 6 examples passed" in page


def test_files_are_added_renamed_and_removed(browser: AdminBrowser, data: Path) -> None:
    before = saved(data)
    sent = form(before, revision=3, add="examples", new_examples="empty_order", remove="examples/retry.yaml")
    sent["stem"][sent["path"].index("examples/purchase.yaml")] = "big_purchase"
    done = browser.post(PAGE, sent)
    assert done.status_code == 303, done.text
    assert done.headers["location"].split("&")[1] == "open=examples/empty_order.yaml"
    now = saved(data)
    assert set(now) - set(before) == {"examples/big_purchase.yaml", "examples/empty_order.yaml"}
    assert set(before) - set(now) == {"examples/purchase.yaml", "examples/retry.yaml"}
    added = browser.post(PAGE, form(now, add="modules", new_modules="mine_items"))
    assert added.status_code == 303
    assert "modules/mine_items.lua" in saved(data)


@pytest.mark.parametrize("stem", ["", "..", "a/b", "a b", ".hidden", "../../container", EVIL])
def test_names_that_no_file_can_have(browser: AdminBrowser, data: Path, stem: str) -> None:
    sent = form(saved(data), add="examples", new_examples=stem)
    refused = browser.post(PAGE, sent)
    assert refused.status_code == 422
    assert "<img" not in refused.text.replace('<img class="icon"', "")
    assert browser.post(PAGE, form(saved(data), add="examples", new_examples="retry")).status_code == 422


def test_a_draft_is_saved_with_errors_and_they_have_a_place(browser: AdminBrowser) -> None:
    done = browser.post(PAGE, form(with_script("local function map(event)\n  return undefined_name\nend\n")))
    assert done.status_code == 303
    assert "1%20problem%20is%20left" in done.headers["location"]
    page = browser.get(PAGE).text
    assert "destination.lua:2:10" in page
    found = browser.json("POST", f"{API}/test", {}).json()
    assert found["examples"] is None
    first = found["problems"][0]
    assert (first["file"], first["line"], first["column"]) == ("destination.lua", 2, 10)


def test_problems_of_a_manifest_have_a_place_too(looker: AdminBrowser) -> None:
    manifest = saved_manifest().replace("type: secret", "type: password")
    found = looker.json("POST", f"{API}/run", {"example": "examples/purchase.yaml", "files": {
        **scaffold_files(MINE), "manifest.yaml": manifest,
    }}).json()  # fmt: skip
    line = manifest.splitlines().index("    type: password") + 1
    assert found["run"] is None
    assert [(each["path"], each["line"]) for each in found["problems"]] == [("manifest.yaml: fields.1.type", line)]


def saved_manifest() -> str:
    return scaffold_files(MINE)["manifest.yaml"]


def test_new_templates_of_every_kind_work(browser: AdminBrowser, data: Path) -> None:
    for kind in ("client", "destination", "variable", "transformation"):
        made = browser.post("/w/summer/templates", {"kind": kind, "id": "fresh"})
        assert made.headers["location"].startswith(f"/w/summer/templates/{kind}/fresh")
        found = browser.json("POST", f"/api/v1/workspaces/summer/templates/{kind}/fresh/test", {}).json()
        assert found["passed"], found
    assert browser.post("/w/summer/templates", {"kind": "client", "id": "fresh"}).status_code == 409
    assert browser.post("/w/summer/templates", {"kind": "client", "id": "json_event"}).status_code == 409
    assert browser.post("/w/summer/templates", {"kind": "client", "id": "../x"}).status_code == 404
    assert browser.post("/w/summer/templates", {"kind": EVIL, "id": "x"}).status_code == 404


def test_a_copy_is_whole_and_its_examples_pass(browser: AdminBrowser, data: Path) -> None:
    copied = browser.post("/w/summer/templates", {"kind": "destination", "id": "my_meta", "of": "meta_capi"})
    assert copied.status_code == 303, copied.text
    files = saved(data, Name("destination", "my_meta"))
    assert "id: my_meta" in files["manifest.yaml"].splitlines()
    assert [path for path in files if path.startswith("modules/") and not path.startswith("modules/my_meta_")] == []
    found = browser.json("POST", "/api/v1/workspaces/summer/templates/destination/my_meta/test", {}).json()
    assert found["passed"], [each for each in found["examples"] or found["problems"] if not each.get("passed")]
    assert browser.post("/w/summer/templates", {"kind": "client", "id": "y", "of": "nothing"}).status_code == 404


def test_a_stored_event_with_the_tags_settings(looker: AdminBrowser) -> None:
    found = looker.json("POST", f"{API}/run", {"event": f"{ORDERS}/0", "instance": "vendor"}).json()
    run = found["run"]
    assert (found["problems"], run["state"], run["result"]["account"], run["result"]["id"]) == (
        [], "fired", "shop-7", "order.2",
    )  # fmt: skip
    (request,) = run["requests"]
    assert (request["method"], request["url"]) == ("POST", "https://api.vendor.example/events")
    assert request["headers"]["authorization"] == "Bearer secret:VENDOR_KEY"
    assert request["body"]["events"] == [run["result"]]
    assert run["event"]["user_data"]["email_address"] == "j***@***.example"


def test_the_text_that_is_typed_is_what_runs(looker: AdminBrowser) -> None:
    source = scaffold_files(MINE)["destination.lua"].replace("name = event.event_name", 'name = "typed"')
    sent = form(with_script(source), source="event", event=ORDERS, instance="vendor")
    part = looker.post(f"{PAGE}/run", sent, **{"hx-request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "typed" in part.text
    whole = looker.post(f"{PAGE}/run", sent).text
    assert "<html" in whole
    assert "typed" in whole
    assert "typed" not in looker.get(PAGE).text


def test_what_came_of_a_stored_event_is_masked(looker: AdminBrowser) -> None:
    source = (
        "local function map(event)\n  log.info(json.encode(event.user_data))\n"
        "  return { all = event, mail = event.user_data.email_address }\nend\n"
        'local function request(batch, settings)\n  return { method = "POST", url = settings.endpoint, body ='
        " { events = batch.items } }\nend\nreturn { map = map, request = request }\n"
    )
    manifest = saved_manifest().replace("[event_name, event_id, event_time, value, currency]", '["*"]')
    files = with_script(source) | {"manifest.yaml": f"{manifest}  log: {{scope: debug, why: a test}}\n"}
    files["manifest.yaml"] = manifest.replace("  secrets:", "  log: {scope: debug, why: A test.}\n  secrets:")
    answer = looker.json("POST", f"{API}/run", {"event": ORDERS, "files": files})
    assert answer.json()["run"]["logs"], answer.text
    assert answer.json()["run"]["result"]["mail"] == "j***@***.example"
    page = looker.post(f"{PAGE}/run", form(files, source="event", event=ORDERS)).text
    for word in PERSONAL:
        assert word not in answer.text
        assert word not in page
    assert EMAIL not in page


def test_an_example_that_fails_says_where(looker: AdminBrowser) -> None:
    source = scaffold_files(MINE)["destination.lua"].replace("value = event.value,", "value = 1,")
    found = looker.json("POST", f"{API}/test", {"files": with_script(source)}).json()
    assert not found["passed"]
    failed = {each["file"]: each["differences"] for each in found["examples"] if not each["passed"]}
    assert {"path": "expect.item.value", "expected": 12.5, "actual": 1} in failed["examples/purchase.yaml"]
    page = looker.post(f"{PAGE}/test", form(with_script(source))).text
    assert "expect.item.value" in page
    assert "examples failed" in page


def test_a_fault_has_its_line(looker: AdminBrowser) -> None:
    source = "local function map(event)\n  return { id = #event.nothing }\nend\nlocal function request() end\nreturn { map = map, request = request }\n"  # noqa: E501
    found = looker.json("POST", f"{API}/run", {"event": ORDERS, "files": with_script(source)}).json()
    assert found["run"]["error"]["fault"] == "error"
    assert ("destination.lua", 2) in [(each["file"], each["line"]) for each in found["problems"]]


def test_a_script_that_hangs_hurts_nobody(browser: AdminBrowser) -> None:
    hanging = f"local function map(event) {HANG_SOURCE_BODY} end\nlocal function request() end\nreturn {{ map = map, request = request }}\n"  # noqa: E501
    found = browser.json("POST", f"{API}/run", {"event": ORDERS, "files": with_script(hanging)}).json()
    assert found["error"]["fault"] == "cpu"
    part = browser.post(f"{PAGE}/run", form(with_script(hanging), source="event", event=ORDERS)).text
    assert "process was ended" in part
    assert browser.post(PAGE, form(with_script(hanging))).status_code == 303
    again = browser.json("POST", f"{API}/run", {"event": ORDERS, "files": scaffold_files(MINE)}).json()
    assert again["run"]["state"] == "fired"


def test_a_script_that_hangs_when_it_is_loaded_is_not_saved(browser: AdminBrowser, data: Path) -> None:
    hanging = f"local function never() {HANG_SOURCE_BODY} end\nnever()\nreturn {{}}\n"
    for answer in (
        browser.post(PAGE, form(with_script(hanging))),
        browser.json("PUT", API, {"files": with_script(hanging)}),
    ):
        assert answer.status_code == 422
        assert "Not saved" in answer.text
    assert saved(data)["destination.lua"] == scaffold_files(MINE)["destination.lua"]
    assert browser.get(PAGE).status_code == 200


def test_one_run_at_a_time_and_one_that_waits(data: Path) -> None:
    browser = AdminBrowser(data, "editor")
    hanging = f"local function map(event) {HANG_SOURCE_BODY} end\nlocal function request() end\nreturn {{ map = map, request = request }}\n"  # noqa: E501
    codes: list[int] = []

    def run() -> None:
        sent = {"event": ORDERS, "files": with_script(hanging)}
        codes.append(browser.json("POST", f"{API}/run", sent).status_code)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) == {200, 429}
    assert codes.count(200) >= 2


def test_roles(data: Path) -> None:
    viewer = AdminBrowser(data, "viewer")
    page = viewer.get(PAGE)
    assert page.status_code == 200
    assert "template-bench form" not in page.text
    assert "<button>Save" not in page.text
    assert "Make a template" not in viewer.get("/w/summer/templates").text
    assert viewer.get(API).json()["own"] is True
    for path in (PAGE, f"{PAGE}/run", f"{PAGE}/test", f"{PAGE}/delete", "/w/summer/templates"):
        assert viewer.post(path).status_code == 403
    assert viewer.json("PUT", API, {"files": {}}).status_code == 403
    assert viewer.json("DELETE", API).status_code == 403
    assert viewer.json("POST", f"{API}/run", {}).status_code == 403
    assert "passed" not in viewer.get(f"{PAGE}?tested=1").text


def test_read_only_mode_runs_and_saves_nothing(data: Path) -> None:
    browser = AdminBrowser(data, "admin", read_only=True)
    assert "<button>Save" not in browser.get(PAGE).text
    assert "read-only" in browser.post(PAGE, form(saved(data))).text
    assert browser.json("POST", f"{API}/run", {"event": ORDERS}).json()["run"]["state"] == "fired"


def test_markup_in_everything_is_text(browser: AdminBrowser, data: Path) -> None:
    quoted = EVIL.replace("'", "''")
    manifest = re.sub("^name: .*$", f"name: '{quoted}'", saved_manifest(), flags=re.MULTILINE)
    manifest = re.sub("^summary: .*$", f"summary: '{quoted}'", manifest, flags=re.MULTILINE)
    manifest = manifest.replace("help: The account", f"help: '{quoted}'\n  #").replace(
        "why: These fields are sent.", f"why: '{quoted}'"
    )
    files = with_script(f"-- {EVIL}\n" + scaffold_files(MINE)["destination.lua"]) | {"manifest.yaml": manifest}
    files["examples/purchase.yaml"] = re.sub(
        "^title: .*$", f"title: '{quoted}'", files["examples/purchase.yaml"], flags=re.MULTILINE
    )
    files["icon.svg"] = f"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><!-- {EVIL} --></svg>"
    assert browser.post(PAGE, form(files)).status_code == 303
    pages = [browser.get(path).text for path in (PAGE, f"{PAGE}?tested=1", "/w/summer/templates")]
    pages.append(browser.post(f"{PAGE}/test", form(files)).text)
    pages.append(browser.post(f"{PAGE}/run", form(files, source="event", event=EVIL)).text)
    pages.append(browser.get(f"{PAGE}?event={EVIL}&open={EVIL}").text)
    pages.append(browser.get(f"/w/summer/templates?q={EVIL}&event={EVIL}").text)
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "49" not in re.findall(r"\{\{7\*7\}\}|\b49\b", page)
    assert saved(data)["icon.svg"] == files["icon.svg"]
    icon = browser.get("/w/summer/icons/destination/mine")
    assert "sandbox" in icon.headers["content-security-policy"]


def test_two_who_change_the_same_line_choose(data: Path) -> None:
    eva, max_ = AdminBrowser(data, "editor", name="eva"), AdminBrowser(data, "editor", name="max")
    old = saved(data)["destination.lua"]
    mine, theirs = (old.replace("name = event.event_name", f'name = "{word}"') for word in ("mine", "theirs"))
    assert max_.post(PAGE, form(with_script(theirs), revision=3)).status_code == 303
    asked = eva.post(PAGE, form(with_script(mine), revision=3))
    assert asked.status_code == 409
    assert "templates/destinations/mine/destination.lua" in asked.text
    assert "<text-diff" in asked.text
    assert "theirs" in saved(data)["destination.lua"]
    told = eva.json("PUT", API, {"files": with_script(mine)}, **{"if-match": '"3"'})
    assert told.status_code == 412
    assert told.json()["conflicts"]


def test_files_for_programs(browser: AdminBrowser, data: Path) -> None:
    shown = browser.get(API)
    assert shown.json()["files"] == saved(data)
    assert shown.json()["used_by"] == ["vendor"]
    assert shown.headers["etag"] == '"3"'
    assert browser.json("DELETE", API).status_code == 409
    other = "/api/v1/workspaces/summer/templates/variable/shout"
    made = browser.json("PUT", other, {"files": scaffold_files(Name("variable", "shout"))})
    assert made.json()["problems"] == []
    assert saved(data, Name("variable", "shout"))
    assert browser.json("PUT", f"{other}?dry_run=true", {"files": {"variable.lua": ""}}).json()["saved"] is False
    assert browser.json("DELETE", other).status_code == 200
    assert saved(data, Name("variable", "shout")) == {}
    assert browser.json("DELETE", other).status_code == 404
    refused = browser.json("PUT", other, {"files": {"../x": "a"}})
    assert refused.status_code == 422
    assert "cannot be a file" in refused.json()["problems"][0]["message"]
    built_in = "/api/v1/workspaces/summer/templates/destination/webhook"
    assert browser.get(built_in).json()["own"] is False
    assert browser.json("PUT", built_in, {"files": {"a": ""}}).status_code == 409


def test_deleting(browser: AdminBrowser, data: Path) -> None:
    assert browser.post(f"{PAGE}/delete", {"revision": 3}).status_code == 409
    with Control(control_path(data)) as control:
        edit_workspace(control, "summer", lambda files: set_part(files, "tags", {}), READ)
    done = browser.post(f"{PAGE}/delete", {"revision": 4})
    assert done.headers["location"].startswith("/w/summer/templates?done=")
    assert saved(data) == {}
    assert browser.get(PAGE).status_code == 404


def test_an_event_leads_to_the_editor(looker: AdminBrowser) -> None:
    assert f'href="/w/summer/templates?event={ORDERS}"' in looker.get(f"/events/{ORDERS}").text
    listed = looker.get(f"/w/summer/templates?event={ORDERS}/0").text
    assert f'href="/w/summer/templates/destination/mine?event={ORDERS}/0"' in listed
    assert f'value="{ORDERS}/0"' in looker.get(f"{PAGE}?event={ORDERS}/0").text


@pytest.mark.parametrize("asked", [
    {"event": "0.99"}, {"event": "x"}, {"event": f"{ORDERS}/9"}, {"event": ORDERS, "instance": "meta"},
    {"example": "examples/none.yaml"}, {"given": {"event": []}}, {}, {"event": ORDERS, "settings": {"account": 1}},
])  # fmt: skip
def test_what_cannot_be_run_is_told(looker: AdminBrowser, asked: dict[str, Any]) -> None:
    found = looker.json("POST", f"{API}/run", asked)
    assert found.status_code == 200, found.text
    assert found.json()["run"] is None
    assert found.json()["problems"]


def test_given_members_of_an_example(looker: AdminBrowser) -> None:
    given = {"event": {"event_name": "x", "value": 2}, "settings": {"account": "b"}}
    assert looker.json("POST", f"{API}/run", {"given": given}).json()["run"]["result"]["account"] == "b"
