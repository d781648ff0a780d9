"""The install wizard: its steps follow from what is there, and each of its forms does what it says."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from ruamel.yaml import YAML

from admin_ui.admin import TEMPLATES, Admin
from admin_ui.pages import install_check
from admin_ui.pages.install_snippets import snippets
from admin_ui.pages.install_steps import DESTINATIONS
from runtime.containers.publish import publish_file
from runtime.containers.versions import require_live
from runtime.lua.script_check import ScriptCheck
from runtime.model.role import ROLES, Role
from runtime.model.snapshot import Snapshot
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import AdminBrowser
from tests.support.doctored import DOMAIN, LOOPBACK, Doctored, doctored
from tests.support.fake_meta import FakeMeta
from tests.support.history import History
from tests.support.server import Server
from tests.support.shop import PIXEL, SECRETS, purchase, write_container
from tests.support.shop import Browser as Shop
from tests.support.vendor import Vendor

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"
RECIPES = sorted((TEMPLATES / "install" / "recipes").glob("*.txt"))


@pytest.fixture
def data(history: History, tmp_path: Path) -> Path:
    """A folder with hits, to change."""
    return Path(shutil.copytree(history.data, tmp_path / "data"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doctored]:
    with Vendor() as vendor, doctored(tmp_path_factory.mktemp("store"), vendor.endpoint) as found:
        yield found


def live(data: Path) -> Snapshot:
    with Control.read(control_path(data)) as control:
        return require_live(control)


def states(browser: AdminBrowser) -> dict[str, str]:
    return {step["key"]: step["state"] for step in browser.get("/api/v1/install").json()["steps"]}


@pytest.mark.parametrize("role", ROLES)
def test_every_role_sees_it(history: History, data: Path, role: Role) -> None:
    page = AdminBrowser(data, role).get("/install")
    assert page.status_code == 200
    forms = ("/install/check", "/install/destination", "/install/test")
    offers = {path: f'action="{path}' in page.text for path in forms}
    assert offers == {
        "/install/check": role != "viewer", "/install/destination": role != "viewer",
        "/install/test": role in ("publisher", "admin"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "least"),
    [
        ("POST", "/install/check", "editor"), ("POST", "/install/destination", "editor"),
        ("POST", "/install/test", "publisher"), ("POST", "/api/v1/doctor", "editor"),
        ("POST", "/api/v1/send-test", "publisher"),
    ],
)  # fmt: skip
def test_who_may_not(tmp_path: Path, method: str, path: str, least: Role) -> None:
    for role in ROLES[: ROLES.index(least)]:
        assert AdminBrowser(tmp_path, role).json(method, path, {}).status_code == 403


def test_nothing_is_there_yet(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path, "admin")
    page = browser.get("/install").text
    for words in ("Nothing is live yet", "No hit has arrived yet", "has no client", "There is no tag yet", DOMAIN):
        assert words in page
    assert states(browser) == {
        "account": "done", "subdomain": "open", "snippet": "open", "first-hit": "open", "destination": "open",
        "backup": "advice",
    }  # fmt: skip


def test_what_is_done_follows_from_what_is_there(history: History) -> None:
    shown = AdminBrowser(history.data, "viewer").get("/api/v1/install").json()
    found = {step["key"]: step["state"] for step in shown["steps"]}
    assert found["first-hit"] == found["snippet"] == found["destination"] == "done"
    assert found["subdomain"] == "open", "its hits came by an address of loopback"


def test_the_hits_are_linked_and_what_was_not_taken_says_what_it_lacks(history: History) -> None:
    browser = AdminBrowser(history.data, "viewer")
    part = browser.get("/install/hits", **{"hx-request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text
    assert 'href="/events/0.1"' in part.text
    assert "/nowhere" in part.text
    assert "Add the path to a client" in html.unescape(part.text)
    shown = browser.get("/api/v1/install/hits").json()
    assert shown["hits"][0]["id"] == "0.6"
    assert {row["path"] for row in shown["refused"]} == {"/nowhere"}
    assert browser.get("/install/hits").headers["location"] == "/install"


def test_the_subdomain_is_looked_at(store: Doctored, monkeypatch: pytest.MonkeyPatch) -> None:
    store.reset()
    monkeypatch.setattr(install_check, "network", lambda call: store.net())
    browser = AdminBrowser(store.server.data, "editor", allow_addresses=LOOPBACK)
    shown = browser.json("POST", "/api/v1/doctor", {"domain": DOMAIN}).json()
    assert (shown["worst"], shown["shop"]) == ("ok", "shop.example")
    assert len(shown["findings"]) == 15
    page = browser.post("/install/check", {"domain": DOMAIN, "shop": "shop.example"})
    assert page.status_code == 200
    for words in ("t.shop.example, for pages of shop.example", "Who may issue certificates (CAA)", "<html"):
        assert words in page.text
    part = browser.post("/install/check", {"domain": DOMAIN}, **{"hx-request": "true"})
    assert "Cookies live as long as the server says." in part.text
    assert "<html" not in part.text


def test_a_domain_that_is_none(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path, "admin")
    for given in ("", HOSTILE, "10.0.0.1", "a b"):
        answer = browser.post("/install/check", {"domain": given})
        assert answer.status_code == 422
        assert "<script>alert" not in answer.text
        assert browser.json("POST", "/api/v1/doctor", {"domain": given}).status_code == 422
    for path in (f"/install?domain={HOSTILE}&shop={HOSTILE}", "/install?domain=t.%C3%BC.example"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
    assert "t.xn--tda.example {" in html.unescape(browser.get("/install?domain=t.%C3%BC.example").text)
    assert browser.get(f"/api/v1/install?domain={HOSTILE}").json()["domain"] == "t.shop.example"


def test_only_few_look_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install_check, "_places", threading.BoundedSemaphore(1))
    install_check._places.acquire()
    answer = AdminBrowser(tmp_path, "admin").json("POST", "/api/v1/doctor", {"domain": DOMAIN})
    assert answer.status_code == 503
    assert "Other checks" in answer.json()["error"]


@pytest.mark.parametrize("template", DESTINATIONS)
def test_the_first_destination_opens_the_form_of_a_tag(data: Path, template: str) -> None:
    browser = AdminBrowser(data, "editor")
    answer = browser.post("/install/destination", {"template": template})
    assert answer.headers["location"] == f"/w/first/tags/new?template={template}"
    assert browser.get(answer.headers["location"]).status_code == 200
    browser.post("/install/destination", {"template": template})
    assert len(browser.get("/api/v1/workspaces").json()["rows"]) == 1


def test_the_first_destination_of_an_empty_folder(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path, "editor")
    answer = browser.post("/install/destination", {"template": "webhook"})
    assert browser.get(answer.headers["location"]).status_code == 200


def test_destinations_that_are_none(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path, "admin")
    assert browser.post("/install/destination", {"template": HOSTILE}).status_code == 422
    assert browser.post("/install/destination").status_code == 422
    reading = AdminBrowser(tmp_path, "admin", read_only=True)
    assert reading.post("/install/destination", {"template": "webhook"}).is_error


@pytest.fixture
def sending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, FakeMeta]]:
    """A folder whose live tag sends to a fake Meta, and the environment of its admin process."""
    with FakeMeta(token=SECRETS["FIRSTHAND_SECRET_META_TOKEN"]) as meta:
        container = write_container(tmp_path, meta.endpoint)
        for name, value in (SECRETS | {"FIRSTHAND_ALLOW_ADDRESSES": "127.0.0.0/8"}).items():
            monkeypatch.setenv(name, value)
        folder = tmp_path / "data"
        with Control(control_path(folder)) as control:
            publish_file(control, container, ScriptCheck)
        yield folder, meta


def test_a_test_event(sending: tuple[Path, FakeMeta]) -> None:
    folder, meta = sending
    browser = AdminBrowser(folder, "publisher", name="pat")
    page = browser.post("/install/test", {"tag": "meta", "code": "TEST1", "workspace": ""})
    assert page.status_code == 200
    assert "the destination took it" in page.text
    assert "production data" in page.text
    assert "secret:META_TOKEN" in page.text
    assert SECRETS["FIRSTHAND_SECRET_META_TOKEN"] not in page.text
    assert json.loads(meta.requests[0].body)["test_event_code"] == "TEST1"
    shown = browser.json("POST", "/api/v1/send-test", {"tag": "meta", "code": "TEST2"}).json()
    assert (shown["state"], shown["status"]) == ("delivered", 200)
    refused = browser.json("POST", "/api/v1/send-test", {"tag": "meta"})
    assert refused.status_code == 422
    assert "test event code" in refused.json()["error"]
    assert browser.json("POST", "/api/v1/send-test", {"tag": "meta", "workspace": "none"}).status_code == 404
    assert browser.json("POST", "/api/v1/send-test", {"tag": "nobody"}).json()["hint"] == "There are: meta."
    assert len(meta.requests) == 2
    with Control.read(control_path(folder)) as control:
        rows = [row for row in control.audit_log() if row.what == "test"]
    assert [row.who for row in rows] == ["pat"] * len(rows)


@pytest.mark.parametrize(
    "given", [{"tag": "--help"}, {"tag": HOSTILE}, {"tag": "a", "code": "--x y"}, {"tag": "a" * 99}, {}]
)
def test_test_events_of_nothing(tmp_path: Path, given: dict[str, str]) -> None:
    browser = AdminBrowser(tmp_path, "admin")
    assert browser.json("POST", "/api/v1/send-test", given).status_code == 422
    answer = browser.post("/install/test", given)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


def test_the_snippets_are_the_live_containers(data: Path) -> None:
    found = {snippet.client: snippet.text for snippet in snippets(live(data), f"https://{DOMAIN}")}
    assert f"https://{DOMAIN}/tr?id={PIXEL}&ev=PageView" in found["pixel"]
    assert found["bridge"] == f"fbq('set', 'openbridge', '{PIXEL}', 'https://{DOMAIN}/events');"
    assert f"https://{DOMAIN}/capi/{PIXEL}/events" in found["sdk"]
    assert f"fetch('https://{DOMAIN}/e'" in found["json"]
    page = AdminBrowser(data, "viewer").get(f"/install?domain={DOMAIN}").text
    for text in found.values():
        assert html.escape(text, quote=False).replace("'", "&#39;").replace('"', "&#34;") in page


@pytest.mark.parametrize("recipe", RECIPES, ids=[each.stem for each in RECIPES])
def test_a_recipe_is_filled_and_balanced(recipe: Path, tmp_path: Path) -> None:
    """No parser of these is at hand, so: names are filled in, brackets close in order, statements end as they must."""
    pages = Admin.make(Settings(data_dir=tmp_path)).pages
    text = html.unescape(
        pages.get_template(f"install/recipes/{recipe.name}").render(domain=DOMAIN, shop="shop.example")
    )
    assert "{{" not in text
    assert DOMAIN in text or "shop.example" in text or "/metrics" in text
    lines = [line.split("#")[0].strip() for line in text.splitlines() if not line.lstrip().startswith(("#", "//"))]
    _balanced("\n".join(lines))
    if "nginx" in recipe.name:
        assert all(not line or line[-1] in ";{}" for line in lines)
        for header in ("Host $host", "X-Forwarded-For $remote_addr", "X-Forwarded-Proto $scheme"):
            assert f"proxy_set_header {header};" in text
    if recipe.suffix == ".txt" and "caddy" in recipe.name.lower():
        assert all(not line.endswith(";") for line in lines)
        assert "reverse_proxy 127.0.0.1:8080" in text
    if "compose" not in recipe.name:
        assert "FIRSTHAND_TRUSTED_PROXIES" in text


def _balanced(text: str) -> None:
    closing, open_now = {")": "(", "]": "[", "}": "{"}, []
    for character in text:
        if character in closing.values():
            open_now.append(character)
        elif character in closing:
            assert open_now, text
            assert open_now.pop() == closing[character], text
    assert open_now == [], text


def test_the_worker_is_javascript(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node here")
    pages = Admin.make(Settings(data_dir=tmp_path)).pages
    text = html.unescape(pages.get_template("install/recipes/cloudflare-worker.txt").render(domain=DOMAIN, shop="s"))
    (tmp_path / "worker.mjs").write_text(text)
    run = tmp_path / "run.mjs"
    run.write_text(
        "import worker from './worker.mjs';\n"
        "globalThis.fetch = async (to, how) => { console.log(JSON.stringify([to, how.method, [...how.headers]])); };\n"
        "const headers = {'CF-Connecting-IP': '203.0.113.9', 'X-Forwarded-For': '192.0.2.1'};\n"
        "await worker.fetch(new Request('https://shop.example/metrics/tr?id=1', {headers}));\n"
    )
    done = subprocess.run([node, str(run)], capture_output=True, text=True, timeout=60)
    to, method, headers = json.loads(done.stdout)
    assert (to, method) == (f"https://{DOMAIN}/tr?id=1", "GET")
    assert dict(headers)["x-forwarded-for"] == "203.0.113.9"


def test_compose_with_caddy_fits_the_server() -> None:
    yaml = YAML(typ="safe")
    base, more = (yaml.load(Path(name).read_text()) for name in ("compose.yaml", "compose.caddy.yaml"))
    caddy, server = more["services"]["caddy"], more["services"]["firsthand"]
    address = caddy["networks"]["front"]["ipv4_address"]
    assert server["environment"]["FIRSTHAND_TRUSTED_PROXIES"] == f"{address}/32"
    assert Settings.model_validate({"trusted_proxies": server["environment"]["FIRSTHAND_TRUSTED_PROXIES"]})
    assert server["ports"] == ["127.0.0.1:8081:8081"]
    assert base["services"]["firsthand"]["ports"] == ["127.0.0.1:8080:8080"]
    config = more["configs"]["caddyfile"]["content"]
    _balanced(config)
    assert "reverse_proxy firsthand:8080" in config
    assert config.count("$$FIRSTHAND_DOMAIN") == 1
    recipe = (TEMPLATES / "install" / "recipes" / "compose.txt").read_text()
    assert "compose.caddy.yaml" in recipe
    assert re.search(r"export FIRSTHAND_DOMAIN=", recipe)


def test_the_first_hit_appears_by_itself_and_the_snippets_work(browser: Browser, tmp_path: Path) -> None:
    """A real server, a real browser that waits on the page, and what the page says to copy into a shell."""
    with FakeMeta(token=SECRETS["FIRSTHAND_SECRET_META_TOKEN"]) as meta:
        container = write_container(tmp_path, meta.endpoint)
        with Server(tmp_path / "data", container, env=SECRETS) as server, Shop(server.port) as shop:
            with Control(control_path(server.data)) as control:
                user = control.accounts.add("ann", "admin")
                secret, _ = control.accounts.sign_in(user, "127.0.0.1", "test")
            url = f"http://127.0.0.1:{server.admin_port}"
            context = browser.new_context(base_url=url)
            context.add_cookies([{"name": "firsthand_session", "value": secret, "url": url}])
            page = context.new_page()
            page.goto("/install")
            expect(page.locator("#arrived")).to_contain_text("No hit has arrived yet")
            assert shop.send("GET", purchase("order.1"))[0] == 200
            assert shop.send("GET", "/nowhere")[0] == 404
            link = page.locator("#arrived a[href='/events/0.1']")
            expect(link).to_be_visible(timeout=30_000)
            expect(page.locator("#arrived")).to_contain_text("/nowhere", timeout=30_000)
            _run_snippets(live(server.data), server)
            expect(page.locator("#arrived a[href='/events/0.2']")).to_be_visible(timeout=30_000)
            link.focus()
            page.wait_for_timeout(2500)
            expect(link).to_be_focused()
            link.click()
            expect(page).to_have_url(f"{url}/events/0.1")
            expect(page.locator("h1")).to_be_visible()
            context.close()


def _run_snippets(version: Snapshot, server: Server) -> None:
    texts = [each.text for each in snippets(version, server.url) if each.text.startswith("curl ")]
    assert texts
    for text in texts:
        done = subprocess.run(
            ["sh", "-c", text], capture_output=True, text=True, timeout=30,
            env={"PATH": "/usr/bin:/bin", "TOKEN": SECRETS["FIRSTHAND_SECRET_INTAKE"]},
        )  # fmt: skip
        assert json.loads(done.stdout)["events_received"] == 1, done
