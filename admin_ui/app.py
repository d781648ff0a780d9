"""The admin port's application: every route of every section, each behind the same guard."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from admin_ui.admin import Admin
from admin_ui.call import Call
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from admin_ui.sections import entries
from admin_ui.serve import endpoint


def make_admin(admin: Admin) -> Starlette:
    """Returns the application."""
    routes = [Route(entry.path, endpoint(entry, admin), methods=[entry.method]) for entry in entries()]
    refusing = {
        (path, status): endpoint(Entry("GET", path, handler, None), admin)
        for path in ("/", "/api/")
        for status, handler in ((404, _nowhere), (405, _not_so))
    }

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        path = "/api/" if request.url.path.startswith("/api/") else "/"
        response = await refusing[path, 405 if error.status_code == 405 else 404](request)
        if response.status_code == 405:
            response.headers["Allow"] = _allowed(request, routes)
        return response

    app = Starlette(routes=routes, exception_handlers={HTTPException: refuse})
    # It would send who asks to whatever host the request names, before anybody looks at that.
    app.router.redirect_slashes = False
    return app


def _allowed(request: Request, routes: Sequence[Route]) -> str:
    """Returns the methods that an address takes: each route knows only its own."""
    there = (route for route in routes if route.matches(request.scope)[0] != Match.NONE)
    return ", ".join(sorted({method for route in there for method in route.methods or ()}))


def _nowhere(call: Call) -> Response:
    raise Refused(404, "There is nothing at this address.")


def _not_so(call: Call) -> Response:
    raise Refused(405, "This address takes another method.")
