"""A real browser in the demo shop: view, add to cart, purchase."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from runtime import demo
from tests.support.fake_meta import FakeMeta
from tests.support.server import Server, command
from tests.support.shop import SECRETS

QUIET = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    assert found, "Chromium is missing: `make system` installs it"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", *QUIET])
        yield running
        running.close()


@pytest.fixture
def shop(meta: FakeMeta, tmp_path: Path) -> Iterator[Server]:
    """The demo as it is shipped, but for its Meta tag, which sends to the fake one."""
    text = demo.CONTAINER.read_text()
    sends = text.replace("    dry_run: true\n", "").replace(
        "    settings:\n      pixel_id", f"    settings:\n      endpoint: {meta.endpoint}\n      pixel_id"
    )
    assert sends.count(meta.endpoint) == 1
    container = tmp_path / "container.yaml"
    container.write_text(sends)
    with Server(tmp_path / "data", container, env=SECRETS) as running:
        yield running


def buy(page: Page, shop: Server) -> dict[str, str]:
    """Clicks through the shop and returns the event ids that the page sent, by event name."""
    page.goto(f"http://shop.localhost:{shop.port}/demo?fbclid=IwAR_click.1")
    page.click("#view")
    page.click("#add")
    page.click("#to-cart")
    page.click("#buy")
    page.wait_for_selector("li[data-event=Purchase][data-status='200']")
    rows = page.locator("#sent li").all()
    # A page that is left before the answer came knows only that it has sent.
    assert {row.get_attribute("data-status") for row in rows} <= {"200", "sent"}
    return {str(row.get_attribute("data-event")): str(row.get_attribute("data-id")) for row in rows}


def test_view_cart_purchase_arrive_with_the_pages_event_ids(browser: Browser, shop: Server, meta: FakeMeta) -> None:
    context = browser.new_context(user_agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0")
    page = context.new_page()
    complaints: list[ConsoleMessage] = []
    page.on("console", lambda message: complaints.append(message) if message.type in ("error", "warning") else None)
    sent = buy(page, shop)
    meta.wait(lambda: {"ViewContent", "AddToCart", "Purchase"} <= {event["event_name"] for event in meta.events})
    arrived = {event["event_name"]: event for event in meta.events}
    for name in ("ViewContent", "AddToCart", "Purchase"):
        assert arrived[name]["event_id"] == sent[name]
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    fbp, fbc = cookies["_fbp"]["value"], cookies["_fbc"]["value"]
    assert cookies["_fbp"]["domain"] == ".shop.localhost"
    assert not cookies["_fbp"]["httpOnly"]
    assert cookies["_fhid"]["httpOnly"]
    assert fbc.split(".", 3)[3] == "IwAR_click__DOT__1"
    purchase = arrived["Purchase"]
    assert purchase["user_data"]["fbp"] == fbp
    assert purchase["user_data"]["fbc"] == fbc
    assert purchase["custom_data"]["value"] == 12.5
    assert purchase["custom_data"]["currency"] == "EUR"
    assert purchase["event_source_url"].endswith("/demo/thanks")
    assert complaints == []
    context.close()


def test_the_shipped_demo_shows_the_request_and_sends_nothing(browser: Browser, tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        page = browser.new_page(user_agent="Mozilla/5.0 Chrome/140.0.0.0")
        page.goto(server.url)
        assert page.get_attribute("#shop", "href") == f"http://shop.localhost:{server.port}/demo?fbclid=IwAR_demo_click"
        sent = buy(page, server)
        listed = command("events", "list", "--json", data=server.data)
        assert listed.returncode == 0, listed.stderr
        purchase = next(line for line in listed.stdout.splitlines() if '"purchase"' in line)
        shown = command("events", "show", purchase.split('"id":"')[1].split('"')[0], data=server.data)
        assert shown.returncode == 0, shown.stderr
        for text in ("/v25.0/1234567890/events", '"event_name": "Purchase"', sent["Purchase"], "secret:META_TOKEN"):
            assert text in shown.stdout
        page.close()
