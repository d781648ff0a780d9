"""Users, invitations and tokens on pages and by the API; and that nothing of them can be read where it is kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyotp
import pytest

from runtime.model.role import ROLES
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import PASSWORD, AdminBrowser
from tests.support.people import NEW, person, sign_in


@pytest.fixture
def ann(tmp_path: Path) -> AdminBrowser:
    return person(tmp_path, "ann")


def _shown_once(text: str) -> str:
    found = re.search(r"<code>(fh_[\w-]{43}|http://127\.0\.0\.1:8081/welcome/[\w-]{43})</code>", text)
    assert found is not None
    return found[1]


def test_somebody_is_invited(ann: AdminBrowser) -> None:
    page = ann.post("/invitations", {"role": "publisher"})
    link = _shown_once(page.text)
    assert link not in ann.get("/users").text
    assert "Somebody new as publisher" in ann.get("/users").text
    nobody = AdminBrowser(ann.data, None)
    path = link.removeprefix("http://127.0.0.1:8081")
    assert "You will be publisher" in nobody.get(path).text
    assert nobody.post(path, {"name": "<b>bob</b>", "password": NEW}).status_code == 422
    assert nobody.post(path, {"name": "ann", "password": NEW}).status_code == 422, "that name is taken"
    assert nobody.post(path, {"name": "bob", "password": NEW}).status_code == 303
    assert nobody.post(path, {"name": "eve", "password": NEW}).status_code == 410
    users = {user["name"]: user for user in ann.get("/api/v1/users").json()["users"]}
    assert (users["bob"]["role"], users["bob"]["signs_in_by"], users["bob"]["sessions"]) == ("publisher", "password", 0)


def test_links_are_withdrawn(ann: AdminBrowser) -> None:
    made = ann.json("POST", "/api/v1/invitations", {"role": "viewer"})
    assert made.status_code == 201
    (link,) = ann.get("/api/v1/users").json()["invitations"]
    assert ann.post("/invitations/withdraw", {"invitation": link["id"]}).status_code == 303
    assert AdminBrowser(ann.data, None).get(made.json()["path"]).status_code == 410
    assert ann.json("DELETE", f"/api/v1/invitations/{link['id']}").status_code == 404


@pytest.mark.parametrize(
    ("form", "shows"),
    [
        ({"do": "role", "role": "editor"}, {"role": "editor"}),
        ({"do": "disable"}, {"disabled": True}),
        ({"do": "drop-factor"}, {"second_factor": False}),
    ],
)
def test_what_is_done_to_a_user_ends_its_sessions(
    ann: AdminBrowser, form: dict[str, str], shows: dict[str, Any]
) -> None:
    bob = AdminBrowser(ann.data, "viewer", name="bob")
    with Control(control_path(ann.data)) as control:
        control.accounts.change("bob", totp="sealed")
    bob = sign_in(ann.data, "bob")
    assert bob.get("/account").status_code == 200
    assert ann.post("/users/bob", form).headers["location"].startswith("/users/bob?done=")
    assert bob.get("/account").status_code == 303
    assert ann.get("/api/v1/users/bob").json().items() >= shows.items()
    assert ann.get("/account").status_code == 200


def test_a_disabled_user_stays_out_until_it_is_enabled(ann: AdminBrowser) -> None:
    person(ann.data, "bob", "viewer")
    form, nobody = {"name": "bob", "password": PASSWORD}, AdminBrowser(ann.data, None)
    ann.post("/users/bob", {"do": "disable"})
    assert nobody.post("/sign-in", form).status_code == 401
    ann.post("/users/bob", {"do": "enable"})
    assert nobody.post("/sign-in", form).status_code == 303


def test_a_password_is_set_anew(ann: AdminBrowser) -> None:
    bob = person(ann.data, "bob", "viewer")
    path = _shown_once(ann.post("/users/bob", {"do": "reset"}).text).removeprefix("http://127.0.0.1:8081")
    assert bob.get("/account").status_code == 200, "nothing has happened yet"
    nobody = AdminBrowser(ann.data, None)
    assert "For bob." in nobody.get(path).text
    assert nobody.post(path, {"name": "ann", "password": NEW}).status_code == 303
    assert bob.get("/account").status_code == 303
    assert nobody.post("/sign-in", {"name": "bob", "password": NEW}).status_code == 303
    assert nobody.post("/sign-in", {"name": "ann", "password": NEW}).status_code == 401


def test_what_cannot_be_done(ann: AdminBrowser) -> None:
    page = ann.post("/users/ann", {"do": "role", "role": "viewer"})
    assert (page.status_code, "nobody who is an admin" in page.text) == (422, True)
    assert ann.json("PATCH", "/api/v1/users/ann", {"disabled": True}).status_code == 409
    assert ann.post("/users/ann", {"do": "role", "role": "boss"}).status_code == 422
    assert ann.post("/users/ann", {"do": "nothing"}).status_code == 422
    assert ann.post("/users/eve", {"do": "disable"}).status_code == 404
    assert ann.get("/users/eve").status_code == ann.get("/api/v1/users/eve").status_code == 404
    assert ann.json("PATCH", "/api/v1/users/eve", {}).status_code == 404
    assert ann.json("PATCH", "/api/v1/users/ann", {"name": "x"}).status_code == 422
    assert ann.json("PATCH", "/api/v1/users/ann", {}).status_code == 200


def test_a_token_is_shown_once(ann: AdminBrowser) -> None:
    token = _shown_once(ann.post("/tokens", {"name": "<i>ci</i>", "role": "editor", "days": "30"}).text)
    page = ann.get("/users").text
    assert token not in page
    assert "&lt;i&gt;ci&lt;/i&gt;" in page
    (listed,) = ann.get("/api/v1/tokens").json()["tokens"]
    assert (listed["role"], listed["ending"], listed["made_by"]) == ("editor", token[-4:], "ann")
    assert round((listed["expires_at"] - listed["made_at"]) / 86400) == 30
    program = AdminBrowser(ann.data, None)
    assert program.get("/api/v1/users", authorization=f"Bearer {token}").status_code == 403
    assert ann.post("/tokens/revoke", {"token": str(listed["id"])}).status_code == 303
    assert program.get("/api/v1/users", authorization=f"Bearer {token}").status_code == 401
    assert ann.post("/tokens/revoke", {"token": "x"}).status_code == 422
    assert ann.json("DELETE", "/api/v1/tokens/99").status_code == 404


@pytest.mark.parametrize(
    "form", [{"name": ""}, {"name": "x" * 65}, {"role": "boss"}, {"days": "0"}, {"days": "-1"}, {"days": "99999"}]
)
def test_what_is_no_token(ann: AdminBrowser, form: dict[str, str]) -> None:
    assert ann.post("/tokens", {"name": "ci", "role": "viewer", "days": "1"} | form).status_code == 422
    assert ann.get("/api/v1/tokens").json()["tokens"] == []


def test_tokens_may_do_what_admins_may(ann: AdminBrowser) -> None:
    """Without a password: they have none. Only an admin's may make others, and none has an account."""
    tokens = {role: ann.json("POST", "/api/v1/tokens", {"name": role, "role": role}).json()["token"] for role in ROLES}
    program = AdminBrowser(ann.data, None)
    for role, token in tokens.items():
        program.headers = {"authorization": f"Bearer {token}"}
        made = program.json("POST", "/api/v1/tokens", {"name": "child", "role": "viewer"})
        assert made.status_code == (201 if role == "admin" else 403)
        assert program.get("/account").status_code == program.get("/api/v1/sessions").status_code == 403
    assert ann.get("/api/v1/tokens").json()["tokens"][0]["made_by"] == "token admin"


