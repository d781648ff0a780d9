"""The debugger: any stored event, from the request to the vendor's answer; and beside what another version makes of it.

A draft's scripts may never have run, so what another version makes of a hit is found out in a process of its own.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.aside import run_aside
from admin_ui.call import Call
from admin_ui.drafts import draft_names
from admin_ui.routes import Entry
from runtime.explain.copies import copies
from runtime.explain.shard import parse_place
from runtime.explain.trace import explain

EVENTS_A_PAGE = 20
_NUMBER = re.compile(r"[0-9]{1,9}")


class BesideAsked(BaseModel, extra="forbid"):
    """What to compare with."""

    with_: str = Field(
        alias="with", max_length=120, pattern=r"^(live|[0-9]{1,9}|workspace:[A-Za-z0-9][A-Za-z0-9_. -]{0,99})$",
        description="A version's number, `live`, or workspace:NAME.",
    )  # fmt: skip


def traced(call: Call, id: str, here: str) -> dict[str, Any]:
    """Returns what templates need to show a hit, or one event of it; `here` is the address of the page that shows it,
    up to where another part of a query may follow. OperatorError where there is none."""
    _, _, position = parse_place(id)
    first = int(given) if _NUMBER.fullmatch(given := call.query.get("from", "")) else 0
    part = range(first, first + EVENTS_A_PAGE)
    record = explain(call.admin.data_dir, id, timed=True, part=part)
    found = copies(call.admin.data_dir, record["hit"]["id"], record["events"], record["claim"]["client"])
    return {
        "record": record, "id": id, "position": position, "first": first, "a_page": EVENTS_A_PAGE, "copies": found,
        "drafts": draft_names(call), "here": here,
    }  # fmt: skip


def _show(call: Call) -> Response:
    id = call.params["id"]
    return call.page("events/trace.html", section="events", **traced(call, id, f"/events/{id}?"))


def _data(call: Call) -> Response:
    return call.data(explain(call.admin.data_dir, call.params["id"], timed=True))


def _beside(call: Call) -> Response:
    asked = call.asked(BesideAsked)
    id, found = call.params["id"], _compared(call, asked)
    query = urlencode({"with": asked.with_})
    return call.page(
        "events/beside.html", section="events", id=id, found=found, other=asked.with_, query=query,
        drafts=draft_names(call),
    )  # fmt: skip


def _beside_data(call: Call) -> Response:
    return call.data(_compared(call, call.asked(BesideAsked)))


def _compared(call: Call, asked: BesideAsked) -> dict[str, Any]:
    id = call.params["id"]
    parse_place(id)  # It becomes a word of a command.
    found: dict[str, Any] = run_aside(call.admin.data_dir, "events", "show", id, "--with", asked.with_, "--json")
    return found


ROUTES = (
    Entry("GET", "/events/{id:path}/beside", _beside),
    Entry("GET", "/events/{id:path}", _show),
    Entry(
        "GET", "/api/v1/events/{id:path}/beside", _beside_data, query=BesideAsked, gives=dict[str, Any],
        summary="What a version or a draft makes of a hit, beside the version that it arrived on.",
    ),
    Entry(
        "GET", "/api/v1/events/{id:path}", _data, summary="The trace of a hit (0.17), or of one event of it (0.17/2).",
        gives=dict[str, Any],
    ),
)  # fmt: skip
