"""One hit, from the log to items: the data path, one stage a line."""

from __future__ import annotations

from runtime.model.event import Event, EventRun, Outcome
from runtime.model.hit import LoggedHit
from runtime.pipeline.consent import decide_consent
from runtime.pipeline.fire import fire
from runtime.pipeline.mapping import map_tags
from runtime.pipeline.parse import parse
from runtime.pipeline.program import Program
from runtime.pipeline.scope import Scope
from runtime.pipeline.trace import Trace
from runtime.pipeline.transform import transform


def run(
    logged: LoggedHit, program: Program, *, only: frozenset[str] | None = None, trace: Trace | None = None
) -> Outcome:
    """Returns all that the pipeline makes of one hit: the same for the same hit and version, whenever it is run.

    `program` is the version that the hit arrived on. `only` names the tags to run, for a tag that lags behind; a tag
    named there runs also where the version has it paused. `trace` is filled with what each stage decided. Never raises
    for what a sender or a script did.
    """
    client = program.clients.get(logged.hit.client)
    if trace is not None:
        trace.claim = _claim(logged, program)
    parsed = parse(logged, client, trace)
    runs = [_run_event(logged, program, position, event, only, parsed.logs, trace) for position, event in parsed.events]
    outcome = Outcome(tuple(runs), tuple(parsed.dead), parsed.repairs, tuple(parsed.logs))
    if trace is not None:
        trace.finish(outcome)
    return outcome


def _run_event(
    logged: LoggedHit,
    program: Program,
    position: int,
    event: Event,
    only: frozenset[str] | None,
    logs: list[str],
    trace: Trace | None,
) -> EventRun:
    scope = Scope(
        program.sandbox,
        event,
        seed=f"{logged.id}/{position}",
        at_us=logged.hit.received_us,
        variables=program.variables,
        logs=logs,
        trace=None if trace is None else trace.begin_event(position, event),
        hit=logged,
        fresh=True,  # Made of a script's result by the walk, and complete by now.
    )
    consent = decide_consent(scope, logged.hit.consent)
    views = transform(scope)
    firing = fire(scope, program.slate(event["event_name"], only))
    tags = map_tags(scope, firing, views)
    return EventRun(position, event, consent, tags)


def _claim(logged: LoggedHit, program: Program) -> dict[str, object]:
    client = program.clients.get(logged.hit.client)
    hit = logged.hit
    return {
        "hit": logged.id,
        "version": program.number,
        "client": hit.client,
        "template": client.template if client else None,
        "priority": client.priority if client else None,
        "method": hit.method,
        "host": hit.host,
        "path": hit.path,
    }
