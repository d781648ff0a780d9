"""Preview links by page and API, and the live view: on a running server, and in a browser."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from runtime.containers.draft import read_files
from runtime.containers.previews import given_out
from runtime.containers.workspace import create_workspace
from runtime.explain.previews import suggested_address
from runtime.explain.search import search
from runtime.explain.tail import live_tail
from runtime.lua.script_check import ScriptCheck
from runtime.model.role import Role
from runtime.store.control import Control
from runtime.store.event_search import EventQuery
from runtime.store.files import control_path
from runtime.text.signed import Unsigned, verify
from tests.admin_ui.test_every_page import LISTEN, RUN_AXE, axe
from tests.support import shop
from tests.support.admin import AdminBrowser
from tests.support.history import BUYS, History
from tests.support.server import Server, until
from tests.support.shop import SECRETS, purchase, write_container
from tests.support.site import Site, serve

ADDRESS = "https://t.shop.example"
DRAFT = "summer"
PAYLOAD = '"><img src=x onerror=alert(1)>'


@pytest.fixture
def data(history: History, tmp_path: Path) -> Path:
    """A copy with a draft."""
    copied = Path(shutil.copytree(history.data, tmp_path / "data"))
    _make_draft(copied)
    return copied


def _make_draft(data: Path) -> None:
    with Control(control_path(data)) as control:
        create_workspace(control, DRAFT, partial(read_files, script_check=ScriptCheck))


def _make(browser: AdminBrowser, **given: str) -> str:
    """Makes a link by the form, and returns the address of its page."""
    answer = browser.post("/preview", {"what": DRAFT, "url": ADDRESS, **given})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def _known(data: Path) -> list[dict[str, Any]]:
    with Control.read(control_path(data)) as control:
        return [row.content for row in control.previews()]


def test_a_link_is_made_shown_and_shown_again(data: Path) -> None:
    browser = AdminBrowser(data, "editor")
    path = _make(browser, expires="30m", to="https://shop.localhost/?a=1&b=2")
    texts = [browser.get(path).text for _ in range(2)]
    with Control.read(control_path(data)) as control:
        key, link = control.preview_key(), given_out(control, path.rpartition("/")[2])
    for text in texts:
        found = re.search(r">(https://t\.shop\.example/_preview/([\w.-]+)\?to=([^<]*))<", text)
        assert found is not None
        said = verify(found[2], key)
        assert (said.version, said.sends, said.id) == (-1, False, link.preview.id)
        assert 1700 < said.expires - time.time() <= 1800
        assert found[3] == "https%3A%2F%2Fshop.localhost%2F%3Fa%3D1%26b%3D2"
        assert "x-firsthand-preview: " in text
        assert "It sends nothing" in text
        assert "Secrets are not set here" in text
    picture = browser.get(f"{path}/qr.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.text.lstrip().startswith("<?xml")


def test_what_each_role_may(data: Path) -> None:
    roles: tuple[Role, ...] = ("viewer", "editor", "publisher", "admin")
    may = {role: AdminBrowser(data, role) for role in roles}
    form = {"what": DRAFT, "sends": "no"}
    made = [may[role].post("/preview", form).status_code for role in roles]
    assert made == [403, 303, 303, 303]
    assert [may[role].post("/preview", form | {"sends": "yes"}).status_code for role in roles] == [403, 403, 303, 303]
    path = _make(may["editor"])
    assert [may[role].get(f"{path}/qr.svg").status_code for role in roles] == [403, 200, 200, 200]
    assert [may[role].get("/api/v1/previews").status_code for role in roles] == [403, 200, 200, 200]
    for page in ("/preview", path):
        text = may["viewer"].get(page).text
        assert "/_preview/" not in text
        assert "x-firsthand-preview" not in text
        assert 'method="post" action="/preview' not in text
    assert [may[role].post("/preview/end").status_code for role in roles] == [403, 403, 303, 303]
    assert AdminBrowser(data, None).get("/preview/live").status_code == 303
    assert AdminBrowser(data, None).get("/preview/live/list", **{"hx-request": "true"}).status_code == 401


def test_a_form_of_another_page_makes_nothing(data: Path) -> None:
    browser = AdminBrowser(data, "admin")
    for form, headers in (({"csrf": "x"}, {}), ({}, {"sec-fetch-site": "cross-site"})):
        assert browser.post("/preview", {"what": DRAFT, **form}, **headers).status_code == 403
        assert browser.post("/preview/end", form, **headers).status_code == 403
    assert browser.ask("DELETE", "/api/v1/previews", headers={"sec-fetch-site": "same-origin"}).status_code == 403
    assert _known(data) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"what": "nobody"}, "nobody"),
        ({"what": "99"}, "99"),
        ({"what": ""}, "what"),
        ({"expires": "8d"}, "seven days at most"),
        ({"expires": "0h"}, "no life"),
        ({"url": "javascript:alert(1)"}, "collector&#39;s address"),
        ({"url": f"https://x{PAYLOAD}"}, "collector&#39;s address"),
        ({"url": "https://t.shop.example/path"}, "collector&#39;s address"),
    ],
)
def test_what_makes_no_link(data: Path, given: dict[str, str], told: str) -> None:
    answer = AdminBrowser(data, "editor").post("/preview", {"what": DRAFT, **given})
    assert 400 <= answer.status_code < 500
    assert told in answer.text
    assert PAYLOAD not in answer.text
    assert _known(data) == []


def test_all_end_at_once(data: Path) -> None:
    browser = AdminBrowser(data, "publisher")
    path = _make(browser)
    with Control.read(control_path(data)) as control:
        token = given_out(control, path.rpartition("/")[2]).token
    assert browser.post("/preview/end").headers["location"].startswith("/preview?done=")
    with Control.read(control_path(data)) as control, pytest.raises(Unsigned):
        verify(token, control.preview_key())
    assert "This preview is over" in browser.get(path).text
    assert "No preview is open." in browser.get("/preview").text
    assert browser.get(f"{path}/qr.svg").status_code == 404
    assert browser.get("/preview/nonsense").status_code == 404


def test_the_api(data: Path) -> None:
    browser = AdminBrowser(data, "publisher")
    made = browser.json("POST", "/api/v1/previews", {"what": "1", "expires": "1d", "url": ADDRESS, "sends": True})
    assert made.status_code == 201, made.text
    assert {**made.json(), "link": "", "header": "", "until": "", "id": ""} == {
        "version": 1, "what": "version 1", "sends": True, "link": "", "header": "", "until": "", "id": "",
    }  # fmt: skip
    (listed,) = browser.get("/api/v1/previews").json()["previews"]
    assert listed["id"] == made.json()["id"]
    editor = AdminBrowser(data, "editor")
    assert editor.json("POST", "/api/v1/previews", {"what": "1", "sends": True}).status_code == 403
    assert editor.json("DELETE", "/api/v1/previews").status_code == 403
    assert browser.json("POST", "/api/v1/previews", {"what": "1", "colour": "red"}).status_code == 422
    assert browser.json("DELETE", "/api/v1/previews").status_code == 204
    assert browser.get("/api/v1/previews").json() == {"previews": []}


def test_in_read_only_mode_versions_can_be_previewed(data: Path) -> None:
    """A link changes nothing that is live."""
    browser = AdminBrowser(data, "editor", read_only=True)
    assert _make(browser, what="1").startswith("/preview/")


def test_the_address_is_remembered_and_no_stranger_names_it(data: Path) -> None:
    with Control.read(control_path(data)) as control:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", suggested_address(control, data))
    browser = AdminBrowser(data, "editor")
    _make(browser)
    with Control.read(control_path(data)) as control:
        assert suggested_address(control, data) == ADDRESS
    assert f'value="{ADDRESS}"' in browser.get("/preview").text


def test_before_anything_is_there(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path, "admin")
    for path in ("/preview", "/preview/live", "/preview/0123456789abcdef"):
        assert browser.get(path).status_code == 200, path
    assert browser.post("/preview", {"what": "1"}).status_code in (404, 409, 422)


def test_live_traffic(history: History) -> None:
    rows = live_tail(history.data)
    assert [row["kind"] for row in rows].count("hit") == 6
    assert [row["path"] for row in rows if row["kind"] == "unclaimed"] == ["/nowhere"]
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    browser = AdminBrowser(history.data, "viewer")
    page = browser.get(f"/preview/live?hit={BUYS}/0").text
    assert f'href="/preview/live?hit={BUYS}/0" aria-current="true"' in page
    assert "Computed again, the body is what was sent." in page
    assert "No client takes this method and path." in page
    assert browser.get("/preview/live?hit=0.999").status_code == 200
    assert browser.get("/preview/live?hit=x").status_code == 400
    assert browser.get("/api/v1/tail?limit=2").json()["rows"] == live_tail(history.data, limit=2)
    assert browser.get("/api/v1/tail?preview=x").status_code == 400


@dataclass
class Running:
    """A server, a preview of its draft, and the admin port beside it."""

    server: Server
    site: Site
    id: str
    token: str

    def send(self, event_id: str, *, preview: bool = True, target: str = "") -> int:
        headers = {"X-Firsthand-Preview": self.token} if preview else {}
        with shop.Browser(self.server.port) as browser:
            return browser.send("GET", target or purchase(event_id), headers=headers)[0]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("running")
    container = write_container(folder, "http://127.0.0.1:9")
    with Server(folder / "data", container, env=SECRETS | {"FIRSTHAND_DRAIN_S": "0"}) as server:
        _make_draft(server.data)
        path = _make(AdminBrowser(server.data, "editor"), url=server.url)
        with Control.read(control_path(server.data)) as control:
            link = given_out(control, path.rpartition("/")[2])
        with serve(server.data) as site:
            yield Running(server, site, link.preview.id, link.token)


def test_a_preview_hit_shows_up_and_live_ones_do_not(running: Running) -> None:
    assert running.send("live.1", preview=False) == 200
    assert running.send(PAYLOAD) == 200
    assert running.send("", target="/lost") == 404
    browser = AdminBrowser(running.server.data, "viewer")

    def part() -> str:
        return browser.get(f"/preview/{running.id}/list").text

    with until("the preview's hit is shown") as wait:
        while "onerror" not in part() or "/lost" not in part():
            wait()
    text = part()
    assert PAYLOAD not in text
    assert "live.1" not in text
    assert "<html" not in text
    (row,) = search(running.server.data, EventQuery(previews=True)).rows
    page = browser.get(f"/preview/{running.id}?hit={row['id']}/0").text
    assert PAYLOAD not in page
    assert "revision 1 of the workspace summer" in page
    assert f'href="/preview/{running.id}"' in page
    listed = browser.get(f"/api/v1/tail?preview={running.id}").json()["rows"]
    assert [each["id"] for each in listed if each["kind"] == "hit"] == [row["id"]]
    with until("the live hit is shown") as wait:
        while "live.1" not in browser.get("/preview/live/list").text:
            wait()
    assert "onerror" not in browser.get("/preview/live/list").text


def _watch(page: Page) -> list[str]:
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text) if told.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def test_the_live_view_in_a_browser(running: Running, browser: Browser) -> None:
    """New hits come by themselves; pausing by the keyboard holds them, and the trace opens beside the list."""
    with running.site.enter(browser, "editor") as context:
        context.add_init_script(LISTEN)
        page = context.new_page()
        complaints = _watch(page)
        page.goto(f"/preview/{running.id}")
        assert running.send("seen.1") == 200
        expect(page.locator(".hits")).to_contain_text("seen.1", timeout=20_000)

        pause = page.get_by_role("button", name="Pause")
        pause.focus()
        page.keyboard.press("Enter")
        expect(pause).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_role("status").filter(has_text="Paused.")).to_be_visible()
        page.wait_for_timeout(500)  # One that was under way may end.
        asked: list[str] = []
        page.on("response", lambda answer: _note(asked, answer))
        assert running.send("seen.2") == 200
        page.wait_for_timeout(4500)
        assert asked == []
        assert "seen.2" not in page.locator(".hits").inner_text()

        link = page.locator(".hits a", has_text="purchase").first
        link.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#trace h2").first).to_contain_text(", event 0")
        assert "?hit=" in page.url
        assert pause.get_attribute("aria-pressed") == "true"
        expect(link).to_have_attribute("aria-current", "true")
        expect(link).to_be_focused()

        pause.focus()
        page.keyboard.press("Space")
        expect(page.locator(".hits")).to_contain_text("seen.2", timeout=20_000)
        expect(pause).to_be_focused()
        href = page.locator(".hits a[aria-current]").get_attribute("href")
        assert href is not None
        page.locator(".hits a[aria-current]").focus()
        assert running.send("seen.3") == 200
        expect(page.locator(".hits")).to_contain_text("seen.3", timeout=20_000)
        expect(page.locator(f'.hits a[href="{href}"]')).to_be_focused()

        page.evaluate(axe())
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(RUN_AXE, [False]) == []
        assert page.evaluate("window.violated") == []
        assert complaints == []


def _note(asked: list[str], answer: Response) -> None:
    if answer.url.endswith("/list") or "/list?" in answer.url:
        asked.append(answer.url)


def test_copying_the_link(running: Running, browser: Browser) -> None:
    with running.site.enter(browser, "editor", permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.goto(f"/preview/{running.id}")
        details = page.locator("details", has=page.locator("summary", has_text="Link and header"))
        if details.get_attribute("open") is None:
            page.get_by_text("Link and header").click()
        page.get_by_role("button", name="Copy the link").click()
        expect(page.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"{running.server.url}/_preview/")
        assert copied == page.get_by_label("Link", exact=True).inner_text()


def test_what_a_list_that_fails_says(running: Running, browser: Browser) -> None:
    with running.site.enter(browser, "viewer") as context:
        page = context.new_page()
        page.goto("/preview/live")
        page.route("**/preview/live/list*", lambda route: route.fulfill(status=503, body="no"))
        expect(page.get_by_role("status").filter(has_text="status 503")).to_be_visible(timeout=10_000)
        page.unroute("**/preview/live/list*")
        expect(page.get_by_role("status").filter(has_text="status 503")).to_have_count(0, timeout=10_000)
