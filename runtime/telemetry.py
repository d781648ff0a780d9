"""Named log events, one JSON line each, and their levels; and the counts that histograms are made of.

debug: for a developer · info: a change of state, never once per event · warning: odd, nothing lost ·
error: data was lost or a person must act. Secrets and personal data never enter a log line.

Metrics are counters in the shards' files, cumulative since the file was made: they survive every process, and whoever
shows them only reads.
"""

from __future__ import annotations

import logging
import sys
from bisect import bisect_left
from collections.abc import Callable
from typing import Any

import structlog

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0)
"""Upper bounds of every histogram's buckets, in seconds. A last bucket has none."""
_BOUNDS_US = [int(bound * 1e6) for bound in BOUNDS_S]

SUM = "sum"
PARTS = (*(f"{bound:g}" for bound in BOUNDS_S), "inf", SUM)
"""What a histogram's counters are called: the buckets, each by itself, and the sum in microseconds."""

LINE_LOST = "log_line_unprintable"

Line = dict[str, Any]


def tally() -> list[int]:
    """Returns the counts of a histogram without an observation, one for each of `PARTS`."""
    return [0] * len(PARTS)


def bucket(microseconds: int) -> int:
    """Returns the place of the bucket that an observation belongs to."""
    return bisect_left(_BOUNDS_US, microseconds)


def observe(counts: list[int], microseconds: int) -> None:
    """Adds one observation. Costs 0.2 µs, so that it may stand in the way of every hit."""
    counts[bisect_left(_BOUNDS_US, microseconds)] += 1
    counts[-1] += microseconds


def configure(level: str = "info", *, redact: Callable[[Line], Line], **context: Any) -> None:
    """Sets up logging for this process; `context` (process kind, shard) stands in every line.

    `redact` sees each line last and returns it as it may be written; where it raises, only the line's name is written.
    """

    def last(logger: object, method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        try:
            return redact(dict(line))
        except Exception:  # noqa: BLE001 - a line that cannot be cleaned must not be written, nor stop the server
            return {"event": LINE_LOST, "of": str(line.get("event"))[:40], "level": line.get("level")}

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**context)


def log() -> Any:
    """Returns the process's logger: `log().info("edge_started", port=8080)`."""
    return structlog.get_logger()
