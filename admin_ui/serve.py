"""One request of the admin port, from its host to its answer: the way that every route goes."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from admin_ui.admin import Admin
from admin_ui.auth.address import names_loopback
from admin_ui.auth.guard import host_is_ours, identify, require_our_page, require_role, require_token
from admin_ui.body import sent
from admin_ui.call import Call, Who
from admin_ui.refusals import Refused, SignInFirst, as_data, refusal_of
from admin_ui.routes import Entry
from runtime.errors import FirsthandError
from runtime.telemetry import log

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none';"
    " object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_TLS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}
"""For hosts that are reached through TLS: where one is loopback, it would lock out everything else on this machine."""

_MISDIRECTED = (
    "The admin port is not served under this name. If the name is yours, list it in FIRSTHAND_ADMIN_HOSTS and start"
    " anew; localhost is always served.\n"
)

Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(entry: Entry, admin: Admin) -> Endpoint:
    """Returns what serves a route."""

    async def serve(request: Request) -> Response:
        response = await _answer(entry, admin, request)
        for name, value in (_HEADERS if names_loopback(request) else _HEADERS | _TLS_ONLY).items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return serve


async def _answer(entry: Entry, admin: Admin, request: Request) -> Response:
    if not host_is_ours(request, admin):
        return PlainTextResponse(_MISDIRECTED, 421)
    who: Who | None = None
    try:
        who = await run_in_threadpool(identify, request, admin)
        return await _granted(entry, admin, request, who)
    except Refused as refused:
        return _refusal(entry, admin, request, who, refused)
    except FirsthandError as error:
        return _refusal(entry, admin, request, who, refusal_of(error))
    except HTTPException as error:
        return _refusal(entry, admin, request, who, Refused(error.status_code, str(error.detail)))
    except Exception:  # noqa: BLE001 - the last resort: logged under a number that the answer names
        return _refusal(entry, admin, request, who, _mistake(entry))


async def _granted(entry: Entry, admin: Admin, request: Request, who: Who | None) -> Response:
    require_role(entry, who, request)
    if entry.changes:
        require_our_page(request)
    form, body = await sent(entry, request) if entry.changes else ({}, b"")
    if entry.changes and who is not None:
        require_token(request, who, form)
    return await run_in_threadpool(entry.handler, Call(request, admin, who, form, body))


def _mistake(entry: Entry) -> Refused:
    """Logs a mistake of ours under a number, by which who asked can tell of it. The path stands there with its
    placeholders: what it has in their place may be a one-time link's secret."""
    number = secrets.token_hex(4)
    log().error("admin_failed", number=number, method=entry.method, path=entry.path, exc_info=True)
    return Refused(500, f"Something went wrong here (number {number}).", "The log of the admin process says more.")


def _refusal(entry: Entry, admin: Admin, request: Request, who: Who | None, refused: Refused) -> Response:
    if entry.is_api:
        return JSONResponse(as_data(refused), refused.status)
    if isinstance(refused, SignInFirst) and "hx-request" not in request.headers:
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        asked = here if request.method == "GET" else "/"
        return RedirectResponse(f"/sign-in?next={quote(asked, safe='')}", 303)
    template = "part_error.html" if "hx-request" in request.headers else "error.html"
    call = Call(request, admin, who)
    text = admin.pages.get_template(template).render(call=call, me=who, refused=refused)
    return HTMLResponse(text, refused.status)
