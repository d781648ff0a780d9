"""Every page in light and dark, on a phone and a laptop: accessible, quiet, within its policy, usable by keys alone,
light, and of use without JavaScript."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, TimeoutError

from admin_ui.assets import STATIC
from admin_ui.routes import Entry
from tests.admin_ui.pages import examples, is_whole, page_routes
from tests.support.rich_history import Rich
from tests.support.site import Site

AXE = Path(__file__).parents[2] / "admin_ui/frontend/node_modules/axe-core/axe.min.js"
LOOKS = Path(__file__).with_name("looks.js")
RUN_AXE = """([coloursOnly]) => axe.run(document, {
  runOnly: coloursOnly ? {type: "rule", values: ["color-contrast", "link-in-text-block"]}
    : {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
  rules: coloursOnly ? {} : {"target-size": {enabled: true}}, resultTypes: ["violations"],
}).then(found => found.violations.flatMap(each => each.nodes.map(
  node => `${each.id}: ${node.target.join(" ")}: ${node.html.slice(0, 120)}`)))"""
LISTEN = """window.violated = []; addEventListener("securitypolicyviolation",
  event => window.violated.push(`${event.violatedDirective} ${event.blockedURI}`));"""
NARROW, WIDE, HEIGHT = 375, 1280, 800
LOOKS_AT: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    (WIDE, "light"), (WIDE, "dark"), (NARROW, "dark"), (NARROW, "light"),
)  # fmt: skip
"""In dark, rules that ask for colours are asked: all others cannot come to another answer than in light."""
QUIET_MS = 10_000
LIGHT_KB = 60
"""JavaScript of a page, compressed; where an editor is on it, its bundle comes on top."""
EDITOR = "vendor/editor"

ROUTES = [pytest.param(entry, id=entry.path) for entry in page_routes() if is_whole(entry)]


class Opened:
    """A page that is open, and what it complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.scripts: list[str] = []
        page.on("console", lambda told: self._complain(told.text) if told.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("response", lambda answer: self._answered(answer.request.resource_type, answer.url, answer.status))

    def _complain(self, text: str) -> None:
        self.complaints.append(text)

    def _answered(self, kind: str, url: str, status: int) -> None:
        if status >= 400:
            self._complain(f"{status} {url}")
        if kind == "script":
            self.scripts.append(urlsplit(url).path)

    def go(self, path: str) -> None:
        """Opens a path, and waits until elements of ours have drawn themselves."""
        self.complaints.clear()
        self.scripts.clear()
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        if self.page.evaluate("[...document.querySelectorAll('*')].some(each => each.localName.includes('-'))"):
            with suppress(TimeoutError):  # A page with a live list is never quiet.
                self.page.wait_for_load_state("networkidle", timeout=QUIET_MS)
        self.page.evaluate(LOOKS.read_text())

    def ask(self, what: str, *given: Any) -> Any:
        """Asks a function of looks.js."""
        return self.page.evaluate(f"given => look.{what}(...given)", list(given))


@cache
def axe() -> str:
    assert AXE.exists(), "axe-core is missing: `make unit` installs it"
    return AXE.read_text()


@contextmanager
def opened(browser: Browser, site: Site, entry: Entry, **options: Any) -> Iterator[Opened]:
    """Gives a page in which an admin is signed in, or nobody where nobody needs to be."""
    role = "admin" if entry.role else None
    context = site.enter(browser, role, viewport={"width": WIDE, "height": HEIGHT}, **options)
    context.add_init_script(LISTEN)
    try:
        yield Opened(context.new_page())
    finally:
        context.close()


def test_each_page_has_an_example(rich: Rich) -> None:
    assert [entry.path for entry in page_routes() if not examples(entry, rich)] == []
    assert len(ROUTES) > 30


@pytest.mark.parametrize("entry", ROUTES)
def test_light_and_dark_narrow_and_wide(entry: Entry, rich: Rich, site: Site, browser: Browser) -> None:
    found: list[str] = []
    with opened(browser, site, entry) as view:
        for path in examples(entry, rich):
            view.go(path)
            view.page.evaluate(axe())
            found += [f"{path}: {told}" for told in (*_heavy(view), *_twice_as_large(view))]
            for width, scheme in LOOKS_AT:
                found += [f"{path} {scheme} {width}: {told}" for told in _seen(view, scheme, width)]
            found += [f"{path}: {told}" for told in (*view.complaints, *view.page.evaluate("window.violated"))]
    assert not found, "\n".join(found)


def _seen(view: Opened, scheme: Literal["light", "dark"], width: int) -> Iterator[str]:
    view.page.emulate_media(color_scheme=scheme)
    view.page.set_viewport_size({"width": width, "height": HEIGHT})
    yield from view.page.evaluate(RUN_AXE, [scheme == "dark"])
    if scheme == "light":  # Colours move nothing.
        yield from (f"scrolls sideways: {told}" for told in view.ask("overflow"))
        yield from (f"small: {told}" for told in view.ask("small"))
    view.ask("unfold")


def _heavy(view: Opened) -> Iterator[str]:
    """Tells of too much JavaScript: editors apart, which are the most of a page that has one."""
    sizes = {path: _compressed(path) for path in view.scripts if EDITOR not in path}
    if sum(sizes.values()) > LIGHT_KB * 1024:
        yield f"more than {LIGHT_KB} KB of JavaScript: {sizes}"


def _compressed(path: str) -> int:
    _, _, name = path.removeprefix("/static/").partition("/")
    return len(gzip.compress((STATIC / name).read_bytes()))


def _twice_as_large(view: Opened) -> Iterator[str]:
    """At 200 % a page has half the pixels: what was there is there still, and nothing lies beside the window."""
    there = view.ask("names")
    view.page.set_viewport_size({"width": WIDE // 2, "height": HEIGHT // 2})
    yield from (f"gone at 200 %: {name}" for name in sorted(set(there) - set(view.ask("names"))))
    yield from (f"at 200 % it scrolls sideways: {told}" for told in view.ask("overflow"))


@pytest.mark.parametrize("entry", ROUTES)
def test_keys_reach_every_control(entry: Entry, rich: Rich, site: Site, browser: Browser) -> None:
    found: list[str] = []
    with opened(browser, site, entry) as view:
        for path in examples(entry, rich)[:2]:
            view.go(path)
            found += [f"{path}: {told}" for told in _tabbed(view)]
    assert not found, "\n".join(found)


def _tabbed(view: Opened) -> Iterator[str]:
    """Goes through the page by the tab key, until it has been all around."""
    count = view.ask("start")
    wrong: dict[int, str] = {}
    outside = 0
    place = {"isEditor": False}
    for _ in range(count * 2 + 40):
        if place["isEditor"]:
            view.page.keyboard.press("Escape")  # As the page says beside it.
        view.page.keyboard.press("Tab")
        place = view.ask("focused")
        if place["at"] in wrong and len(wrong) == count:
            break
        outside = outside + 1 if place["at"] < 0 else 0
        if outside > 20:
            break
        if place["at"] >= 0:
            wrong.setdefault(place["at"], place["wrong"])
    yield from (f"the tab key does not reach {view.ask('nameOf', at)}" for at in range(count) if at not in wrong)
    yield from (f"{view.ask('nameOf', at)}: {told}" for at, told in wrong.items() if told)


@pytest.mark.parametrize("entry", ROUTES)
def test_without_javascript(entry: Entry, rich: Rich, site: Site, browser: Browser) -> None:
    """Pages are there and forms can be sent."""
    with opened(browser, site, entry, java_script_enabled=False) as view:
        for path in examples(entry, rich)[:2]:
            answer = view.page.goto(path)
            assert answer is not None
            assert answer.status == 200
            assert view.page.locator("h1").count() == 1, path
            view.page.evaluate(LOOKS.read_text())
            assert [form["action"] for form in view.ask("forms") if not form["hasButton"]] == [], path
