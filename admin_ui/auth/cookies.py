"""The cookies of a session and of a single sign-on under way. `__Host-`: no sibling subdomain can read, set or shadow
them.

Browsers take such a cookie over https only. Who opens a loopback name over loopback is served without TLS, so there
they have plain names.
"""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from admin_ui.auth.address import names_loopback, peer_of
from runtime.store.sessions import LONGEST_S
from runtime.text.domains import is_loopback

_SESSION, _SIGN_ON = "firsthand_session", "firsthand_sign_on"
SIGN_ON_S = 600
"""For so long one may stay at the OpenID provider."""


def is_plain(request: Request) -> bool:
    """Tells whether a request comes without TLS, as it may on this machine only."""
    return names_loopback(request) and is_loopback(peer_of(request))


def session_cookie(request: Request) -> str:
    """Returns the cookie's name on the host that the request names."""
    return _name(request, _SESSION)


def set_session(response: Response, request: Request, secret: str) -> None:
    """Gives the browser a session. Strict: no other site's page makes the browser send it."""
    response.set_cookie(
        _name(request, _SESSION), secret, max_age=LONGEST_S, path="/", secure=not is_plain(request),
        httponly=True, samesite="strict",
    )  # fmt: skip


def clear_session(response: Response, request: Request) -> None:
    """Takes the session from the browser."""
    _clear(response, request, _SESSION, "strict")


def sign_on_state(request: Request) -> str:
    """Returns what the browser holds of a single sign-on that it began, "" where it began none."""
    return request.cookies.get(_name(request, _SIGN_ON), "")


def set_sign_on_state(response: Response, request: Request, state: str) -> None:
    """Gives the browser what it has to show when it comes back. Lax: it comes back from another site."""
    response.set_cookie(
        _name(request, _SIGN_ON), state, max_age=SIGN_ON_S, path="/", secure=not is_plain(request),
        httponly=True, samesite="lax",
    )  # fmt: skip


def clear_sign_on_state(response: Response, request: Request) -> None:
    """Takes it away again: it counts once."""
    _clear(response, request, _SIGN_ON, "lax")


def _name(request: Request, name: str) -> str:
    return name if is_plain(request) else f"__Host-{name}"


def _clear(response: Response, request: Request, name: str, samesite: Literal["strict", "lax"]) -> None:
    plain = is_plain(request)
    response.delete_cookie(_name(request, name), path="/", secure=not plain, httponly=True, samesite=samesite)
