"""Signing in and out, proving it again, and the one-time link that makes a user."""

from __future__ import annotations

from starlette.responses import Response

from admin_ui.auth.address import address_of
from admin_ui.auth.cookies import clear_session, set_session
from admin_ui.auth.credentials import secret_of, verified
from admin_ui.auth.passwords import hash_password, weakness
from admin_ui.call import Call
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.errors import OperatorError
from runtime.model.role import Role
from runtime.store.control import Control
from runtime.store.users import User, user_name

_WRONG = "Name, password or code is wrong."


def local_path(text: str) -> str:
    """Returns where to go after signing in: a path of ours, or the first page."""
    is_ours = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if is_ours and text.isprintable() and text.isascii() else "/"


def open_session(call: Call, control: Control, user: User) -> str:
    """Opens a session in place of the one that the browser may have; returns its secret."""
    if call.who and call.who.session:
        control.accounts.sign_out(call.who.session, user=call.who.user)
    address = address_of(call.request, call.admin.settings.trusted_proxies)
    secret, _ = control.accounts.sign_in(user, address, call.request.headers.get("user-agent", ""))
    return secret


def _show_sign_in(call: Call) -> Response:
    goes_to = local_path(call.query.get("next", "/"))
    if call.who is not None and call.who.session:
        return call.go(goes_to)
    if call.request.headers.get("sec-fetch-site") == "cross-site":
        # Behind another site's link the browser holds back a strict cookie, and sends it with what our own page asks.
        return call.page("account/onward.html", goes_to=goes_to)
    return call.page("account/sign_in.html", next=goes_to, error="", name="", sign_on=_sign_on(call))


def _sign_in(call: Call) -> Response:
    name, goes_to = call.value("name"), local_path(call.value("next", "/"))
    user = verified(call, name, secret_of(call, "password"), call.value("code"))
    if user is None:
        return call.page(
            "account/sign_in.html", status=401, next=goes_to, error=_WRONG, name=name, sign_on=_sign_on(call)
        )
    with call.admin.control(user.name) as control:
        secret = open_session(call, control, user)
    response = call.go(goes_to)
    set_session(response, call.request, secret)
    return response


def _sign_on(call: Call) -> str:
    return call.admin.settings.oidc_issuer


def _sign_out(call: Call) -> Response:
    if call.who and call.who.session:
        with call.admin.control(call.who.name) as control:
            control.accounts.sign_out(call.who.session, user=call.who.user)
    response = call.go("/sign-in")
    clear_session(response, call.request)
    return response


def _show_proof(call: Call) -> Response:
    return _proof(call, local_path(call.query.get("next", "/")))


def _prove(call: Call) -> Response:
    goes_to = local_path(call.value("next", "/"))
    if verified(call, call.me.name, secret_of(call, "password")) is None:
        return _proof(call, goes_to, "That is not your password.")
    with call.admin.control(call.me.name) as control:
        control.accounts.prove(call.me.session)
    return call.go(goes_to)


def _proof(call: Call, goes_to: str, error: str = "") -> Response:
    with call.admin.read() as control:
        has_password = control.accounts.known(call.me.name).password is not None
    return call.page(
        "account/prove.html", status=401 if error else 200, next=goes_to, error=error, has_password=has_password,
        sign_on=_sign_on(call),
    )  # fmt: skip


def _show_welcome(call: Call) -> Response:
    role, user = _invited(call)
    return call.page("account/welcome.html", role=role, user=user, error="", name=user.name if user else "")


def _welcome(call: Call) -> Response:
    role, user = _invited(call)
    name, password = user.name if user else call.value("name"), secret_of(call, "password")
    try:
        error = weakness(password, name if user else user_name(name))
        if not error:
            with call.admin.control(name) as control:
                done = control.accounts.accept(call.params["secret"], name, hash_password(password))
            if done is None:
                raise Refused(410, "This link was used already.")
            return call.go("/sign-in", next="/", done="Now sign in.")
    except OperatorError as refusal:
        error = str(refusal)
    return call.page("account/welcome.html", status=422, role=role, user=user, error=error, name=name)


def _invited(call: Call) -> tuple[Role, User | None]:
    with call.admin.control() as control:
        found = control.accounts.invitation(call.params["secret"])
    if found is None:
        raise Refused(410, "This link is no longer valid.", "Ask an admin for a new one: `firsthand user invite`.")
    return found


ROUTES = (
    Entry("GET", "/sign-in", _show_sign_in, None),
    Entry("POST", "/sign-in", _sign_in, None),
    Entry("POST", "/sign-out", _sign_out, None),
    Entry("GET", "/prove", _show_proof, person=True),
    Entry("POST", "/prove", _prove, person=True),
    Entry("GET", "/welcome/{secret}", _show_welcome, None),
    Entry("POST", "/welcome/{secret}", _welcome, None),
)
