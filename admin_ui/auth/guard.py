"""Decides whether a request may reach its handler: the host it names, who asks, from which page, in which role.

A change needs more than a cookie. The browser must say that the request comes from a page of ours (`Sec-Fetch-Site`:
a sibling subdomain of the store is `same-site` and refused; where the browser says nothing, `Origin` must name our
host), and the form must carry its session's token. A program's bearer token needs neither: no browser adds it itself.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import Request

from admin_ui.admin import Admin
from admin_ui.auth.address import names_loopback, peer_of
from admin_ui.auth.cookies import session_cookie
from admin_ui.call import Who
from admin_ui.refusals import Refused, SignInFirst
from admin_ui.routes import Entry
from runtime.text.domains import host_name, is_loopback

CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"


def host_is_ours(request: Request, admin: Admin) -> bool:
    """Tells whether the request names a host that this port is served on: a page that rebinds its own name does not."""
    if len(request.headers.getlist("host")) != 1:
        return False
    return names_loopback(request) or host_name(request.headers.get("host", "")) in admin.settings.admin_hosts


def is_local(request: Request) -> bool:
    """Tells whether somebody on this machine asks, and no proxy in between."""
    forwarded = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip"))
    return is_loopback(peer_of(request)) and names_loopback(request) and not forwarded


def identify(request: Request, admin: Admin) -> Who | None:
    """Returns who asks, None where nobody is signed in. Waits for the control database."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    with admin.control() as control:
        if scheme.lower() == "bearer":
            token = control.accounts.token(secret.strip())
            return Who(f"token {token.name}", token.role) if token else None
        cookie = request.cookies.get(session_cookie(request))
        session = control.accounts.session(cookie) if cookie else None
    if session is None:
        return None
    return Who(session.name, session.role, session.csrf, session.hash, session.user, session.proved_at)


def require_role(entry: Entry, who: Who | None, request: Request) -> None:
    """Raises SignInFirst or Refused where who asks may not use the route."""
    if entry.role is None or (entry.local and is_local(request)):
        return
    if who is None:
        raise SignInFirst
    if not who.may(entry.role):
        raise Refused(403, f"This needs the role {entry.role}; yours is {who.role}.", "Ask an admin.")
    if entry.person and not who.session:
        raise Refused(403, "This is for people; a token has no account.", "Sign in with a browser.")


def require_our_page(request: Request) -> None:
    """Raises Refused where another site's page makes the browser send this."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        allowed = site in ("same-origin", "none")
    else:
        allowed = origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
    if not allowed:
        raise Refused(403, "This request comes from another site.", "Open the page here and try again.")


def require_token(request: Request, who: Who, form: Mapping[str, list[str]]) -> None:
    """Raises Refused where a change does not carry its session's token."""
    if not who.session:
        return
    given = request.headers.get(CSRF_HEADER) or (form.get(CSRF_FIELD) or [""])[0]
    if not hmac.compare_digest(given.encode(), who.csrf.encode()):
        raise Refused(403, "This form is no longer valid.", "Open the page again and send it once more.")
