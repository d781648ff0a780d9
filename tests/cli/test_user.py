"""`firsthand user` and `firsthand token`: who may come in, from the terminal."""

from __future__ import annotations

import json
from pathlib import Path

from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import PASSWORD, AdminBrowser
from tests.support.server import command


def _run(data: Path, *words: str, **env: str) -> str:
    done = command(*words, data=data, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_from_the_first_link_to_the_last_session(tmp_path: Path) -> None:
    link = _run(tmp_path, "user", "invite", "--role", "admin", "--url", "https://admin.shop.example/").strip()
    assert link.startswith("https://admin.shop.example/welcome/")
    browser = AdminBrowser(tmp_path, None)
    path = link.removeprefix("https://admin.shop.example")
    assert browser.post(path, {"name": "ann", "password": PASSWORD}).status_code == 303
    bob = AdminBrowser(tmp_path, "viewer", name="bob")
    rows = [json.loads(line) for line in _run(tmp_path, "user", "list", "--json").splitlines()]
    assert [(row["name"], row["role"], row["sessions"]) for row in rows] == [("ann", "admin", 0), ("bob", "viewer", 1)]
    assert "bob is editor now" in _run(tmp_path, "user", "role", "bob", "editor")
    assert bob.get("/account").status_code == 303
    assert "disabled" in _run(tmp_path, "user", "disable", "bob")
    assert "disabled" in _run(tmp_path, "user", "list")
    assert "enabled" in _run(tmp_path, "user", "enable", "bob")
    named = _run(tmp_path, "user", "reset", "bob", FIRSTHAND_ADMIN_HOSTS="admin.shop.example").strip()
    assert named.startswith("https://admin.shop.example/welcome/")


def test_a_lost_second_factor_is_taken_away(tmp_path: Path) -> None:
    AdminBrowser(tmp_path, "admin", name="ann")
    with Control(control_path(tmp_path)) as control:
        control.accounts.change("ann", totp="sealed")
    done = command("user", "reset", "ann", "--second-factor", data=tmp_path)
    assert done.stdout.startswith("/welcome/")
    assert "--url gives the whole link" in done.stderr
    with Control(control_path(tmp_path)) as control:
        assert control.accounts.known("ann").totp is None


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    AdminBrowser(tmp_path, "admin", name="ann")
    for words, says in (
        (("user", "reset", "eve"), "There is no user 'eve'."),
        (("user", "invite", "--role", "boss"), "There is no role 'boss'. The roles are viewer, editor"),
        (("user", "disable", "ann"), "nobody who is an admin"),
        (("token", "revoke", "7"), "There is no token 7."),
    ):
        done = command(*words, data=tmp_path)
        assert (done.returncode, says in done.stderr) == (1, True), done.stderr


def test_tokens(tmp_path: Path) -> None:
    token = _run(tmp_path, "token", "make", "ci", "--role", "editor", "--expires", "3").strip()
    (row,) = [json.loads(line) for line in _run(tmp_path, "token", "list", "--json").splitlines()]
    assert (row["name"], row["role"], row["ends_with"]) == ("ci", "editor", token[-4:])
    assert row["expires"] != "never"
    program = AdminBrowser(tmp_path, None)
    assert program.get("/api/v1/status", authorization=f"Bearer {token}").status_code != 401
    assert token not in _run(tmp_path, "token", "list")
    _run(tmp_path, "token", "revoke", str(row["id"]))
    assert program.get("/api/v1/status", authorization=f"Bearer {token}").status_code == 401
