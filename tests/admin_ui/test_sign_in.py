"""Signing in: the one-time link, the password, the throttle, and what another site's page cannot do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from admin_ui.auth.pages import local_path
from admin_ui.auth.passwords import hash_password
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import PASSWORD, AdminBrowser


def _link(data: Path) -> str:
    with Control(control_path(data)) as control:
        return f"/welcome/{control.accounts.invite('admin')}"


def _sign_up(data: Path, name: str = "ann") -> AdminBrowser:
    browser = AdminBrowser(data, None)
    assert browser.post(_link(data), {"name": name, "password": PASSWORD}).status_code == 303
    return browser


def test_first_admin(tmp_path: Path) -> None:
    browser, link = AdminBrowser(tmp_path, None), _link(tmp_path)
    assert "You will be admin" in browser.get(link).text
    assert browser.post(link, {"name": "ann", "password": PASSWORD}).headers["location"].startswith("/sign-in")
    again = browser.post(link, {"name": "eve", "password": PASSWORD})
    assert again.status_code == 410
    answer = browser.post("/sign-in", {"name": "Ann", "password": PASSWORD, "next": "/events?name=x"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/events?name=x")
    cookie = answer.headers["set-cookie"]
    assert re.match(r"firsthand_session=[\w-]{43}; HttpOnly; Max-Age=43200; Path=/; SameSite=strict$", cookie)


@pytest.mark.parametrize("password", ["short", "password1234", "aaaaaaaaaaaaaaa", "ann ann ann ann"])
def test_guessable_passwords_are_refused(tmp_path: Path, password: str) -> None:
    answer = AdminBrowser(tmp_path, None).post(_link(tmp_path), {"name": "ann", "password": password})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_wrong_passwords_wait_ever_longer(tmp_path: Path) -> None:
    browser = _sign_up(tmp_path)
    answers = [browser.post("/sign-in", {"name": "ann", "password": "wrong wrong wrong"}) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    restarted = AdminBrowser(tmp_path, None)
    assert restarted.post("/sign-in", {"name": "ANN", "password": PASSWORD}).status_code == 429


def test_many_names_from_one_address_wait_too(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path, None)
    statuses = [browser.post("/sign-in", {"name": f"user{n}", "password": "x" * 12}).status_code for n in range(22)]
    assert statuses == [401] * 20 + [429] * 2


def test_behind_a_proxy_each_address_waits_for_itself(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path, None, trusted_proxies="127.0.0.1,10.0.0.0/8", admin_hosts="admin.shop.example")

    def tries(forwarded: str, count: int) -> list[int]:
        headers = {"host": "admin.shop.example", "x-forwarded-for": forwarded}
        return [
            browser.post("/sign-in", {"name": f"{forwarded}{n}", "password": "x" * 12}, **headers).status_code
            for n in range(count)
        ]

    assert tries("192.0.2.1", 22)[-1] == 429
    assert tries("198.51.100.7, 192.0.2.1, 10.0.0.3", 1) == [429], "what stands left of it may be forged"
    assert tries("192.0.2.1, 198.51.100.8", 1) == [401]
    assert tries("2001:db8:1:2::5", 22)[-1] == 429
    assert tries("2001:db8:1:2:ffff::9", 1) == [429], "one household has 64 bits of addresses"
    assert tries("2001:db8:1:3::5", 1) == [401]


@pytest.mark.parametrize("password", [PASSWORD, "wrong wrong wrong", ""])
def test_it_does_as_much_for_a_name_that_nobody_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    _sign_up(tmp_path)
    with Control(control_path(tmp_path)) as control:
        control.accounts.add("by-sign-on", "viewer", subject="elsewhere 1")
        control.accounts.add("gone", "viewer", password=hash_password(PASSWORD))
        control.accounts.change("gone", disabled=1)
    verified: list[int] = []
    verify = PasswordHasher.verify

    def count(*given: Any) -> bool:
        verified.append(1)
        return verify(*given)

    monkeypatch.setattr(PasswordHasher, "verify", count)
    bodies = set()
    for name in ("ann", "nobody-is-called-so", "by-sign-on", "gone", "' OR 1=1"):
        verified.clear()
        answer = AdminBrowser(tmp_path, None).post("/sign-in", {"name": name, "password": password})
        assert len(verified) == 1, name
        if answer.status_code != 303:
            assert answer.status_code == 401
            bodies.add(re.sub('name="name" value="[^"]*"', "", answer.text))
    assert len(bodies) == 1, "and says as little"


def test_a_session_is_a_new_one_at_each_sign_in(tmp_path: Path) -> None:
    """What somebody planted in the browser before is not signed in afterwards."""
    browser = _sign_up(tmp_path)
    form = {"name": "ann", "password": PASSWORD}
    browser.cookies = {"firsthand_session": "A" * 43}
    first = browser.post("/sign-in", form).cookies["firsthand_session"]
    assert first != "A" * 43
    assert browser.get("/account").status_code == 303
    browser.cookies = {"firsthand_session": first}
    with Control(control_path(tmp_path)) as control:
        session = control.accounts.session(first)
        assert session is not None
    browser.csrf = session.csrf
    second = browser.post("/sign-in", form).cookies["firsthand_session"]
    assert second != first
    assert browser.get("/account").status_code == 303, "the session that it takes the place of is over"


def test_who_is_signed_in_goes_on_where_it_wanted_to(tmp_path: Path) -> None:
    assert AdminBrowser(tmp_path).get("/sign-in?next=/events").headers["location"] == "/events"


def test_behind_a_link_of_another_site_the_page_asks_again_itself(tmp_path: Path) -> None:
    """Browsers hold a strict cookie back there: who is signed in must not have to sign in once more."""
    nobody = AdminBrowser(tmp_path, None)
    answer = nobody.get("/sign-in?next=/events/0.1", **{"sec-fetch-site": "cross-site"})
    assert '<meta http-equiv="refresh" content="0;url=/events/0.1">' in answer.text
    assert "<form" in nobody.get("/sign-in?next=/events/0.1", **{"sec-fetch-site": "same-origin"}).text


@pytest.mark.parametrize(
    ("host", "peer", "starts", "is_secure"),
    [
        ("127.0.0.1:8081", "127.0.0.1", "firsthand_session=", False),
        ("localhost:8081", "::1", "firsthand_session=", False),
        ("localhost:8081", "192.0.2.7", "__Host-firsthand_session=", True),
        ("admin.shop.example", "127.0.0.1", "__Host-firsthand_session=", True),
        ("admin.shop.example", "192.0.2.7", "__Host-firsthand_session=", True),
    ],
)
def test_the_cookie(tmp_path: Path, host: str, peer: str, starts: str, is_secure: bool) -> None:
    """Without TLS only over loopback, on a loopback name."""
    _sign_up(tmp_path)
    browser = AdminBrowser(tmp_path, None, admin_hosts="admin.shop.example")
    browser.peer = peer
    answer = browser.post("/sign-in", {"name": "ann", "password": PASSWORD}, host=host)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(starts)
    assert ("; Secure" in cookie) == is_secure
    for part in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"):
        assert f"; {part}" in cookie
    assert "domain" not in cookie.lower()
    name, _, value = cookie.partition(";")[0].partition("=")
    browser.cookies = {name: value}
    assert browser.get("/account", host=host).status_code == 200
    browser.cookies = {name.removeprefix("__Host-") if is_secure else f"__Host-{name}": value}
    assert browser.get("/account", host=host).status_code == 303, "under the other name it is none"


def test_nobody_is_sent_to_the_sign_in(tmp_path: Path) -> None:
    answer = AdminBrowser(tmp_path, None).get("/?a=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2F%3Fa%3D1")
    assert AdminBrowser(tmp_path, None).get("/api/v1/status").status_code == 401


@pytest.mark.parametrize(
    "text",
    [
        "//evil.example", "https://evil.example", "/\\evil.example", "\\evil.example", "javascript:1", "", "evil",
        "/\t/evil.example", "/\r\nset-cookie: a=b", "/\u2028x", " /x", "///evil.example",
    ],
)  # fmt: skip
def test_it_goes_to_pages_of_ours_only(text: str) -> None:
    assert local_path(text) == "/"


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "same-site"}, {"sec-fetch-site": "cross-site"}, {"origin": "https://shop.example"}],
)
def test_other_sites_change_nothing(tmp_path: Path, headers: dict[str, str]) -> None:
    browser = AdminBrowser(tmp_path)
    answer = browser.ask("POST", "/sign-out", data={"csrf": browser.csrf}, headers=headers)
    assert answer.status_code == 403
    assert browser.get("/").status_code == 200


def test_a_form_without_its_token_changes_nothing(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path)
    assert browser.post("/sign-out", {"csrf": "x"}).status_code == 403
    assert browser.post("/sign-out").status_code == 303
    assert browser.get("/").status_code == 303


def test_other_hosts_are_not_served(tmp_path: Path) -> None:
    assert AdminBrowser(tmp_path).get("/", host="evil.example").status_code == 421
    assert (
        AdminBrowser(tmp_path, admin_hosts="admin.shop.example").get("/", host="admin.shop.example").status_code == 303
    )


def test_tokens_of_programs(tmp_path: Path) -> None:
    AdminBrowser(tmp_path)
    with Control(control_path(tmp_path)) as control:
        token = control.accounts.add_token("ci", "viewer", "ann")
    nobody = AdminBrowser(tmp_path, None)
    assert nobody.get("/api/v1/jobs", authorization=f"Bearer {token}").status_code == 200
    assert nobody.get("/api/v1/jobs", authorization="Bearer fh_wrong").status_code == 401
