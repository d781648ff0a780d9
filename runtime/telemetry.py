"""Named log events, one JSON line each, and their levels.

debug: for a developer · info: a change of state, never once per event · warning: odd, nothing lost ·
error: data was lost or a person must act. Secrets and personal data never enter a log line.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def configure(level: str = "info", **context: Any) -> None:
    """Sets up logging for this process; `context` (process kind, shard) stands in every line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
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
