"""The events explorer: what came in, newest first, by filters that stand in the address."""

from __future__ import annotations

import csv
import io
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.errors import OperatorError
from runtime.explain.search import Page, facets, search
from runtime.explain.selection import read_time
from runtime.store.event_search import EventQuery

COLUMNS = ("id", "position", "time", "name", "client", "event_id", "tags", "flags")
STATES = (
    "fired", "denied", "blocked", "dropped", "failed", "paused", "not_live", "unscheduled", "sampled_out", "limited",
    "held",
)  # fmt: skip
Flag = Literal["", "repaired", "denied", "dropped", "failed", "dead", "preview", "violated"]


class EventsAsked(BaseModel, extra="forbid"):
    """What to list. Everything given must hold."""

    name: str = Field("", max_length=200)
    client: str = Field("", max_length=100)
    event_id: str = Field("", max_length=200)
    tag: str = Field("", pattern=r"^[A-Za-z0-9_-]*$", max_length=64, description="A tag that did something.")
    state: str = Field("", pattern=r"^[a-z_]*$", max_length=20, description="What it did, for example denied.")
    flag: Flag = ""
    since: str = Field("", max_length=40, description="`2h`, `3d`, or a time such as 2026-11-24T10:00Z.")
    until: str = Field("", max_length=40)
    preview: bool = Field(False, description="Events of previews and other environments, in place of live ones.")
    cursor: str = Field("", max_length=2000, description="Of the page before.")
    limit: int = Field(50, ge=1, le=1000)

    def query(self) -> EventQuery:
        """Returns it as the search takes it."""
        kept = {name: getattr(self, name) for name in ("name", "client", "event_id", "tag", "state", "flag")}
        try:
            since, until = (read_time(text) if text else 0 for text in (self.since, self.until))
        except OperatorError as error:
            raise Refused(400, error.message, error.hint) from None
        return EventQuery(**kept, previews=self.preview, since_us=since, until_us=until)


class EventShown(BaseModel):
    """One event."""

    id: str = Field(description="The hit's.")
    position: int
    time: str
    name: str
    client: str
    event_id: str
    tags: dict[str, str] = Field(description="Tag to what it did, or what became of its item.")
    flags: list[str]


class EventsShown(BaseModel):
    """A page of events."""

    rows: list[EventShown]
    next: str = Field(description="Cursor of the next page, empty on the last.")


def _found(call: Call) -> tuple[EventsAsked, Page]:
    asked = call.asked(EventsAsked)
    try:
        return asked, search(call.admin.data_dir, asked.query(), cursor=asked.cursor, limit=asked.limit)
    except OperatorError as error:
        raise Refused(400, error.message, error.hint) from None


def _show(call: Call) -> Response:
    asked, page = _found(call)
    given = {name: value for name, value in asked.model_dump(exclude_defaults=True).items() if name != "cursor"}
    links = Links(given)
    found = facets(call.admin.data_dir)
    return call.page(
        "events/list.html", section="events", asked=asked, page=page, facets=found, links=links, states=STATES
    )


class Links:
    """Addresses of the list with one filter more or less."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given

    def but(self, **change: str) -> str:
        """Returns the address with some filters set, or taken away where they are empty."""
        asked = {name: value for name, value in {**self.given, **change}.items() if value not in ("", False)}
        return f"/events?{urlencode(asked)}" if asked else "/events"

    def at(self, path: str) -> str:
        """Returns the same filters at another path."""
        return f"{path}?{urlencode(self.given)}" if self.given else path


def _list(call: Call) -> Response:
    _, page = _found(call)
    return call.data({"rows": page.rows, "next": page.next})


def _csv(call: Call) -> Response:
    _, page = _found(call)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([[_cell(row[name]) for name in COLUMNS] for row in page.rows])
    headers = {"Content-Disposition": 'attachment; filename="events.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: Any) -> str:
    """Returns a value as a spreadsheet may open it: what would be a formula there is text."""
    if isinstance(value, dict):
        text = ", ".join(f"{tag} {state}" for tag, state in value.items())
    else:
        text = ", ".join(value) if isinstance(value, list) else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


ROUTES = (
    Entry("GET", "/events", _show),
    Entry("GET", "/events.csv", _csv),
    Entry(
        "GET", "/api/v1/events", _list, summary="The events that are like the query, the newest first.",
        query=EventsAsked, gives=EventsShown,
    ),
)  # fmt: skip
