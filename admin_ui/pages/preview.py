"""Previews: a link that puts one browser, or one server caller, on a draft or a version, and all that are given out.

A link is the right to use a draft, so who may not make one is not shown one. One that sends does what publishing does,
if only for one browser: it takes a publisher.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.qr import qr_svg
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.containers.previews import Link, end_previews, given_out, make_preview, open_previews, read_life
from runtime.errors import OperatorError
from runtime.explain.previews import as_row, suggested_address

LIVES = ("30m", "2h", "8h", "1d", "7d")


class PreviewAsked(BaseModel, extra="forbid"):
    """A new preview."""

    what: str = Field(min_length=1, max_length=100, description="A workspace's name, or a version's number.")
    expires: str = Field("2h", max_length=8, description="How long it lasts: 30m, 2h, 1d; seven days at most.")
    sends: bool = Field(
        False, description="Send what its hits make to the destinations, once each. Takes the role publisher."
    )
    url: str = Field("", max_length=300, description="The collector's address, for example https://t.shop.example.")
    to: str = Field("", max_length=2000, description="A page of the shop that the link's page offers to go on to.")


class PreviewShown(BaseModel):
    """A preview that was given out."""

    id: str
    version: int = Field(description="A version's number; below zero revision -N of a workspace.")
    what: str
    sends: bool
    until: str
    link: str = Field(description="What a browser opens; without the collector's address a path of it.")
    header: str = Field(description="What a server caller sends with each request.")


class PreviewsShown(BaseModel):
    """All that are not over, the newest first."""

    previews: list[PreviewShown]


def _make(call: Call, asked: PreviewAsked) -> Link:
    if asked.sends and not call.me.may("publisher"):
        raise Refused(403, "A preview that sends takes the role publisher.", "Make one that sends nothing.")
    life = read_life(asked.expires)
    with call.admin.control(call.me.name) as control:
        return make_preview(control, asked.what, life, sends=asked.sends, address=asked.url.rstrip("/"), to=asked.to)


def _show(call: Call) -> Response:
    context: dict[str, Any] = {"previews": [], "drafts": [], "versions": [], "address": ""}
    try:
        with call.admin.read() as control:
            context["previews"] = open_previews(control)
            context["drafts"] = [workspace.name for workspace in control.workspaces.list()]
            context["versions"] = control.versions()[:20]
            if call.me.may("editor"):
                context["address"] = suggested_address(control, call.admin.data_dir)
    except OperatorError:
        pass  # Nothing is there yet; the page says how to begin.
    chosen = call.query.get("what", "")
    return call.page("preview/index.html", section="preview", lives=LIVES, chosen=chosen, **context)


def _make_form(call: Call) -> Response:
    given = {name: call.value(name) for name in ("what", "expires", "url", "to") if call.value(name)}
    link = _make(call, call.checked(PreviewAsked, given | {"sends": call.value("sends") == "yes"}))
    return call.go(f"/preview/{link.preview.id}")


def _end_form(call: Call) -> Response:
    _end(call)
    return call.go("/preview", done="All previews are over: browsers are ordinary visitors again.")


def _end(call: Call) -> None:
    with call.admin.control(call.me.name) as control:
        end_previews(control)


def _list_data(call: Call) -> Response:
    with call.admin.read() as control:
        return call.data({"previews": [as_row(link) for link in open_previews(control)]})


def _make_data(call: Call) -> Response:
    return call.data(as_row(_make(call, call.sent(PreviewAsked))), status=201)


def _end_data(call: Call) -> Response:
    _end(call)
    return Response(status_code=204)


def _qr(call: Call) -> Response:
    """The link as a picture, for a phone."""
    with call.admin.read() as control:
        link = given_out(control, call.params["id"])
    if not link.address:
        raise Refused(409, "Nobody said at which address browsers find the collector.", "Make a link with one.")
    return Response(qr_svg(link.url), media_type="image/svg+xml")


ROUTES = (
    Entry("GET", "/preview", _show),
    Entry("POST", "/preview", _make_form, "editor"),
    Entry("POST", "/preview/end", _end_form, "publisher"),
    Entry("GET", "/preview/{id}/qr.svg", _qr, "editor"),
    Entry(
        "GET", "/api/v1/previews", _list_data, "editor", gives=PreviewsShown,
        summary="The preview links that are given out and not over, the newest first.",
    ),
    Entry(
        "POST", "/api/v1/previews", _make_data, "editor", takes=PreviewAsked, gives=PreviewShown, status=201,
        summary="Makes a preview link for a workspace's latest revision, or for a version.",
    ),
    Entry(
        "DELETE", "/api/v1/previews", _end_data, "publisher", status=204,
        summary="Ends all previews: no link that was given out before is valid any more.",
    ),
)  # fmt: skip
