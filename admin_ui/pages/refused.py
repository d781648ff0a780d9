"""Requests that the collector did not take: how many, why, the newest, and what to do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.routes import Entry
from runtime.explain.overview import SPANS, Span
from runtime.explain.refused import refused_examples, refused_reasons

MINUTES: dict[Span, int] = {"1h": 60, "6h": 360, "24h": 1440, "7d": 10080}


class RefusedAsked(BaseModel, extra="forbid"):
    """Of what time, and of which reason the examples are."""

    span: Span = "24h"
    reason: str = Field("", max_length=100, description="Of examples; `unclaimed` for what no client claims.")


class ReasonShown(BaseModel):
    """One reason."""

    kind: str
    reason: str
    times: int
    aside: bool = Field(description="Whether it was of previews and of environments beside live.")
    todo: str


class RefusedShown(BaseModel):
    """Counts of the span, and the newest requests, as far as they are kept: 50 of a kind and shard."""

    reasons: list[ReasonShown]
    examples: list[dict[str, Any]]


def _found(call: Call, asked: RefusedAsked) -> tuple[list[Any], list[dict[str, Any]]]:
    reasons = refused_reasons(call.admin.data_dir, MINUTES[asked.span])
    examples = refused_examples(call.admin.data_dir)
    return reasons, [row for row in examples if asked.reason in ("", row["reason"] or row["kind"])]


def _show(call: Call) -> Response:
    asked = call.asked(RefusedAsked)
    reasons, examples = _found(call, asked)
    return call.page(
        "events/refused.html", section="events", asked=asked, spans=SPANS, reasons=reasons, examples=examples
    )


def _data(call: Call) -> Response:
    reasons, examples = _found(call, call.asked(RefusedAsked))
    return call.data({"reasons": [asdict(reason) for reason in reasons], "examples": examples})


ROUTES = (
    Entry("GET", "/events/refused", _show),
    Entry(
        "GET", "/api/v1/refused", _data, query=RefusedAsked, gives=RefusedShown,
        summary="Requests that were refused, or that no client claims: how many, why, the newest, what to do.",
    ),
)  # fmt: skip
