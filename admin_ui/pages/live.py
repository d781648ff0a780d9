"""The live view: what comes in, as it comes, beside the trace of the one that is chosen. Of a preview, or of everything
that is live. Its address carries the choice, so it can be handed on."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.pages.trace import traced
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.containers.previews import Link, given_out
from runtime.errors import OperatorError
from runtime.explain.tail import live_tail, preview_tail

LIVE = "live"
_ID = re.compile(r"[0-9a-f]{16}")
_PLACE = re.compile(r"[0-9]{1,18}\.[0-9]{1,18}(/[0-9]{1,18})?")


class TailAsked(BaseModel, extra="forbid"):
    """Of what, and how much."""

    preview: str = Field("", pattern=r"^([0-9a-f]{16})?$", description="A preview's id; without one, what is live.")
    limit: int = Field(50, ge=1, le=500)


class TailShown(BaseModel):
    """Hits with their events, and requests that were not taken, the newest first."""

    rows: list[dict[str, Any]]


def _show(call: Call) -> Response:
    session = _session(call)
    link = None if session == LIVE else _link(call, session)
    return call.page(
        "preview/live.html", section="preview", session=session, link=link, rows=_rows(call, session, link),
        chosen=_chosen(call), **_trace(call),
    )  # fmt: skip


def _part(call: Call) -> Response:
    session = _session(call)
    link = None if session == LIVE else _link(call, session)
    return call.page("preview/_list.html", session=session, rows=_rows(call, session, link), chosen=_chosen(call))


def _data(call: Call) -> Response:
    asked = call.asked(TailAsked)
    if not asked.preview:
        return call.data({"rows": live_tail(call.admin.data_dir, limit=asked.limit)})
    link = _link(call, asked.preview)
    since = link.at if link else 0
    return call.data({"rows": preview_tail(call.admin.data_dir, asked.preview, since=since, limit=asked.limit)})


def _session(call: Call) -> str:
    given = str(call.params["id"])
    if given != LIVE and not _ID.fullmatch(given):
        raise Refused(404, "There is no such preview.", "The list of previews has those that are given out.")
    return given


def _link(call: Call, id: str) -> Link | None:
    """Returns the preview's link; None where it is over: its hits are still there."""
    try:
        with call.admin.read() as control:
            return given_out(control, id)
    except OperatorError:
        return None


def _rows(call: Call, session: str, link: Link | None) -> list[dict[str, Any]]:
    if session == LIVE:
        return live_tail(call.admin.data_dir)
    return preview_tail(call.admin.data_dir, session, since=link.at if link else 0)


def _chosen(call: Call) -> str:
    return call.query.get("hit", "")


def _trace(call: Call) -> dict[str, Any]:
    """Returns what the trace's part of the page needs; a hit that is gone is told of there, and the list stays."""
    chosen = _chosen(call)
    if not chosen:
        return {"record": None, "missing": None}
    if not _PLACE.fullmatch(chosen):
        raise Refused(400, f"`{chosen[:40]}` is no id of a hit.", "It looks like 0.17, or 0.17/2 for one event of it.")
    here = f"{call.request.url.path}?{urlencode({'hit': chosen})}&"
    try:
        return {**traced(call, chosen, here), "missing": None}
    except OperatorError as error:
        return {"record": None, "missing": error}


ROUTES = (
    Entry("GET", "/preview/{id}", _show),
    Entry("GET", "/preview/{id}/list", _part),
    Entry(
        "GET", "/api/v1/tail", _data, query=TailAsked, gives=TailShown,
        summary="The newest hits with their events, and what was not taken: of live traffic, or of a preview.",
    ),
)  # fmt: skip
