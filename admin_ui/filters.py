"""How values are written on pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from runtime.explain.curl import as_curl


def moment(seconds: float) -> str:
    """Returns a Unix time as a person in any zone reads it: 2026-11-24 13:05:10 UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def since(seconds: float, now: float | None = None) -> str:
    """Returns how long ago a Unix time was, in its largest unit: 3 min ago."""
    return f"{length((time.time() if now is None else now) - seconds)} ago"


def length(seconds: float) -> str:
    """Returns a time span in its largest unit: 3 min."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def count(number: float) -> str:
    """Returns a number with its thousands parted: 12,345."""
    return f"{number:,.0f}"


def percent(part: float) -> str:
    """Returns a share of one: 12.3 %."""
    return f"{part * 100:.1f} %"


def size(number: float) -> str:
    """Returns bytes in their largest unit: 3.4 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    raise AssertionError


def pretty(value: Any) -> str:
    """Returns a value as JSON, indented."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str).decode()


def compact(value: Any) -> str:
    """Returns a value as JSON, on one line."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=str).decode()


FILTERS: dict[str, Callable[..., str]] = {
    "moment": moment,
    "since": since,
    "span": length,
    "number": count,
    "percent": percent,
    "size": size,
    "pretty": pretty,
    "compact": compact,
    "curl": as_curl,
}
