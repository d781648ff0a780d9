"""Single sign-on: the browser goes to the operator's OpenID provider and comes back as somebody.

Who that is says the provider's signed ID token; which role, the groups in it and the operator's setting. The browser
holds what it began with (state, nonce, PKCE's verifier) in a cookie of its own, so that no other browser can be made to
end it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.responses import RedirectResponse, Response

from admin_ui.auth.address import address_of
from admin_ui.auth.cookies import clear_sign_on_state, is_plain, set_session, set_sign_on_state, sign_on_state
from admin_ui.auth.pages import local_path
from admin_ui.auth.provider import provider_of
from admin_ui.call import Call
from admin_ui.refusals import Refused, refusal_of
from admin_ui.routes import Entry
from runtime.errors import FirsthandError
from runtime.model.role import ROLES, Role
from runtime.store.accounts import Accounts
from runtime.store.failures import FREE_OF_ADDRESS, address_key
from runtime.store.users import User

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._@+-]+")
_RETURN = "/sign-on/return"


class State(BaseModel, frozen=True):
    """What a browser holds meanwhile."""

    state: str
    nonce: str
    verifier: str
    goes_to: str


def _begin(call: Call) -> Response:
    _require_provider(call)
    state = State(
        state=secrets.token_urlsafe(24), nonce=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48),
        goes_to=local_path(call.query.get("next", "/")),
    )  # fmt: skip
    challenge = base64.urlsafe_b64encode(hashlib.sha256(state.verifier.encode()).digest()).rstrip(b"=").decode()
    provider = provider_of(call.admin.settings)
    response = RedirectResponse(
        provider.start(
            redirect=_return_address(call), state=state.state, nonce=state.nonce, challenge=challenge,
            again="again" in call.query,
        ),
        303,
    )  # fmt: skip
    set_sign_on_state(response, call.request, base64.urlsafe_b64encode(state.model_dump_json().encode()).decode())
    return response


def _come_back(call: Call) -> Response:
    _require_provider(call)
    try:
        response = _signed_on(call)
    except (Refused, FirsthandError) as error:
        refused = error if isinstance(error, Refused) else refusal_of(error)
        response = call.page("error.html", status=refused.status, refused=refused)
    clear_sign_on_state(response, call.request)
    return response


def _signed_on(call: Call) -> Response:
    state = _begun(call)
    address = address_of(call.request, call.admin.settings.trusted_proxies)
    with call.admin.control("nobody") as control:
        if control.accounts.try_now({address_key(address): FREE_OF_ADDRESS}) > 0:
            raise Refused(429, "Too many tries. Come again later.")
        try:
            claims = _claims(call, state)
            role = _role(call, claims)
        except Refused:
            control.accounts.tell_failed("", address)
            raise
    subject = f"{call.admin.settings.oidc_issuer} {claims['sub']}"
    with call.admin.control("single sign-on") as control:
        user = _user(control.accounts, subject, role, claims)
        control.accounts.succeeded(user.name, address)
        proved_at = claims.get("auth_time")
        secret, _ = control.accounts.sign_in(
            user, address, call.request.headers.get("user-agent", ""),
            proved_at=float(proved_at) if isinstance(proved_at, int) else 0.0,
        )  # fmt: skip
    # The browser would hold the strict cookie back on a redirect that began at another site.
    response = call.page("account/onward.html", goes_to=state.goes_to)
    set_session(response, call.request, secret)
    return response


def _begun(call: Call) -> State:
    """Returns what this browser began; Refused where it is another sign-in that comes back, or none."""
    try:
        state = State.model_validate_json(base64.urlsafe_b64decode(sign_on_state(call.request)))
    except (ValueError, ValidationError):
        raise Refused(400, "This sign-in was not begun here, or took too long.", "Sign in again.") from None
    if not hmac.compare_digest(state.state.encode(), call.query.get("state", "").encode()):
        raise Refused(400, "This is the end of another sign-in.", "Sign in again.")
    # RFC 9207: which provider answers, where it says so.
    if call.query.get("iss", call.admin.settings.oidc_issuer) != call.admin.settings.oidc_issuer:
        raise Refused(400, "This is the answer of another single sign-on.", "Sign in again.")
    return state


def _claims(call: Call, state: State) -> dict[str, Any]:
    code = call.query.get("code", "")
    if not code:
        raise Refused(401, "The single sign-on did not let you in.", call.query.get("error", "")[:60])
    provider = provider_of(call.admin.settings)
    return provider.claims(code, redirect=_return_address(call), verifier=state.verifier, nonce=state.nonce)


def _role(call: Call, claims: dict[str, Any]) -> Role:
    """Returns the highest role of somebody's groups; Refused where none of them has one."""
    groups = claim(claims, call.admin.settings.oidc_role_claim)
    listed = groups if isinstance(groups, list) else [groups]
    named = {each for each in listed if isinstance(each, str)}
    roles = [role for group, role in call.admin.settings.oidc_roles if group in named]
    if not roles:
        raise Refused(403, "None of your groups may come in.", "Ask who runs the single sign-on.")
    return max(roles, key=ROLES.index)


def claim(claims: dict[str, Any], name: str) -> Any:
    """Returns a claim by its name, or by the dotted path that leads to it; None where there is none."""
    found: Any = claims.get(name)
    if found is None and "." in name:
        first, _, rest = name.partition(".")
        inner = claims.get(first)
        found = claim(inner, rest) if isinstance(inner, dict) else None
    return found


def _user(accounts: Accounts, subject: str, role: Role, claims: dict[str, Any]) -> User:
    """Returns the user of a subject, made on the first visit; its role follows the groups."""
    user = accounts.user_of(subject)
    if user is None:
        return accounts.add(_free_name(accounts, claims), role, subject=subject)
    if user.disabled:
        raise Refused(403, "Your account is disabled.", "Ask an admin.")
    return user if user.role == role else accounts.change(user.name, role=role)


def _free_name(accounts: Accounts, claims: dict[str, Any]) -> str:
    """Returns a name that nobody has. Names are what the person may have chosen: they give no claim to a user who is
    here already."""
    wanted = [claims.get(name) for name in ("preferred_username", "email", "sub")]
    names = [_NOT_IN_NAMES.sub("-", each).lstrip(".-_@+")[:64] for each in wanted if isinstance(each, str)]
    free = next((name for name in names if name and accounts.user(name) is None), None)
    if free is None:
        raise Refused(409, "Somebody else has your name here already.", "Ask an admin.")
    return free


def _require_provider(call: Call) -> None:
    if not call.admin.settings.oidc_issuer:
        raise Refused(404, "There is no single sign-on here.", "See the setting FIRSTHAND_OIDC_ISSUER.")


def _return_address(call: Call) -> str:
    return f"{'http' if is_plain(call.request) else 'https'}://{call.request.headers['host']}{_RETURN}"


ROUTES = (Entry("GET", "/sign-on", _begin, None), Entry("GET", _RETURN, _come_back, None))
