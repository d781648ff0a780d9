"""`time`: now is the arrival of the hit, at every run. All times are UTC."""

from __future__ import annotations

import datetime

from runtime.lua.kit import KitFunction


def _parse(text: str) -> int | float | None:
    try:
        moment = datetime.datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        seconds = moment.timestamp()
    except (ValueError, OverflowError):
        return None
    return int(seconds) if seconds.is_integer() else seconds


_SECONDS = "seconds: number — Unix seconds, of the years 1 to 9999"

FUNCTIONS: dict[str, KitFunction] = {
    "now": KitFunction(None, "Tells when the hit arrived.", (), "integer — Unix seconds", "time.now() --> 1767225600"),
    "now_ms": KitFunction(
        None, "Tells when the hit arrived.", (), "integer — Unix milliseconds", "time.now_ms() --> 1767225600123"
    ),
    "iso": KitFunction(
        None,
        "Writes a time as ISO 8601, to the second.",
        (_SECONDS,),
        "text",
        'time.iso(1767225600) --> "2026-01-01T00:00:00Z"',
    ),
    "iso_ms": KitFunction(
        None,
        "Writes a time as ISO 8601, to the millisecond.",
        (_SECONDS,),
        "text",
        'time.iso_ms(1790000000.5) --> "2026-09-21T14:13:20.500Z"',
    ),
    "day": KitFunction(
        None,
        "Writes the day of a time.",
        (_SECONDS,),
        "text — YYYY-MM-DD",
        'time.day(1767225600) --> "2026-01-01"',
    ),
    "parse": KitFunction(
        _parse,
        "Reads an ISO 8601 date or time; without an offset it is UTC.",
        ("text: text",),
        "number? — Unix seconds, an integer where they are whole; nil where it is no such time",
        'time.parse("2026-01-01T01:00:00+01:00") --> 1767225600',
    ),
}
