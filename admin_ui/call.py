"""One request of the admin port, as handlers see it: who asks, what was sent, and how to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

import orjson
from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from admin_ui.admin import Admin
from admin_ui.refusals import Refused
from runtime.errors import Problem
from runtime.model.role import Role, may

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Who:
    """Who asks: a person in a browser, or a program with a token."""

    name: str
    role: Role
    csrf: str = ""
    """What each form of the session carries; "" for a program, which no browser acts for."""
    session: str = ""
    """The session's hash; "" for a program."""
    user: int = 0
    proved_at: float = 0.0
    """When the password was last given in the session, Unix seconds."""

    def may(self, role: Role) -> bool:
        """Tells whether it may do what a role may do."""
        return may(self.role, role)


@dataclass(frozen=True)
class Call:
    """One request. Its body was read, and who asks may ask, before a handler sees it."""

    request: Request
    admin: Admin
    who: Who | None
    form: Mapping[str, list[str]] = field(default_factory=dict)
    """What a form sent, by name."""
    body: bytes = b""
    """What anything else sent."""

    @property
    def params(self) -> Mapping[str, Any]:
        """The path's placeholders."""
        return self.request.path_params

    @property
    def query(self) -> QueryParams:
        """What stands behind the question mark."""
        return self.request.query_params

    @property
    def me(self) -> Who:
        """Who asks, on routes that ask for a role."""
        assert self.who is not None
        return self.who

    @property
    def is_partial(self) -> bool:
        """Whether the page asks for a part of itself."""
        return "hx-request" in self.request.headers

    def value(self, name: str, default: str = "") -> str:
        """Returns a form's field, without blanks at its ends."""
        return (self.form.get(name) or [default])[0].strip()

    def sent(self, model: type[M]) -> M:
        """Returns the JSON body as a model; Refused with all that is wrong with it. Types are those that the API's
        document names: a 0 is no `false`, a text no number."""
        try:
            orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise Refused(400, f"The body is no JSON: {error}.") from None
        return _checked(lambda: model.model_validate_json(self.body, strict=True), 422)

    def checked(self, model: type[M], data: Mapping[str, Any]) -> M:
        """Returns what a form gave as a model; Refused with all that is wrong with it."""
        return _as(model, data, 422)

    def asked(self, model: type[M]) -> M:
        """Returns the query as a model; Refused with all that is wrong with it. On pages, whose forms send every field,
        a parameter that is given empty counts as not given."""
        is_api = self.request.url.path.startswith("/api/")
        return _as(model, {name: value for name, value in self.query.items() if value or is_api}, 400)

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """Returns a page, or a part of one, of a template."""
        text = self.admin.pages.get_template(template).render(call=self, me=self.who, **context)
        return HTMLResponse(text, status)

    def data(self, content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """Returns JSON."""
        return JSONResponse(content, status, headers=dict(headers or {}))

    def go(self, path: str, **query: str) -> Response:
        """Returns the answer that makes the browser open a page of ours, after a form."""
        given = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        joint = "&" if "?" in path else "?"
        return RedirectResponse(f"{path}{joint}{given}" if given else path, 303)


def _as(model: type[M], data: Any, status: int) -> M:
    return _checked(lambda: model.model_validate(data), status)


def _checked(validate: Callable[[], M], status: int) -> M:
    try:
        return validate()
    except ValidationError as error:
        problems = tuple(
            Problem(".".join(map(str, found["loc"])), found["msg"].removeprefix("Value error, "))
            for found in error.errors(include_url=False, include_context=False, include_input=False)
        )
        raise Refused(status, "What was sent has problems.", "See each problem.", problems) from None
