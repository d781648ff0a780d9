"""One hit, from the log to items: the data path, one stage a line."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.model.event import EventRun, Outcome
from runtime.model.hit import LoggedHit
from runtime.pipeline.answers import Answers
from runtime.pipeline.companions import Spent
from runtime.pipeline.consent import decide_consent
from runtime.pipeline.fire import fire
from runtime.pipeline.mapping import map_tags
from runtime.pipeline.parse import parse
from runtime.pipeline.program import Program
from runtime.pipeline.scope import Scope
from runtime.pipeline.trace import Trace
from runtime.pipeline.tracking_plan import Checked, check_plan
from runtime.pipeline.transform import transform


def run(
    logged: LoggedHit,
    program: Program,
    *,
    only: frozenset[str] | None = None,
    trace: Trace | None = None,
    recorded: Mapping[str, bytes] = {},
) -> Outcome:
    """Returns all that the pipeline makes of one hit: the same for the same hit, version and recorded answers, whenever
    it is run.

    `program` is the version that the hit arrived on. `only` names the tags to run, for a tag that lags behind; a tag
    named there runs also where the version has it paused. `recorded` holds the answers of the hit's look-ups by key;
    those that it lacks become the outcome's `needs`. `trace` is filled with what each stage decided. Never raises for
    what a sender or a script did.
    """
    client = program.clients.get(logged.hit.client)
    if trace is not None:
        trace.claim = _claim(logged, program)
    parsed = parse(logged, client, trace)
    events, refused = check_plan(parsed.events, program.tracking_plan)
    answers = Answers(recorded) if program.looks_up else None
    spent: dict[str, Spent] = {}
    runs = [_run_event(logged, program, checked, only, parsed.logs, trace, answers, spent) for checked in events]
    needs = () if answers is None else answers.needs
    outcome = Outcome(tuple(runs), (*parsed.dead, *refused), parsed.repairs, tuple(parsed.logs), needs)
    if trace is not None:
        trace.finish(outcome)
    return outcome


def _run_event(
    logged: LoggedHit,
    program: Program,
    checked: Checked,
    only: frozenset[str] | None,
    logs: list[str],
    trace: Trace | None,
    answers: Answers | None,
    spent: dict[str, Spent],
) -> EventRun:
    position, event = checked.position, checked.event
    scope = Scope(
        program.sandbox,
        event,
        seed=f"{logged.id}/{position}",
        at_us=logged.hit.received_us,
        variables=program.variables,
        logs=logs,
        trace=None if trace is None else trace.begin_event(position, event, checked.records),
        hit=logged,
        answers=answers,
        spent=spent,
        fresh=True,  # Made of a script's result by the walk, and complete by now.
    )
    consent = decide_consent(scope, logged.hit.consent, program.snapshot.container.consent)
    views = transform(scope)
    firing = fire(scope, program.slate(event["event_name"], only))
    tags = map_tags(scope, firing, views)
    return EventRun(position, event, consent, tags, checked.labels)


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