def test_nothing_can_be_read_where_it_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Passwords, links, cookies, tokens and second factors: not in the database, the audit log or what is printed."""
    ann = AdminBrowser(tmp_path, None)
    with Control(control_path(tmp_path)) as control:
        first_link = control.accounts.invite("admin")
    ann.post(f"/welcome/{first_link}", {"name": "ann", "password": PASSWORD})
    ann.post("/sign-in", {"name": "ann", "password": "typed-wrong-password"})
    ann.post("/sign-in", {"name": "a-password-in-the-wrong-field", "password": "typed-wrong-password"})
    cookie = ann.post("/sign-in", {"name": "ann", "password": PASSWORD}).cookies["firsthand_session"]
    ann.cookies = {"firsthand_session": cookie}
    with Control(control_path(tmp_path)) as control:
        session = control.accounts.session(cookie)
        assert session is not None
        ann.csrf = session.csrf
    factor = pyotp.random_base32()
    enrolled = ann.post(
        "/account/second-factor", {"secret": factor, "code": pyotp.TOTP(factor).now(), "password": PASSWORD}
    )
    assert enrolled.status_code == 303
    link = ann.json("POST", "/api/v1/invitations", {"role": "viewer"}).json()["path"].removeprefix("/welcome/")
    token = ann.json("POST", "/api/v1/tokens", {"name": "ci", "role": "admin"}).json()["token"]
    assert ann.post("/account/password", {"password": PASSWORD, "new": NEW}).status_code == 303
    program = AdminBrowser(tmp_path, None)
    assert program.get("/api/v1/users", authorization=f"Bearer {token}").status_code == 200
    secrets = [PASSWORD, NEW, "typed-wrong-password", first_link, link, cookie, factor, token, token[3:]]
    secrets.append("a-password-in-the-wrong-field")
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.suffix != ".key")
    shown = "".join(ann.get(path).text for path in ("/audit", "/api/v1/audit", "/audit.jsonl", "/users", "/account"))
    told = capsys.readouterr()
    for secret in secrets:
        assert secret.encode() not in stored
        assert secret not in shown
        assert secret not in told.out + told.err
    found = [(row.who, row.content) for row in _audit(tmp_path)]
    assert ("nobody", {"user": "", "did": "failed to sign in", "address": "127.0.0.1"}) in found
    assert ("nobody", {"user": "ann", "did": "failed to sign in", "address": "127.0.0.1"}) in found
    assert ("ann", {"user": "ann", "did": "changed", "totp": True}) in found


def _audit(data: Path) -> list[Any]:
    with Control(control_path(data)) as control:
        return control.audit_log()
