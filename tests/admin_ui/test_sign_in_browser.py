"""Signing in with a real browser, whose cookies and policies decide whether it works: by link, password and second
factor, and by single sign-on at another site."""

from __future__ import annotations

import re
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Page, expect

from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import PASSWORD
from tests.support.fake_openid import FakeOpenid
from tests.support.site import serve


def _sign_in(page: Page, **fields: str) -> None:
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    if "code" in fields:
        page.get_by_label("Code").fill(fields["code"])
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_from_the_one_time_link_to_the_second_factor(tmp_path: Path, browser: Browser) -> None:
    with Control(control_path(tmp_path)) as control:
        secret = control.accounts.invite("admin")
    with serve(tmp_path) as site:
        page = browser.new_context(base_url=site.url).new_page()
        page.goto(f"/welcome/{secret}")
        page.get_by_label("Name").fill("ann")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()
        _sign_in(page)
        expect(page.get_by_role("navigation", name="Sections")).to_be_visible()

        page.goto("/account")
        page.get_by_role("button", name="Set one up").click()
        picture = page.get_by_role("img", name="A QR code that holds the secret below")
        assert picture.evaluate("each => each.complete && each.naturalWidth > 100")
        factor = page.locator("input[name=secret]").input_value()
        page.get_by_label("Code").fill(pyotp.TOTP(factor).now())
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Turn it on").click()
        expect(page.get_by_role("status")).to_contain_text("From now on a code is asked for")

        page.get_by_label("You: ann").click()
        page.get_by_role("button", name="Sign out").click()
        _sign_in(page)
        expect(page.get_by_role("alert")).to_have_text("Name, password or code is wrong.")
        with Control(control_path(tmp_path)) as control:
            step = control.accounts.known("ann").totp_step
        _sign_in(page, code=pyotp.TOTP(factor).at((step + 1) * 30))
        expect(page.get_by_role("navigation", name="Sections")).to_be_visible()


def test_single_sign_on_from_another_site(tmp_path: Path, browser: Browser) -> None:
    """The provider is at 127.0.0.1 and the admin port at localhost: two sites, so that a strict cookie shows whether
    the way back works."""
    provider = FakeOpenid()
    with provider, serve(tmp_path, **provider.settings) as site:
        host = f"http://localhost:{site.port}"
        page = browser.new_context(base_url=host).new_page()
        problems: list[str] = []
        page.on("console", lambda told: problems.append(told.text) if told.type == "error" else None)
        page.goto("/account")
        page.get_by_role("button", name="Sign in with single sign-on").click()
        expect(page).to_have_url(f"{host}/account")
        expect(page.get_by_role("heading", level=1)).to_have_text("jo")
        cookies = {each["name"]: each for each in page.context.cookies()}
        assert set(cookies) == {"firsthand_session"}
        assert cookies["firsthand_session"]["sameSite"] == "Strict"

        page.goto(f"{provider.endpoint}/elsewhere")
        page.evaluate("to => { location.href = to }", f"{host}/account")
        page.wait_for_url(re.compile("/account$"))
        expect(page.get_by_role("heading", level=1)).to_have_text("jo")
        assert [each for each in problems if "404" not in each] == []
