"""Runs the pipeline on one hit and lets no hit stop those behind it."""

from __future__ import annotations

import asyncio

from runtime.delivery.lookups import Lookups
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
    if logged.hit.environment != "live":
        # A draft that cannot be loaded is its tester's business: nothing live waits for it.
        return Outcome(dead=(Dead("not_run", refusal.message),))
    logger.error("pipeline_waits", hit=logged.id, message=refusal.message, hint=refusal.hint)
    return None


async def run_again(source: Source, lookups: Lookups, logged: LoggedHit, only: frozenset[str] | None) -> Outcome | None:
    """Does the same for a hit that was run before, by another version perhaps: waits for what is not recorded."""
    outcome, rounds = run_hit(source, logged, only), 0
    while outcome is not None and outcome.needs:
        rounds += 1
        recording = lookups.record(logged.seq, outcome.needs, rounds)
        await asyncio.wait({recording})
        if recording.cancelled():
            return None  # The router stops.
        outcome = run_hit(source, logged, only)
    return outcome
