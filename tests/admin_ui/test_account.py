"""One's own account: password, second factor, sessions, and the password that is asked for again."""

from __future__ import annotations

import html
import re
from pathlib import Path
from urllib.parse import unquote

import pyotp
import pytest

from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import PASSWORD, AdminBrowser
from tests.support.people import NEW, age_proof, person, sign_in


@pytest.fixture
def ann(tmp_path: Path) -> AdminBrowser:
    """Somebody with a password, signed in."""
    return person(tmp_path, "ann")


def _enrol(browser: AdminBrowser) -> str:
    """Turns the second factor on; returns its secret."""
    page = browser.get("/account/second-factor")
    found = re.search(r'name="secret" value="([A-Z2-7]{32})"', page.text)
    assert found is not None
    form = {"secret": found[1], "code": pyotp.TOTP(found[1]).now(), "password": PASSWORD}
    answer = browser.post("/account/second-factor", form)
    assert answer.status_code == 303, answer.text
    return found[1]


def test_a_new_password_ends_the_other_sessions(ann: AdminBrowser) -> None:
    other = sign_in(ann.data, "ann")
    answer = ann.post("/account/password", {"password": PASSWORD, "new": NEW})
    assert answer.status_code == 303
    assert "your other sessions are ended" in unquote(answer.headers["location"])
    assert ann.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    nobody = AdminBrowser(ann.data, None)
    assert nobody.post("/sign-in", {"name": "ann", "password": PASSWORD}).status_code == 401
    assert nobody.post("/sign-in", {"name": "ann", "password": NEW}).status_code == 303


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"password": "wrong wrong wrong", "new": NEW}, "That is not your password."),
        ({"password": PASSWORD, "new": "short"}, "shorter than 12"),
        ({"password": PASSWORD, "new": "ann ann ann ann"}, 'role="alert"'),
        ({"password": PASSWORD, "new": "x" * 257}, "longer than 256"),
        ({}, "That is not your password."),
    ],
)
def test_what_is_no_change_of_password(ann: AdminBrowser, form: dict[str, str], says: str) -> None:
    answer = ann.post("/account/password", form)
    assert (answer.status_code, says in answer.text) == (422, True)
    assert ann.get("/account").status_code == 200


def test_who_sits_at_an_open_browser_cannot_guess_on(ann: AdminBrowser) -> None:
    for path in ("/prove", "/account/password", "/account/second-factor/remove"):
        for _ in range(2):
            ann.post(path, {"password": "wrong wrong wrong", "new": NEW})
    assert ann.post("/prove", {"password": PASSWORD}).status_code == 429


def test_a_second_factor(ann: AdminBrowser) -> None:
    other, secret = sign_in(ann.data, "ann"), _enrol(ann)
    assert other.get("/account").status_code == 303, "what was signed in without it is over"
    assert "A code is asked for" in ann.get("/account").text
    nobody, totp = AdminBrowser(ann.data, None), pyotp.TOTP(secret)
    form = {"name": "ann", "password": PASSWORD}
    with Control(control_path(ann.data)) as control:
        step = control.accounts.known("ann").totp_step
    assert nobody.post("/sign-in", form).status_code == 401
    used, following = totp.at(step * 30), totp.at((step + 1) * 30)
    assert nobody.post("/sign-in", form | {"code": used}).status_code == 401, "it counted at the enrolment"
    assert nobody.post("/sign-in", form | {"code": f"{following[:3]} {following[3:]}"}).status_code == 303
    assert nobody.post("/sign-in", form | {"code": following}).status_code == 401, "each counts once"


def test_the_picture_says_what_the_text_says(ann: AdminBrowser) -> None:
    text = html.unescape(ann.get("/account/second-factor").text)
    assert 'src="data:image/svg+xml' in text
    secret = re.search(r'name="secret" value="([A-Z2-7]{32})"', text)
    assert secret is not None
    assert " ".join(re.findall("....", secret[1])) in text
    assert ann.get("/account/second-factor").text != text, "each time it is another one"


