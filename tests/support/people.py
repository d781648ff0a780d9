"""Users with passwords, for tests of signing in."""

from __future__ import annotations

from pathlib import Path

from admin_ui.auth.credentials import PROOF_S
from admin_ui.auth.passwords import hash_password
from runtime.model.role import Role
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import PASSWORD, AdminBrowser

NEW = "seven green lamps under water"


def person(data: Path, name: str, role: Role = "admin") -> AdminBrowser:
    """Returns a browser in which somebody new is signed in who has a password."""
    with Control(control_path(data)) as control:
        control.accounts.add(name, role, password=hash_password(PASSWORD))
    return AdminBrowser(data, role, name=name)


def sign_in(data: Path, name: str, *, agent: str = "another") -> AdminBrowser:
    """Returns a further browser in which somebody is signed in."""
    browser = AdminBrowser(data, None)
    with Control(control_path(data)) as control:
        secret, session = control.accounts.sign_in(control.accounts.known(name), "192.0.2.9", agent)
    browser.cookies, browser.csrf = {"firsthand_session": secret}, session.csrf
    return browser


def age_proof(browser: AdminBrowser) -> None:
    """Makes it longer ago that the password was given than it counts."""
    with Control(control_path(browser.data)) as control:
        control._connection.execute("UPDATE session SET proved_at = proved_at - ?", [PROOF_S + 1])
