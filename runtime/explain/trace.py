"""One hit from the request to the vendor's answer, computed again by the version it arrived on."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec

from runtime.errors import OperatorError
from runtime.explain.explorer import dead_letter, iso
from runtime.explain.programs import Programs
from runtime.explain.put_away import careful_sandbox
from runtime.explain.recompute import Recomputer
from runtime.explain.sent import what_left
from runtime.explain.shard import Shard, open_shard, parse_place
from runtime.explain.stopwatch import Stopwatch
from runtime.model.event import Outcome, TagRun
from runtime.model.hit import Hit, LoggedHit
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace
from runtime.store.files import control_path
from runtime.text.masks import mask, mask_event, mask_query, mask_text
from runtime.text.redaction import environment_redactor, mask_line

Record = dict[str, Any]

MOST_LETTERS = 10_000
"""Dead letters of one hit that are shown."""


def explain(data_dir: Path, id: str, *, timed: bool = False, part: range | None = None) -> Record:
    """Returns the trace of a hit (`0.17`), or of one event of it (`0.17/2`), personal data masked, secrets named.

    With `timed` it runs the hit once more and tells what each script took, as `times`. Of a hit with many events,
    `part` gives those whose place among them is in it, and the calls of `parse` at the same places; `events_in_all`
    says how many events there are. OperatorError where the id names none.
    """
    number, seq, wanted = parse_place(id)
    watch = Stopwatch()
    with open_shard(data_dir, number) as shard:
        logged = shard.log.get(seq)
        if logged is None:
            raise OperatorError(f"There is no hit {number}.{seq}.", hint="It is past retention, or the id is wrong.")
        programs = Programs(control_path(data_dir), partial(careful_sandbox(data_dir), watch=watch))
        record = _traced(shard, programs, logged, wanted, part)
        if timed:
            record["times"] = _times(shard, programs, logged, watch)
    if wanted is not None and not (record["events"] or record["dead_letters"]):
        raise OperatorError(f"There is no event {wanted} in the hit {logged.id}.", hint="Events count from 0.")
    return cast(Record, environment_redactor().shown(record))


def _times(shard: Shard, programs: Programs, logged: LoggedHit, watch: Stopwatch) -> list[Record]:
    """Returns what scripts take when everything is compiled: of a second run."""
    recorded = shard.delivery.lookups(logged.seq) if shard.delivery else {}
    watch.start()
    run(logged, programs.program(logged.hit.version), recorded=recorded)
    return watch.told()


def _traced(shard: Shard, programs: Programs, logged: LoggedHit, wanted: int | None, part: range | None) -> Record:
    trace, again = Trace(), Recomputer(shard, programs)
    recorded = shard.delivery.lookups(logged.seq) if shard.delivery else {}
    outcome = run(logged, programs.program(logged.hit.version), trace=trace, recorded=recorded)
    in_all = _cut(trace, wanted, part)
    run_by = programs.describe(logged.hit.version)
    record = {"hit": _hit(logged.id, logged.hit) | {"run_by": run_by}, **mask_event(trace.as_dict())}
    record["logs"] = [mask_line(line) for line in record["logs"]]
    record["lookups"] = _lookups(shard, logged.seq, outcome)
    if part is not None:
        record["events_in_all"] = in_all
    runs = {(event.position, tag.tag): tag for event in outcome.events for tag in event.tags}
    for event in record["events"]:
        position = event["position"]
        event["tags"] += _tags_of_others(shard, logged.seq, position, {tag["tag"] for tag in event["tags"]})
        for tag in event["tags"]:
            own = runs.get((position, tag["tag"]))
            if own is None or outcome.needs:
                own = TagRun(tag["tag"], "not_triggered")  # Nobody knows what it did: what was sent tells.
            if outcome.needs:
                tag |= {"state": "undecided", "reason": ""}
            tag |= what_left(shard, again, logged, position, own)
    letters = shard.delivery.dead_letters(seq=logged.seq, limit=MOST_LETTERS) if shard.delivery else []
    record["dead_letters"] = [dead_letter(shard, letter) for letter in letters if wanted in (None, letter.row.pos)]
    return record


def _cut(trace: Trace, wanted: int | None, part: range | None) -> int:
    """Leaves the events that are wanted, of a part also the calls of `parse` at the same places, so that only what is
    shown has to be masked; returns how many events there were before the part was taken."""
    trace.events = [event for event in trace.events if wanted in (None, event.position)]
    in_all = len(trace.events)
    if part is not None:
        trace.events = trace.events[part.start : part.stop]
        trace.calls = trace.calls[part.start : part.stop]
    return in_all


def _lookups(shard: Shard, seq: int, outcome: Outcome) -> Record:
    """Returns whether the hit waits for look-ups, and the variables whose answers are not recorded: then what its tags
    do is not decided, and conditions that ask for those variables are answered without them."""
    waits = shard.delivery is not None and shard.delivery.waits(seq)
    return {"waits": waits, "not_recorded": sorted({need.variable for need in outcome.needs})}


def _tags_of_others(shard: Shard, seq: int, position: int, known: set[str]) -> list[Record]:
    """Returns the tags that the hit's version lacks and that another one ran for the event: a replay with the current
    version may be for a tag that is younger than the hit."""
    row = shard.delivery.event(seq, position) if shard.delivery else None
    tags = msgspec.json.decode(row.tags, type=dict[str, str]) if row else {}
    return [{"tag": tag, "state": "unknown", "reason": ""} for tag in tags if tag not in known]


def _hit(id: str, hit: Hit) -> Record:
    text = hit.body.decode("utf-8", "replace")
    return {
        "id": id,
        "arrived": iso(hit.received_us / 1e6),
        "environment": hit.environment,
        "preview": hit.preview,
        "sends": hit.sends,
        "request": f"{hit.method} {mask_text(hit.path)}",
        "query": mask_query(hit.query),
        "body": mask(text, "body") if text[:1] in ("{", "[") else mask_query(text),
        "headers": mask_event(hit.headers),
        "cookies": mask_event(hit.cookies),
        "client_ip": mask(hit.client_ip, "client_ip") if hit.client_ip else "",
        "page_url": mask_text(hit.page_url),
        "consent": hit.consent,
        "consent_from": hit.consent_from,
        "geo": mask_event(hit.geo),
        "fbp": hit.fbp,
        "fbc": hit.fbc,
        "visitor_id": hit.visitor_id,
        "cookies_set": list(hit.issued),
        "verified": hit.verified,
    }
