"""Whatever anybody writes anywhere is text on every page: more than a hundred payloads, in every place."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page

from admin_ui.admin import TEMPLATES
from tests.admin_ui.pages import page_routes
from tests.support.hostile_history import TEMPLATE_ID, WORKSPACE, Hostile, make_hostile
from tests.support.site import Site, serve
from tests.support.xss_payloads import MARK, payloads

MARKUP = Path(__file__).with_name("markup.js")
PRODUCT = str(1234567 * 7654321)
"""What a template engine makes of some payloads."""
KNOWN = sorted(
    {tag for file in TEMPLATES.rglob("*.html") for tag in re.findall(r"<([a-z][a-z0-9-]*)", file.read_text())}
    | {"tbody", "circle", "path", "g", "rect", "line", "text", "title", "use"}
)
"""Elements that our templates have."""
LISTEN = f"window.{MARK} = () => {{ window.ran = true; }}; window.violated = []; addEventListener("
LISTEN += "'securitypolicyviolation', event => window.violated.push(event.violatedDirective + event.blockedURI));"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    return make_hostile(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def hostile_site(hostile: Hostile) -> Iterator[Site]:
    with serve(hostile.data) as site:
        yield site


@pytest.fixture
def client(hostile_site: Site) -> Iterator[httpx.Client]:
    with hostile_site.client() as asking:
        yield asking


@pytest.fixture(scope="module")
def parser(browser: Browser) -> Iterator[Page]:
    """A blank page whose browser parses others."""
    page = browser.new_page()
    page.evaluate(MARKUP.read_text())
    yield page
    page.close()


def addresses(hostile: Hostile) -> Iterator[str]:
    """Yields every page on which payloads can stand, many of a kind."""
    last = {"clients": "json", "tags": "stamped", "triggers": "t{}", "variables": "v{}", "transformations": "none",
            "schemas": "s{}", "folders": "f{}"}  # fmt: skip
    for entry in page_routes():
        path = entry.path.replace("{workspace}", WORKSPACE).replace("{kind}/{id}", f"destination/{TEMPLATE_ID}")
        if entry.path == "/events/{id:path}":
            yield from (f"/events/{id}" for id in hostile.traced)
        elif entry.path == "/deliveries/{id}":
            yield from (f"/deliveries/{id}" for id in hostile.attempts[::10])
        elif entry.path == "/deliveries/letters/{id}":
            yield from (f"/deliveries/letters/{id}" for id in hostile.letters[::10])
        elif entry.path == "/versions/{number}":
            yield from ("/versions/1", "/versions/2")
        elif entry.path == "/users/{user}":
            yield "/users/an-admin"
        elif entry.path == "/preview/{id}":
            yield from ("/preview/live", f"/preview/live?hit={hostile.hits[0]}")
        elif path.endswith("/delete"):
            yield f"{path}?id={last[path.split('/')[-2]].format(3)}"
        elif path.startswith(f"/w/{WORKSPACE}/") and path.endswith("/{id}"):
            id = last[path.split("/")[-2]]
            yield from (path.replace("{id}", id.format(n)) for n in range(0, hostile.parts if "{}" in id else 1, 12))
        elif "{" not in path:
            yield path
    yield from ("/events?limit=1000", "/audit?limit=1000")
    yield from (f"/deliveries?limit=1000&state={state}" for state in ("attempts", "dead", "waiting", "backlog"))


def test_there_is_enough_to_show(hostile: Hostile) -> None:
    assert len(payloads()) >= 100
    assert hostile.parts >= 100
    assert len(hostile.hits) >= 200
    assert len(hostile.letters) >= 100


def test_no_page_has_markup_of_others(hostile: Hostile, client: httpx.Client, parser: Page) -> None:
    found: list[str] = []
    marked = 0
    for path in addresses(hostile):
        answer = client.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            foreign = parser.evaluate("given => foreign(...given)", [answer.text, MARK, KNOWN])
            found += [f"{path}: {told}" for told in foreign]
            found += [f"{path}: a template was run"] * (PRODUCT in answer.text)
            marked += MARK in answer.text
        assert answer.status_code < 500, path
    assert not found, "\n".join(found[:40])
    assert marked > 200, "payloads are shown, as text"


def test_what_stands_in_the_address_is_text_too(client: httpx.Client, parser: Page) -> None:
    found: list[str] = []
    paths = ("/", "/events", "/deliveries", "/audit", "/sign-in", "/versions", "/users", "/secrets")
    for number, text in enumerate(payloads()):
        filters = {"name": text, "event_id": text, "who": text, "q": text, "done": text, "what": text}
        places = {"cursor": text, "next": text, "span": text, "since": text, "done": text, "state": text}
        turn = paths[number % len(paths)]
        own = {"/sign-in": filters | places, "/": {"done": text}}.get(turn, filters)
        for path, asked in ((turn, own), (turn, places), ("/events", places), (f"/events/{quote(text)}", {})):
            answer = client.get(path, params=asked)
            assert answer.status_code < 500, (path, text)
            if answer.headers.get("content-type", "").startswith("text/html"):
                foreign = parser.evaluate("given => foreign(...given)", [answer.text, MARK, KNOWN])
                found += [f"{path}: {told}" for told in foreign]
    assert not found, "\n".join(found[:40])


def test_chromium_runs_and_fetches_nothing(hostile: Hostile, hostile_site: Site, browser: Browser) -> None:
    with closing(hostile_site.enter(browser)) as context:
        context.add_init_script(LISTEN)
        page = context.new_page()
        elsewhere: list[str] = []
        page.on("dialog", lambda dialog: elsewhere.append(dialog.message))
        page.on("request", lambda asked: elsewhere.append(asked.url))
        for path in _sample(hostile):
            page.goto(path)
            for name in ("details:not([open]) > summary", "[autofocus]"):
                for each in page.locator(name).all()[:20]:
                    each.focus()
            page.wait_for_timeout(100)
            assert page.evaluate("[window.ran ?? false, window.violated]") == [False, []], path
        assert [each for each in elsewhere if not each.startswith((hostile_site.url, "data:"))] == []


def _sample(hostile: Hostile) -> list[str]:
    paths = ["/", "/events?limit=1000", "/audit?limit=1000", "/deliveries?limit=1000&state=dead", "/users", "/account"]
    paths += [f"/events/{id}" for id in hostile.hits[:4]] + [f"/deliveries/letters/{hostile.letters[0]}"]
    paths += [f"/deliveries/{hostile.attempts[0]}", "/versions", "/versions/2"]
    known = {entry.path for entry in page_routes()}
    wanted = ("/w/{workspace}", "/w/{workspace}/changes", "/w/{workspace}/variables", "/w/{workspace}/triggers",
              "/w/{workspace}/file")  # fmt: skip
    paths += [path.replace("{workspace}", WORKSPACE) for path in wanted if path in known]
    if "/w/{workspace}/templates/{kind}/{id}" in known:
        paths.append(f"/w/{WORKSPACE}/templates/destination/{TEMPLATE_ID}")
    if "/w/{workspace}/triggers/{id}" in known:
        paths += [f"/w/{WORKSPACE}/triggers/t{n}" for n in (0, 30)]
    if "/preview/{id}" in known:
        paths.append(f"/preview/live?hit={hostile.hits[0]}")
    return paths


def test_a_spreadsheet_opens_no_formula(client: httpx.Client) -> None:
    answer = client.get("/events.csv?limit=1000")
    cells = [cell for row in csv.reader(io.StringIO(answer.text, newline="")) for cell in row]
    assert any(MARK in cell for cell in cells)
    assert [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") and not _is_number(cell)] == []


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+", text) is not None
