"""Every page of the admin port with examples of its address, for tests that look at all of them.

A page whose address has no placeholder needs no line here. One that has them, and neither a line nor values for all of
them, fails `test_every_page`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from admin_ui.routes import Entry
from admin_ui.sections import entries
from tests.support.history import BAD, BUYS, DEAD, LEADS, ORDERS
from tests.support.rich_history import OWN_TEMPLATE, WORKSPACE, Rich

NO_PAGES = frozenset(("/healthz", "/metrics", "/alerts.yaml", "/static/{path:path}", "/sign-on", "/sign-on/return"))
"""What is for programs, and what sends a browser on to the OpenID provider."""

IDS: Mapping[str, str] = {
    "clients": "pixel", "tags": "orders", "triggers": "purchases", "variables": "kind", "transformations": "no-email",
    "schemas": "order", "folders": "ads",
}  # fmt: skip
"""A part of each section of the draft."""
_TEMPLATES: Mapping[str, str] = {
    "clients": "json_event", "tags": "webhook", "variables": "lookup_table", "transformations": "augment",
}  # fmt: skip
"""A template of each section that has templates."""

EXAMPLES: Mapping[str, Callable[[Rich], tuple[str, ...]]] = {
    "/": lambda rich: ("/", "/?span=7d"),
    "/events": lambda rich: (
        "/events", "/events?name=purchase&tag=meta&state=fired", "/events?name=none", "/events?preview=true",
    ),
    "/events.csv": lambda rich: ("/events.csv", "/events.csv?limit=1000"),
    "/events/{id:path}": lambda rich: tuple(
        f"/events/{id}" for id in (BUYS, f"{LEADS}/1", DEAD, BAD, rich.preview_hit)
    ),
    "/events/{id:path}/beside": lambda rich: (f"/events/{ORDERS}/beside?with=workspace:{WORKSPACE}",),
    "/api/v1/events/{id:path}/beside": lambda rich: (f"/api/v1/events/{ORDERS}/beside?with=workspace:{WORKSPACE}",),
    "/deliveries": lambda rich: (
        "/deliveries", *(f"/deliveries?state={state}" for state in ("dead", "waiting", "backlog")),
    ),
    "/deliveries/{id}": lambda rich: (f"/deliveries/{rich.attempt}",),
    "/deliveries/letters/{id}": lambda rich: (f"/deliveries/letters/{rich.letter}",),
    "/versions/{number}": lambda rich: ("/versions/1",),
    "/users/{user}": lambda rich: ("/users/the-editor",),
    "/welcome/{secret}": lambda rich: (f"/welcome/{rich.invitation}",),
    "/preview/{id}": lambda rich: (f"/preview/{rich.preview}", "/preview/live", f"/preview/live?hit={BUYS}"),
    "/templates": lambda rich: (f"/templates?workspace={WORKSPACE}&event={BUYS}",),
    "/container/{section}": lambda rich: ("/container/tags",),
    "/w/{workspace}/changes": lambda rich: (f"/w/{WORKSPACE}/changes", "/w/empty/changes"),
    "/w/{workspace}/templates/{kind}/{id}": lambda rich: (
        f"/w/{WORKSPACE}/templates/destination/{OWN_TEMPLATE}", f"/w/{WORKSPACE}/templates/destination/meta_capi",
        f"/w/{WORKSPACE}/templates/destination/{OWN_TEMPLATE}?event={BUYS}",
    ),
    **{
        f"/w/{{workspace}}/{section}/new": lambda rich, section=section, template=template: (
            f"/w/{WORKSPACE}/{section}/new", f"/w/{WORKSPACE}/{section}/new?template={template}",
        )
        for section, template in _TEMPLATES.items()
    },
    **{
        f"/w/{{workspace}}/{section}/delete": lambda rich, section=section, id=id: (
            f"/w/{WORKSPACE}/{section}/delete?id={id}",
        )
        for section, id in IDS.items()
    },
}  # fmt: skip
"""Path of a route to examples of it."""


class Shown(NamedTuple):
    """An address to look at."""

    path: str
    entry: Entry


def page_routes() -> list[Entry]:
    """Returns every route that a person opens; parts of pages, pictures and twins for spreadsheets included."""
    return [entry for entry in entries() if entry.method == "GET" and not entry.is_api and entry.path not in NO_PAGES]


def api_routes() -> list[Entry]:
    """Returns every route of the API that can be looked at."""
    return [entry for entry in entries() if entry.method == "GET" and entry.is_api]


def is_whole(entry: Entry) -> bool:
    """Tells whether a route gives a whole page: no file, and no part that a page asks for."""
    last = entry.path.rpartition("/")[2]
    return "." not in last and "/icons/" not in entry.path and entry.path != "/preview/{id}/list"


def examples(entry: Entry, rich: Rich) -> tuple[str, ...]:
    """Returns addresses of a route; none where a placeholder has no value."""
    if entry.path in EXAMPLES:
        return EXAMPLES[entry.path](rich)
    path = _filled(entry.path, rich)
    return () if "{" in path else (path,)


def shown(rich: Rich) -> Iterator[Shown]:
    """Yields the addresses of everything that a person opens."""
    for entry in page_routes():
        for path in examples(entry, rich):
            yield Shown(path, entry)


def api_shown(rich: Rich) -> Iterator[Shown]:
    """Yields the addresses of everything that a program can look at."""
    for entry in api_routes():
        for path in examples(entry, rich):
            yield Shown(path, entry)


def _filled(path: str, rich: Rich) -> str:
    """Returns a route's path with the values that its placeholders have anywhere."""
    path = path.replace("{workspace}", WORKSPACE)
    path = path.replace("/{kind}/{id}", f"/destination/{OWN_TEMPLATE}")
    for section, id in IDS.items():
        path = path.replace(f"/{section}/{{id}}", f"/{section}/{id}")
    known = {
        "/preview/{id}": rich.preview, "/events/{id:path}": BUYS, "/deliveries/{id}": rich.attempt,
        "/dead-letters/{id}": rich.letter, "/users/{user}": "the-editor", "/versions/{number}": "1",
    }  # fmt: skip
    for placeholder, value in known.items():
        kept = placeholder.rpartition("/")[0]
        path = path.replace(placeholder, f"{kept}/{value}")
    return re.sub(r":path\}", "}", path)
