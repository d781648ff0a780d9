"""Users and tokens: who may come in, as what, and who no longer. For admins."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from starlette.responses import Response

from admin_ui.auth import directory
from admin_ui.auth.cookies import is_plain
from admin_ui.auth.credentials import has_proved
from admin_ui.call import Call
from admin_ui.refusals import Refused
from admin_ui.routes import Entry, Handler
from runtime.errors import OperatorError
from runtime.model.role import ROLES, Role
from runtime.store.users import role_of

_DAYS = re.compile(r"[1-9][0-9]{0,3}")


def _proved(handler: Handler, back: Callable[[Call], str]) -> Handler:
    """Asks for the password first where it was not given lately, then leads back to the page."""

    def first(call: Call) -> Response:
        if has_proved(call):
            return handler(call)
        return call.go("/prove", next=f"{back(call)}?done=Now+send+the+form+again.")

    return first


def _list(call: Call) -> Response:
    return _users(call)


def _users(call: Call, *, shown_once: str = "", what: str = "", error: str = "") -> Response:
    """Returns the page; `shown_once` is a link or a token that was made just now, `what` says which."""
    with call.admin.read() as control:
        accounts = control.accounts
        return call.page(
            "account/users.html", status=422 if error else 200, section="users", known=directory.everybody(accounts),
            invitations=accounts.invitations(), tokens=accounts.tokens(), now=accounts.now(), roles=ROLES,
            shown_once=shown_once, what=what, error=error,
        )  # fmt: skip


def _show(call: Call) -> Response:
    return _user(call)


def _user(call: Call, *, shown_once: str = "", error: str = "") -> Response:
    with call.admin.read() as control:
        user = control.accounts.known(call.params["user"])
        sessions = control.accounts.sessions(user.id)
    return call.page(
        "account/user.html", status=422 if error else 200, section="users", user=user, sessions=sessions, roles=ROLES,
        shown_once=shown_once, error=error,
    )  # fmt: skip


def _invite(call: Call) -> Response:
    link = directory.invite(call, _role(call))
    return _users(call, shown_once=_whole(call, link), what="link")


def _withdraw(call: Call) -> Response:
    with call.admin.control(call.me.name) as control:
        control.accounts.withdraw(call.value("invitation"))
    return call.go("/users", done="The link is withdrawn.")


def _change(call: Call) -> Response:
    name, did = call.params["user"], call.value("do")
    try:
        if did == "reset":
            return _user(call, shown_once=_whole(call, directory.reset(call, name)))
        if did == "role":
            directory.change(call, name, _role(call), None)
        elif did in ("disable", "enable"):
            directory.change(call, name, None, did == "disable")
        elif did == "drop-factor":
            directory.change(call, name, None, None, drop_factor=True)
        else:
            raise Refused(422, "That is nothing that can be done to a user.")
    except OperatorError as refusal:
        return _user(call, error=str(refusal))
    return call.go(_path(call), done="Saved. What sessions there were are ended.")


def _make_token(call: Call) -> Response:
    days = call.value("days")
    if days and not _DAYS.fullmatch(days):
        return _users(call, error="A token's time is a number of days, or empty for no end.")
    try:
        made = directory.make_token(call, call.value("name"), _role(call), int(days) if days else None)
    except OperatorError as refusal:
        return _users(call, error=str(refusal))
    return _users(call, shown_once=made, what="token")


def _revoke(call: Call) -> Response:
    number = call.value("token")
    if not number.isascii() or not number.isdigit():
        raise Refused(422, "That is no token's number.")
    with call.admin.control(call.me.name) as control:
        control.accounts.revoke(int(number[:18]))
    return call.go("/users", done="The token is revoked.")


def _role(call: Call) -> Role:
    try:
        return role_of(call.value("role"))
    except OperatorError as refusal:
        raise Refused(422, refusal.message, refusal.hint) from None


def _path(call: Call) -> str:
    return f"/users/{quote(call.params['user'], safe='')}"


def _whole(call: Call, path: str) -> str:
    return f"{'http' if is_plain(call.request) else 'https'}://{call.request.headers['host']}{path}"


def _to_users(call: Call) -> str:
    return "/users"


ROUTES = (
    Entry("GET", "/users", _list, "admin"),
    Entry("POST", "/invitations", _proved(_invite, _to_users), "admin"),
    Entry("POST", "/invitations/withdraw", _withdraw, "admin"),
    Entry("POST", "/tokens", _proved(_make_token, _to_users), "admin"),
    Entry("POST", "/tokens/revoke", _revoke, "admin"),
    Entry("GET", "/users/{user}", _show, "admin"),
    Entry("POST", "/users/{user}", _proved(_change, _path), "admin"),
)
