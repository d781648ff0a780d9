"""The first page: is it working?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.errors import OperatorError
from runtime.explain.overview import SPANS, Overview, Span, overview
from runtime.explain.quality import quality
from runtime.explain.standing import Standing, standing

WIDTH, HEIGHT = 300.0, 60.0


class Line(NamedTuple):
    """A series as the points of an SVG line, with its top."""

    points: str
    top: int


def _show(call: Call) -> Response:
    found = overview(call.admin.data_dir, _span(call))
    charts = {
        "Hits": line([point.hits for point in found.points]),
        "Delivered items": line([point.delivered for point in found.points]),
        "Given up": line([point.dead for point in found.points]),
    }
    return call.page(
        "home/home.html", section="home", found=found, spans=SPANS, charts=charts,
        standing=_standing(call), quality=_quality(call, found),
    )  # fmt: skip


def _span(call: Call) -> Span:
    given = call.query.get("span", "1h")
    for span in SPANS:
        if span == given:
            return span
    raise Refused(400, f"There is no span {given[:20]!r}.", f"The spans are {', '.join(SPANS)}.")


def line(values: Sequence[int]) -> Line:
    """Returns the points of a line over the width of the chart; the highest value reaches its top."""
    top = max(values, default=0)
    step = WIDTH / max(1, len(values) - 1)
    scale = (HEIGHT - 2) / top if top else 0
    return Line(" ".join(f"{at * step:.1f},{HEIGHT - 1 - value * scale:.1f}" for at, value in enumerate(values)), top)


def _standing(call: Call) -> Standing | None:
    try:
        with call.admin.read() as control:
            return standing(control)
    except OperatorError:
        return None


def _quality(call: Call, found: Overview) -> object:
    return quality(call.admin.data_dir, call.admin.policy) if found.events else None


ROUTES = (Entry("GET", "/", _show),)
