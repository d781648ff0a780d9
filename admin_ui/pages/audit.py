"""The audit trail: who did what, and whether the chain of it is whole."""

from __future__ import annotations

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.routes import Entry
from runtime.errors import OperatorError
from runtime.store.audit import AuditRow

Row = dict[str, object]


class AuditAsked(BaseModel, extra="forbid"):
    """What to list."""

    who: str = Field("", max_length=200)
    what: str = Field("", max_length=40)
    before: int = Field(0, ge=0, description="Only rows with a lower number; 0 = from the newest on.")
    limit: int = Field(100, ge=1, le=1000)


class AuditShown(BaseModel):
    """The newest rows."""

    rows: list[Row]
    broken: list[str] = Field(description="Where the chain of hashes is broken; empty where all is well.")


def _rows(call: Call, asked: AuditAsked) -> tuple[list[Row], list[str]]:
    try:
        with call.admin.read() as control:
            rows, broken = control.audit_log(), control.verify()
    except OperatorError:
        return [], []
    wanted = [row for row in reversed(rows) if _is_like(row, asked)]
    return [_shown(row) for row in wanted[: asked.limit]], broken


def _is_like(row: AuditRow, asked: AuditAsked) -> bool:
    older = not asked.before or row.number < asked.before
    return older and asked.who in ("", row.who) and asked.what in ("", row.what)


def _shown(row: AuditRow) -> Row:
    return {"number": row.number, "at": row.at, "who": row.who, "what": row.what, "detail": row.content}


def _show(call: Call) -> Response:
    asked = call.asked(AuditAsked)
    rows, broken = _rows(call, asked)
    return call.page("versions/audit.html", section="versions", asked=asked, rows=rows, broken=broken)


def _data(call: Call) -> Response:
    rows, broken = _rows(call, call.asked(AuditAsked))
    return call.data({"rows": rows, "broken": broken})


def _lines(call: Call) -> Response:
    rows, _ = _rows(call, AuditAsked(limit=1000))
    return Response(b"\n".join(map(orjson.dumps, rows)), media_type="application/x-ndjson")


ROUTES = (
    Entry("GET", "/audit", _show),
    Entry("GET", "/audit.jsonl", _lines),
    Entry(
        "GET", "/api/v1/audit", _data, summary="Who did what, the newest first, and whether the chain is whole.",
        query=AuditAsked, gives=AuditShown,
    ),
)  # fmt: skip
