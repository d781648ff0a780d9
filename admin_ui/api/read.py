"""Whether all is well, as JSON."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.routes import Entry
from runtime.explain.explorer import status


def _status(call: Call) -> Response:
    return call.data(status(call.admin.data_dir))


ROUTES = (
    Entry(
        "GET", "/api/v1/status", _status, summary="Counts of the last hour, and the backlog of each tag.",
        gives=dict[str, Any],
    ),
)  # fmt: skip
