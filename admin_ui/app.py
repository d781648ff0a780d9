"""The admin port's application. Every route is listed in one place.

There is no sign-in yet, so the server binds this port to loopback addresses only, and a request must name a loopback
host: a page that rebinds its own name to 127.0.0.1 gets 421.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

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
from runtime.explain.alerts import alert_rules
from runtime.explain.explorer import list_attempts, list_dead, list_events, status
from runtime.explain.jobs import list_jobs
from runtime.explain.metrics import Metrics
from runtime.explain.selection import read_selection
from runtime.explain.trace import explain
from runtime.model.command import Selection
from runtime.text.domains import host_name, is_loopback

MOST_ROWS = 1000
FILTERS = ("tag", "reason", "event_name", "event_id", "hit", "since", "until")
"""Of dead letters, as `read_selection` takes them."""

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


def make_admin(data_dir: Path, ready: Callable[[], bool] | None = None) -> Starlette:
    """Returns the application for a data folder; `ready` asks the collector whether it takes hits, for the metrics."""
    figures, one_scrape = Metrics(data_dir, ready), Lock()

    def scrape(accept: str) -> tuple[bytes, str]:
        with one_scrape:
            return figures.scrape(accept)

    async def metrics(request: Request) -> Response:
        text, media_type = await run_in_threadpool(scrape, request.headers.get("accept", ""))
        return Response(text, headers={"Content-Type": media_type, "Cache-Control": "no-store"})

    async def alerts(request: Request) -> Response:
        return PlainTextResponse(alert_rules(), media_type="application/yaml")

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
        wanted = _selection(request)
        return _data(await run_in_threadpool(list_dead, data_dir, wanted, limit=_limit(request)))

    async def jobs(request: Request) -> Response:
        return _data(await run_in_threadpool(list_jobs, data_dir, limit=_limit(request)))

    routes = [
        Route("/healthz", health),
        Route("/metrics", metrics),
        Route("/alerts.yaml", alerts),
        Route("/api/v1/status", show_status),
        Route("/api/v1/events", events),
        Route("/api/v1/events/{id:path}", event),
        Route("/api/v1/attempts", attempts),
        Route("/api/v1/dead-letters", dead_letters),
        Route("/api/v1/jobs", jobs),
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


def _selection(request: Request) -> Selection:
    asked = request.query_params
    given: dict[str, Any] = {name: asked[name] for name in FILTERS if name in asked}
    try:
        return read_selection(**given)
    except OperatorError as error:
        raise HTTPException(400, str(error)) from None


async def _unknown(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 404)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)


async def _unavailable(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 503)
