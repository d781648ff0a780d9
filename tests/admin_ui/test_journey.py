"""The whole way of a shop's admin, in a real browser on a real server with a fake Meta: from the one-time link to a
dead letter that is found, mended, sent again, and a version that is taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support import shop
from tests.support.fake_meta import FakeMeta, Refused
from tests.support.server import Server, get, until
from tests.support.shop import PIXEL, purchase

TOKEN = "token-that-is-typed-into-a-form"
PASSWORD = "correct horse battery staple 42"
WITHOUT_TAGS = re.sub(r"(?s)\ntags:.*?\ntriggers:", "\ntriggers:", shop.CONTAINER)
"""What a store has before its first destination: clients, triggers, a variable."""
MOST_TABS = 300


class StricterMeta(FakeMeta):
    """Wants, from one day on, an order's number with each purchase."""

    is_strict = False

    def _check(self, place: int, event: Any) -> None:
        super()._check(place, event)
        if self.is_strict and "order_id" not in event.get("custom_data", {}):
            raise Refused(400, 100, f"Invalid parameter: data[{place}]: a Purchase needs an order_id", 2804019)


@pytest.fixture
def meta() -> Iterator[StricterMeta]:
    with StricterMeta(token=TOKEN) as fake:
        yield fake


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    container = tmp_path / "container.yaml"
    container.write_text(WITHOUT_TAGS.format())
    env = {"FIRSTHAND_SECRET_INTAKE": shop.SECRETS["FIRSTHAND_SECRET_INTAKE"]}
    with Server(tmp_path / "data", container, env=env) as running:
        yield running


class Admin:
    """A person with a browser, and the store's own visitors."""

    def __init__(self, page: Page, server: Server, meta: StricterMeta) -> None:
        self.page, self.server, self.meta = page, server, meta
        self.complaints: list[str] = []
        page.set_default_timeout(20_000)
        page.on("console", lambda told: self.complaints.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.admin_port}"

    def open(self, path: str) -> None:
        answer = self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == 200, path

    def press(self, target: Locator, key: str = "Enter") -> None:
        """Goes to a control by the tab key, and presses a key there."""
        expect(target).to_be_visible()
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if target.evaluate("element => element === document.activeElement"):
                self.page.keyboard.press(key)
                return
        raise AssertionError(f"the tab key does not reach {target}")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def visit(self, event_id: str, **more: str) -> None:
        """A visitor's pixel sends a purchase."""
        assert get(self.server.url + purchase(event_id, **more), headers={"User-Agent": shop.AGENT})[0] == 200

    def live(self) -> int:
        with Control.read(control_path(self.server.data)) as control:
            live = control.live()
        assert live is not None
        return live[0]


def sign_up(admin: Admin) -> None:
    """The one-time link that the server prints; it works once."""
    found = re.search(r"http://\S+/welcome/\S+", admin.server.log_file.read_text())
    assert found is not None
    path = found[0].partition("/welcome/")[2]
    admin.open(f"/welcome/{path}")
    admin.page.get_by_label("Name").fill("ann")
    admin.page.get_by_label("Password").fill(PASSWORD)
    admin.button("Continue").click()
    expect(admin.page).to_have_url(re.compile("/sign-in"))
    assert get(f"{admin.url}/welcome/{path}")[0] == 410
    admin.page.get_by_label("Name").fill("ann")
    admin.page.get_by_label("Password").fill(PASSWORD)
    admin.page.keyboard.press("Enter")
    expect(admin.page.locator("header .who summary")).to_have_text("ann")


def see_the_first_hit(admin: Admin) -> None:
    """The page waits, and shows the hit by itself."""
    admin.page.get_by_role("link", name="Install").click()
    expect(admin.page.locator("#arrived")).to_contain_text("No hit has arrived yet")
    admin.visit("order.1")
    expect(admin.page.locator("#arrived")).to_contain_text("0.1")
    expect(admin.page.locator("#arrived")).to_contain_text("purchase")


def configure_meta(admin: Admin) -> None:
    """From the wizard into the form of the first tag, in a draft that is begun on the way."""
    admin.button("Meta Conversions API").click()
    page = admin.page
    page.get_by_label("Name (required)").fill("meta")
    page.locator("[name='settings.pixel_id']").fill(PIXEL)
    page.get_by_text("Type a new value, or name another secret").first.click()
    page.locator("[name='settings.access_token.name']").fill("META_TOKEN")
    page.locator("[name='settings.access_token.value']").fill(TOKEN)
    page.get_by_text("More settings").click()
    page.locator("[name='settings.endpoint']").fill(admin.meta.endpoint)
    page.locator("[name=triggers][value=everything]").check()
    admin.button("Add the tag").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    assert TOKEN not in page.content()


