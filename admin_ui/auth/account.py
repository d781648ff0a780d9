"""One's own account: the password, the second factor, the browsers that are signed in."""

from __future__ import annotations

import re

import pyotp
from starlette.responses import Response

from admin_ui.auth.credentials import sealed, secret_of, takes_code, verified
from admin_ui.auth.passwords import hash_password, weakness
from admin_ui.call import Call
from admin_ui.qr import qr_data_uri
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.store.users import User

_SECRET = re.compile(r"[A-Z2-7]{32}")
_WRONG = "That is not your password."
ISSUER = "Firsthand"


def _show(call: Call) -> Response:
    return _account(call)


def _account(call: Call, error: str = "", about: str = "") -> Response:
    """Returns the page; `about` is the form that the error belongs to."""
    with call.admin.read() as control:
        user = control.accounts.known(call.me.name)
        sessions = control.accounts.sessions(user.id)
    return call.page(
        "account/account.html", status=422 if error else 200, section="account", user=user, sessions=sessions,
        error=error, about=about,
    )  # fmt: skip


def _change_password(call: Call) -> Response:
    new = secret_of(call, "new")
    if verified(call, call.me.name, secret_of(call, "password")) is None:
        return _account(call, _WRONG, "password")
    if error := weakness(new, call.me.name):
        return _account(call, error, "password")
    with call.admin.control(call.me.name) as control:
        control.accounts.change(call.me.name, keep=call.me.session, password=hash_password(new))
    return call.go("/account", done="Your password is changed, and your other sessions are ended.")


def _show_enrolment(call: Call) -> Response:
    return _enrolment(call, pyotp.random_base32())


def _enrolment(call: Call, secret: str, error: str = "") -> Response:
    _require_password(_me(call))
    uri = pyotp.TOTP(secret).provisioning_uri(name=call.me.name, issuer_name=ISSUER)
    picture = qr_data_uri(uri)
    return call.page(
        "account/second_factor.html", status=422 if error else 200, section="account", secret=secret, picture=picture,
        error=error,
    )  # fmt: skip


def _enrol(call: Call) -> Response:
    secret = call.value("secret")
    if not _SECRET.fullmatch(secret):
        raise Refused(422, "This form is not complete.", "Open the page again.")
    if verified(call, call.me.name, secret_of(call, "password")) is None:
        return _enrolment(call, secret, _WRONG)
    user = _me(call)
    with call.admin.control(call.me.name) as control:
        if not takes_code(control.accounts, user, secret, call.value("code")):
            return _enrolment(call, secret, "That code is wrong, or was used. Take the next one.")
        control.accounts.change(user.name, keep=call.me.session, totp=sealed(call, user, secret))
    return call.go("/account", done="From now on a code is asked for at sign-in. Your other sessions are ended.")


def _remove_factor(call: Call) -> Response:
    if verified(call, call.me.name, secret_of(call, "password")) is None:
        return _account(call, _WRONG, "factor")
    with call.admin.control(call.me.name) as control:
        control.accounts.change(call.me.name, keep=call.me.session, totp=None)
    return call.go("/account", done="The second factor is removed, and your other sessions are ended.")


def _end_sessions(call: Call) -> Response:
    with call.admin.control(call.me.name) as control:
        if call.value("session"):
            control.accounts.sign_out(call.value("session"), user=call.me.user)
            done = "The session is ended."
        else:
            count = control.accounts.sign_out_all(call.me.user, keep=call.me.session)
            done = f"{count} other sessions are ended."
    return call.go("/account", done=done)


def _me(call: Call) -> User:
    with call.admin.read() as control:
        return control.accounts.known(call.me.name)


def _require_password(user: User) -> None:
    if user.password is None:
        raise Refused(409, "You have no password here, so there is nothing that a second factor would add to.",
                      "Set one up where you sign in.")  # fmt: skip


ROUTES = (
    Entry("GET", "/account", _show, person=True),
    Entry("POST", "/account/password", _change_password, person=True),
    Entry("GET", "/account/second-factor", _show_enrolment, person=True),
    Entry("POST", "/account/second-factor", _enrol, person=True),
    Entry("POST", "/account/second-factor/remove", _remove_factor, person=True),
    Entry("POST", "/account/sessions", _end_sessions, person=True),
)