@pytest.mark.parametrize(
    "wrong", [{"code": "000000"}, {"code": ""}, {"code": "\u0661" * 6}, {"password": "wrong wrong wrong"}], ids=str
)
def test_what_turns_no_second_factor_on(ann: AdminBrowser, wrong: dict[str, str]) -> None:
    secret = pyotp.random_base32()
    form = {"secret": secret, "code": pyotp.TOTP(secret).now(), "password": PASSWORD} | wrong
    answer = ann.post("/account/second-factor", form)
    assert (answer.status_code, secret in answer.text) == (422, True)
    with Control(control_path(ann.data)) as control:
        assert control.accounts.known("ann").totp is None
    assert ann.post("/account/second-factor", form | {"secret": "short"}).status_code == 422


def test_it_is_removed_with_the_password(ann: AdminBrowser) -> None:
    _enrol(ann)
    assert ann.post("/account/second-factor/remove", {"password": "wrong wrong wrong"}).status_code == 422
    assert ann.post("/account/second-factor/remove", {"password": PASSWORD}).status_code == 303
    form = {"name": "ann", "password": PASSWORD}
    assert AdminBrowser(ann.data, None).post("/sign-in", form).status_code == 303


def test_without_the_master_key_it_cannot_be_checked(ann: AdminBrowser) -> None:
    secret = _enrol(ann)
    (ann.data / "master.key").unlink()
    form = {"name": "ann", "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
    answer = AdminBrowser(ann.data, None).post("/sign-in", form)
    assert (answer.status_code, "master key is missing" in answer.text) == (503, True)


def test_sessions_are_listed_and_ended(ann: AdminBrowser) -> None:
    one, two = sign_in(ann.data, "ann", agent="<b>One</b>"), sign_in(ann.data, "ann")
    bob = AdminBrowser(ann.data, "viewer", name="bob")
    page = ann.get("/account")
    assert "&lt;b&gt;One&lt;/b&gt;" in page.text
    listed = ann.get("/api/v1/sessions").json()["sessions"]
    assert [session["this"] for session in listed].count(True) == 1
    id = next(session["id"] for session in listed if session["agent"] == "<b>One</b>")
    assert bob.post("/account/sessions", {"session": id}).status_code == 303
    assert one.get("/account").status_code == 200, "it is not bob's"
    assert bob.json("DELETE", f"/api/v1/sessions/{id}").status_code == 404
    assert ann.json("DELETE", f"/api/v1/sessions/{id}").status_code == 204
    assert one.get("/account").status_code == 303
    assert ann.post("/account/sessions").status_code == 303
    assert (two.get("/account").status_code, ann.get("/account").status_code) == (303, 200)
    sign_in(ann.data, "ann")
    assert ann.json("DELETE", "/api/v1/sessions").json() == {"ended": 1}
    assert bob.get("/account").status_code == 200


def test_the_password_is_asked_for_again(tmp_path: Path) -> None:
    ann = person(tmp_path, "ann")
    AdminBrowser(tmp_path, "viewer", name="bob")
    change = {"do": "role", "role": "editor"}
    assert ann.post("/users/bob", change).headers["location"].startswith("/users/bob?done=")
    age_proof(ann)
    for path, form in (
        ("/users/bob", change),
        ("/users/bob", {"do": "reset"}),
        ("/users/bob", {"do": "disable"}),
        ("/users/bob", {"do": "drop-factor"}),
        ("/invitations", {"role": "admin"}),
        ("/tokens", {"name": "x", "role": "admin"}),
    ):
        assert ann.post(path, form).headers["location"].startswith("/prove?next=%2Fusers"), path
    for method, path, body in (
        ("PATCH", "/api/v1/users/bob", {"role": "admin"}),
        ("POST", "/api/v1/users/bob/reset", None),
        ("POST", "/api/v1/invitations", {"role": "admin"}),
        ("POST", "/api/v1/tokens", {"name": "x", "role": "admin"}),
    ):
        answer = ann.json(method, path, body)
        assert (answer.status_code, "password again" in answer.text) == (403, True), path
    assert ann.post("/prove", {"password": "wrong wrong wrong"}).status_code == 401
    proved = ann.post("/prove", {"password": PASSWORD, "next": "/users/bob"})
    assert proved.headers["location"] == "/users/bob"
    assert ann.post("/users/bob", {"do": "disable"}).headers["location"].startswith("/users/bob?done=")
    assert ann.post("/prove", {"password": PASSWORD, "next": "//evil.example"}).headers["location"] == "/"
