"""`incoming`: the request that brought the event. The manifest grants its cookies and headers by name.

What a manifest does not grant is a permission fault with the line to add. The values are those that were stored with
the hit, the same at every run.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl

from runtime.lua.kit import CallContext, KitError, KitFunction, NotPermitted
from runtime.model.hit import Hit
from runtime.model.permissions import NEVER_HEADERS

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_AFTERWARDS = frozenset(("request", "verdict"))
"""Functions that are about a batch, whose events came with many requests."""


def _hit(context: CallContext) -> Hit | None:
    """Returns the request; None where the event came with none, as in `firsthand try` with event data."""
    if context.function in _AFTERWARDS:
        raise KitError(f"there is no incoming request in `{context.function}`: read it in `map`")
    return None if context.hit is None else context.hit.hit


def _text(value: str | None) -> str | None:
    return None if value is None else value.replace("\0", "")


def _named(kind: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise KitError(f"bad argument #1 to 'incoming.{kind}' (the name of a {kind} expected)")
    return name


def _cookie(context: CallContext, name: str) -> str | None:
    hit, reach = _hit(context), context.readable.cookies
    if not reach.allows(_named("cookie", name)):
        raise NotPermitted(reach.refusal(f"cookie `{name}`", name, f"cookies: {{read: [{name}], why: ...}}"))
    return None if hit is None else _text(hit.cookies.get(name))


def _header(context: CallContext, name: str) -> str | None:
    hit, reach, name = _hit(context), context.readable.headers, _named("header", name).lower()
    if name in NEVER_HEADERS:
        raise NotPermitted(f"header `{name}` holds credentials: no script may read it")
    if not reach.allows(name):
        raise NotPermitted(reach.refusal(f"header `{name}`", name, f"headers: {{names: [{name}], why: ...}}"))
    return None if hit is None else _text(hit.headers.get(name))


def _method(context: CallContext) -> str | None:
    hit = _hit(context)
    return None if hit is None else hit.method


def _host(context: CallContext) -> str | None:
    hit = _hit(context)
    return None if hit is None else hit.host


def _path(context: CallContext) -> str | None:
    hit = _hit(context)
    return None if hit is None else _text(hit.path)


def _part(context: CallContext, part: str, what: str) -> Hit | None:
    """Returns the request, where the manifest grants that part of it."""
    hit, reach = _hit(context), context.readable.parts
    if not reach.allows(part):
        raise NotPermitted(reach.refusal(what, part, f"hit: {{fields: [{part}], why: ...}}"))
    return hit


def _query(context: CallContext, name: str | None) -> str | None:
    hit = _part(context, "query", "the query of the request")
    if hit is None:
        return None
    return _text((hit.query.decode("utf-8", "replace") or None) if name is None else _pairs(hit.query).get(name))


def _geo(context: CallContext) -> dict[str, str]:
    hit = _part(context, "geo", "the visitor's place")
    return {} if hit is None else dict(hit.geo)


@lru_cache(maxsize=8)
def _pairs(query: bytes) -> dict[str, str]:
    """Returns the decoded parameters; of equal names the first."""
    pairs = parse_qsl(query.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
    return dict(reversed(pairs))


FUNCTIONS: dict[str, KitFunction] = {
    "cookie": KitFunction(
        _cookie,
        "Reads a cookie of the request, as the browser sent it. The manifest grants it under permissions.cookies.read.",
        ("name: text",),
        "text? — nil where the browser sent none",
        'incoming.cookie("_ttp")',
        context=True,
        base_cost=40,
    ),
    "header": KitFunction(
        _header,
        "Reads a header of the request, its name in any case. The manifest grants it under permissions.headers.names; "
        "Cookie, Authorization and Proxy-Authorization are never stored.",
        ("name: text",),
        "text? — nil where the request had none",
        'incoming.header("Accept-Language")',
        context=True,
        base_cost=40,
    ),
    "method": KitFunction(
        _method,
        "Tells the method of the request.",
        (),
        "text? — nil where the event came with no request",
        "incoming.method()",
        context=True,
    ),
    "host": KitFunction(
        _host,
        "Tells the host that the request was sent to, in lower case, the port included where one was sent.",
        (),
        "text? — nil where the event came with no request",
        "incoming.host()",
        context=True,
    ),
    "path": KitFunction(
        _path,
        "Tells the path of the request, decoded, without the query.",
        (),
        "text? — nil where the event came with no request",
        "incoming.path()",
        context=True,
    ),
    "query": KitFunction(
        _query,
        "Reads a parameter of the request's query, decoded; of equal names the first. Without a name it is the whole "
        "query, as it was sent. The manifest grants it under permissions.hit.fields.",
        ("name: text?",),
        "text? — nil where the query has none of that name, or there is no query",
        'incoming.query("gclid")',
        context=True,
        base_cost=200,
    ),
    "geo": KitFunction(
        _geo,
        "Tells where the visitor is, as far as a trusted proxy or the operator's database says. The manifest grants it "
        "under permissions.hit.fields.",
        (),
        "table — country (`US`), region (`CA`) and city, those that are known",
        "incoming.geo().country",
        context=True,
        base_cost=60,
    ),
}