def preview(admin: Admin) -> None:
    """A link puts one visitor on the draft: the request is built and shown, and nothing is sent."""
    page = admin.page
    page.get_by_role("link", name="Preview").first.click()
    page.locator("[name=what]").select_option("first")
    page.locator("[name=url]").fill(admin.server.url)
    admin.button("Make the link").click()
    header = page.get_by_label("Header").inner_text()
    name, _, value = header.partition(": ")
    headers = {name: value, "User-Agent": shop.AGENT}
    assert get(admin.server.url + purchase("order.preview"), headers=headers)[0] == 200
    row = page.locator("live-list").get_by_role("link", name=re.compile("purchase|0[.]2")).first
    expect(row).to_be_visible()
    row.click()
    expect(page.locator("#trace")).to_contain_text(f"/{PIXEL}/events")
    assert admin.meta.requests == []


def publish(admin: Admin, workspace: str, note: str) -> None:
    """By keys alone: the dry run comes by itself, and blocks nothing."""
    before = admin.live()
    admin.open(f"/w/{workspace}/changes")
    admin.press(admin.page.get_by_label("Note"), "Control+a")
    admin.page.keyboard.type(note)
    admin.press(admin.button("Publish"))
    expect(admin.page.get_by_role("status").first).to_contain_text("runs in live", timeout=60_000)
    assert admin.live() == before + 1


def deliver(admin: Admin) -> None:
    with until("the version is taken and the event delivered") as wait:
        number = 0
        while not any(event["event_id"].startswith("order.good") for event in admin.meta.events):
            number += 1
            admin.visit(f"order.good{number}")
            wait()


def be_refused(admin: Admin) -> None:
    """Meta has a new rule, which the shop's purchases do not meet."""
    admin.meta.is_strict = True
    admin.visit("order.bad")
    admin.meta.wait(lambda: any(b"order.bad" in request.body for request in admin.meta.requests))


def find_it(admin: Admin) -> str:
    """From the first page's number to the list, to the letter, to the event; returns the letter's path."""
    page = admin.page
    with until("the first page tells") as wait:
        admin.open("/")
        while page.locator("a[href*='state=dead']").count() == 0:
            wait()
            admin.open("/")
    page.locator("a[href*='state=dead']").first.click()
    page.get_by_label("Event id").fill("order.bad")
    page.keyboard.press("Enter")
    link = page.locator("a[href^='/deliveries/letters/']")
    expect(link).to_have_count(1)
    letter = link.get_attribute("href")
    assert letter is not None
    link.click()
    expect(page.locator("main")).to_contain_text("a Purchase needs an order_id")
    page.get_by_role("link", name="The event in the debugger").click()
    expect(page.locator("main")).to_contain_text("order.bad")
    return letter


def mend(admin: Admin) -> None:
    """Another draft, in which every event has the number of an order."""
    page = admin.page
    admin.open("/container?all=1")
    page.locator("form.panel [name=name]").fill("mend")
    admin.button("Begin").click()
    admin.open("/w/mend/transformations/new?template=augment")
    page.get_by_label("Name (required)").fill("numbered")
    page.get_by_label("Fields, name 1").fill("transaction_id")
    page.get_by_label("Fields, value 1").fill("not told")
    admin.button("Add the transformation").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")


def replay(admin: Admin, letter: str) -> None:
    """By keys alone: counted first, then sent, with the same event id, by the version that is live now."""
    page = admin.page
    admin.open(letter)
    admin.press(page.locator("#version"), "End")
    assert page.locator("#version").input_value() == "current"
    admin.press(admin.button("Replay: count first"))
    expect(page.get_by_role("region", name="What the replay would do")).to_contain_text("1")
    admin.press(admin.button("Send them again"))
    expect(page.get_by_role("status").first).to_contain_text("is stored")
    admin.meta.wait(lambda: any(event["event_id"] == "order.bad" for event in admin.meta.events))
    (event,) = [event for event in admin.meta.events if event["event_id"] == "order.bad"]
    assert event["custom_data"]["order_id"] == "not told"
    with until("the letter is gone") as wait:
        admin.open("/deliveries?state=dead&event_id=order.bad")
        while "nothing was given up" not in page.content():
            wait()
            admin.open("/deliveries?state=dead&event_id=order.bad")


def roll_back(admin: Admin, number: int) -> None:
    """By keys alone."""
    admin.open(f"/versions/{number}")
    admin.press(admin.button("roll back to it"))
    expect(admin.page.get_by_role("status").first).to_contain_text(f"live runs version {number}")
    assert admin.live() == number
    admin.open("/audit")
    expect(admin.page.locator("main")).to_contain_text("rollback")
    expect(admin.page.locator("main")).to_contain_text("The chain of hashes is whole.")


def test_from_the_first_link_to_the_last_roll_back(browser: Browser, server: Server, meta: StricterMeta) -> None:
    context = browser.new_context(reduced_motion="reduce")
    admin = Admin(context.new_page(), server, meta)
    sign_up(admin)
    see_the_first_hit(admin)
    configure_meta(admin)
    preview(admin)
    publish(admin, "first", "The first destination")
    deliver(admin)
    be_refused(admin)
    letter = find_it(admin)
    mend(admin)
    publish(admin, "mend", "Every event has an order's number")
    replay(admin, letter)
    roll_back(admin, 2)
    assert admin.complaints == []
    context.close()
