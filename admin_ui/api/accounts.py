"""Users, invitations, tokens and one's own sessions, for programs. What the pages under /users and /account do."""

from __future__ import annotations

import time

from starlette.responses import Response

from admin_ui.api.account_models import (
    Ended,
    InvitationGiven,
    InvitationShown,
    Link,
    SessionShown,
    SessionsShown,
    TokenGiven,
    TokenMade,
    TokenShown,
    TokensShown,
    UserChange,
    UserShown,
    UsersShown,
)
from admin_ui.auth import directory
from admin_ui.auth.credentials import require_proof
from admin_ui.auth.directory import Known
from admin_ui.call import Call
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.errors import OperatorError
from runtime.store.invitations import INVITATION_S


def _users(call: Call) -> Response:
    with call.admin.read() as control:
        users = [_user_shown(each) for each in directory.everybody(control.accounts)]
        links = [
            InvitationShown(id=each.id, user=each.user, role=each.role, expires_at=each.expires_at)
            for each in control.accounts.invitations()
        ]
    return call.data(UsersShown(users=users, invitations=links).model_dump())


def _user(call: Call) -> Response:
    return call.data(_known(call).model_dump())


def _known(call: Call) -> UserShown:
    with call.admin.read() as control:
        name = control.accounts.known(call.params["user"]).name
        return next(_user_shown(each) for each in directory.everybody(control.accounts) if each.user.name == name)


def _change(call: Call) -> Response:
    change = call.sent(UserChange)
    require_proof(call)
    _known(call)
    try:
        drop = change.second_factor is False
        directory.change(call, call.params["user"], change.role, change.disabled, drop_factor=drop)
    except OperatorError as refusal:
        raise Refused(409, refusal.message, refusal.hint) from None
    return call.data(_known(call).model_dump())


def _invite(call: Call) -> Response:
    given = call.sent(InvitationGiven)
    require_proof(call)
    return _link(call, directory.invite(call, given.role))


def _reset(call: Call) -> Response:
    require_proof(call)
    return _link(call, directory.reset(call, call.params["user"]))


def _withdraw(call: Call) -> Response:
    with call.admin.control(call.me.name) as control:
        control.accounts.withdraw(call.params["id"])
    return Response(status_code=204)


def _tokens(call: Call) -> Response:
    with call.admin.read() as control:
        tokens = [TokenShown(**each._asdict()) for each in control.accounts.tokens()]
    return call.data(TokensShown(tokens=tokens).model_dump())


def _make_token(call: Call) -> Response:
    given = call.sent(TokenGiven)
    require_proof(call)
    try:
        made = directory.make_token(call, given.name, given.role, given.days)
    except OperatorError as refusal:
        raise Refused(422, refusal.message, refusal.hint) from None
    return call.data(TokenMade(token=made).model_dump(), status=201)


def _revoke(call: Call) -> Response:
    number = call.params["id"]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Refused(404, "There is no such token.")
    with call.admin.control(call.me.name) as control:
        control.accounts.revoke(int(number))
    return Response(status_code=204)


def _sessions(call: Call) -> Response:
    with call.admin.read() as control:
        found = control.accounts.sessions(call.me.user)
    shown = [
        SessionShown(
            id=each.id, address=each.address, agent=each.agent, made_at=each.made_at, seen_at=each.seen_at,
            this=each.hash == call.me.session,
        )
        for each in found
    ]  # fmt: skip
    return call.data(SessionsShown(sessions=shown).model_dump())


def _end_session(call: Call) -> Response:
    with call.admin.control(call.me.name) as control:
        if not control.accounts.sign_out(call.params["id"], user=call.me.user):
            raise Refused(404, "You have no such session.")
    return Response(status_code=204)


def _end_others(call: Call) -> Response:
    with call.admin.control(call.me.name) as control:
        ended = control.accounts.sign_out_all(call.me.user, keep=call.me.session)
    return call.data(Ended(ended=ended).model_dump())


def _user_shown(known: Known) -> UserShown:
    user = known.user
    return UserShown(
        name=user.name, role=user.role, disabled=bool(user.disabled), second_factor=user.totp is not None,
        signs_in_by="single sign-on" if user.subject else "password", made_at=user.made_at,
        sessions=len(known.sessions), seen_at=known.seen_at, tokens=known.tokens,
    )  # fmt: skip


def _link(call: Call, path: str) -> Response:
    return call.data(Link(path=path, expires_at=time.time() + INVITATION_S).model_dump(), status=201)


ROUTES = (
    Entry("GET", "/api/v1/users", _users, "admin", "Lists users and open invitations.", gives=UsersShown),
    Entry("GET", "/api/v1/users/{user}", _user, "admin", "Shows a user.", gives=UserShown),
    Entry(
        "PATCH", "/api/v1/users/{user}", _change, "admin",
        "Changes a user's role or state, or takes the second factor away.", takes=UserChange, gives=UserShown,
    ),
    Entry(
        "POST", "/api/v1/users/{user}/reset", _reset, "admin", "Makes a link by which a user sets a new password.",
        gives=Link, status=201,
    ),
    Entry(
        "POST", "/api/v1/invitations", _invite, "admin", "Makes a link for somebody new.", takes=InvitationGiven,
        gives=Link, status=201,
    ),
    Entry("DELETE", "/api/v1/invitations/{id}", _withdraw, "admin", "Ends a link.", status=204),
    Entry("GET", "/api/v1/tokens", _tokens, "admin", "Lists tokens.", gives=TokensShown),
    Entry(
        "POST", "/api/v1/tokens", _make_token, "admin", "Makes a token, and shows it once.", takes=TokenGiven,
        gives=TokenMade, status=201,
    ),
    Entry("DELETE", "/api/v1/tokens/{id}", _revoke, "admin", "Ends a token.", status=204),
    Entry("GET", "/api/v1/sessions", _sessions, "viewer", "Lists your own sessions.", gives=SessionsShown, person=True),
    Entry("DELETE", "/api/v1/sessions", _end_others, "viewer", "Ends your sessions but this one.", gives=Ended,
          person=True),
    Entry("DELETE", "/api/v1/sessions/{id}", _end_session, "viewer", "Ends a session of yours.", status=204,
          person=True),
)  # fmt: skip
