"""The admin port's application. Every route is listed in one place.

There is no sign-in yet, so the server binds this port to loopback addresses only, and a request must name a loopback
host: a page that rebinds its own name to 127.0.0.1 gets 421.
"""

from __future__ import annotations

import re
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from runtime.errors import OperatorError, Overloaded
from runtime.explain.explorer import list_attempts, list_dead, list_events, status
from runtime.explain.trace import explain
from runtime.text.domains import host_name, is_loopback

MOST_ROWS = 1000

_NUMBER = re.compile(r"[0-9]{1,9}")


class LoopbackOnly:
    """Refuses requests whose Host is no loopback name, and marks every answer as data."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_loopback(host_name(Headers(scope=scope).get("host", ""))):
            refusal = PlainTextResponse("This name is not served here: use 127.0.0.1 or localhost.\n", 421)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def make_admin(data_dir: Path) -> Starlette:
    """Returns the application for a data folder."""

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def show_status(request: Request) -> Response:
        return _data(await run_in_threadpool(status, data_dir))

    async def events(request: Request) -> Response:
        name = request.query_params.get("name", "")
        return _data(await run_in_threadpool(list_events, data_dir, limit=_limit(request), name=name))

    async def event(request: Request) -> Response:
        return _data(await run_in_threadpool(explain, data_dir, request.path_params["id"]))

    async def attempts(request: Request) -> Response:
        return _data(await run_in_threadpool(list_attempts, data_dir, limit=_limit(request)))

    async def dead_letters(request: Request) -> Response:
        return _data(await run_in_threadpool(list_dead, data_dir, limit=_limit(request)))

    routes = [
        Route("/healthz", health),
        Route("/api/v1/status", show_status),
        Route("/api/v1/events", events),
        Route("/api/v1/events/{id:path}", event),
        Route("/api/v1/attempts", attempts),
        Route("/api/v1/dead-letters", dead_letters),
    ]
    refusals = {OperatorError: _unknown, HTTPException: _refused, Overloaded: _unavailable}
    return Starlette(routes=routes, middleware=[Middleware(LoopbackOnly)], exception_handlers=refusals)


def _data(content: object) -> Response:
    return JSONResponse(content, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", "50")
    if not (_NUMBER.fullmatch(text) and 0 < int(text) <= MOST_ROWS):
        raise HTTPException(400, f"limit is a whole number from 1 to {MOST_ROWS}")
    return int(text)


async def _unknown(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 404)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)


async def _unavailable(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 503)
