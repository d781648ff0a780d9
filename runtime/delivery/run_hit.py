"""Runs the pipeline on one hit and lets no hit stop those behind it."""

from __future__ import annotations

from runtime.delivery.ports import Source
from runtime.errors import OperatorError
from runtime.model.event import Dead, Outcome
from runtime.model.hit import LoggedHit
from runtime.telemetry import log


def run_hit(source: Source, logged: LoggedHit, only: frozenset[str] | None) -> Outcome | None:
    """Returns what the pipeline makes of the hit, or None where an operator must act first and the hit waits.

    A mistake of our own makes the hit a dead letter, reason `internal_error`: it stays in the log and can be replayed.
    """
    logger = log()
    try:
        return source.run(logged, only)
    except OperatorError as error:
        refusal = error
    except Exception as error:
        logger.exception("pipeline_failed", hit=logged.id)
        return Outcome(dead=(Dead("internal_error", f"{type(error).__name__}: see the log of the router."),))
    logger.error("pipeline_waits", hit=logged.id, message=refusal.message, hint=refusal.hint)
    return None
