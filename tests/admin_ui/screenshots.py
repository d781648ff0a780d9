"""Pictures of the admin UI for the docs, in docs/screenshots. `make screenshots` runs this; `make test` does not."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.faults.bench_ui import fill
from tests.support.few_colours import few_colours
from tests.support.history import BUYS
from tests.support.rich_history import OWN_TEMPLATE, WORKSPACE
from tests.support.site import Site, serve

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
SIZE = {"width": 1280, "height": 800}
EVENTS = 30_000
MOST_BYTES = 80_000
BUSY = {"home": "/?span=24h", "events": "/events"}
"""Pages that want many events."""
SINGLE = {
    "trace": f"/events/{BUYS}#event-0",
    "trigger": f"/w/{WORKSPACE}/triggers/purchases",
    "template": f"/w/{WORKSPACE}/templates/destination/{OWN_TEMPLATE}?event={BUYS}",
    "changes": f"/w/{WORKSPACE}/changes",
}


def take(site: Site, browser: Browser, blank: Page, pages: dict[str, str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with closing(site.enter(browser, viewport=SIZE, color_scheme="light")) as context:
        page = context.new_page()
        for name, path in pages.items():
            page.goto(path)
            page.wait_for_timeout(2000)
            small = few_colours(blank, page.screenshot())
            assert len(small) < MOST_BYTES, name
            (FOLDER / f"{name}.png").write_bytes(small)


@pytest.fixture
def blank(browser: Browser) -> Page:
    return browser.new_page()


def test_pages_with_many_events(tmp_path: Path, browser: Browser, blank: Page) -> None:
    fill(tmp_path / "data", EVENTS)
    with serve(tmp_path / "data") as site:
        take(site, browser, blank, BUSY)


def test_pages_of_one_thing(site: Site, browser: Browser, blank: Page) -> None:
    take(site, browser, blank, SINGLE)
