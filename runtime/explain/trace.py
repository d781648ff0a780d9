"""One hit from the request to the vendor's answer, computed again by the version it arrived on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from runtime.errors import OperatorError
from runtime.explain.explorer import dead_letter, iso
from runtime.explain.programs import Programs
from runtime.explain.put_away import careful_sandbox
from runtime.explain.sent import what_left
from runtime.explain.shard import Shard, open_shard, parse_place
from runtime.model.hit import Hit, LoggedHit
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace
from runtime.store.files import control_path
from runtime.text.masks import mask, mask_event, mask_query, mask_text
from runtime.text.redaction import environment_redactor, mask_line

Record = dict[str, Any]

MOST_LETTERS = 10_000
"""Dead letters of one hit that are shown."""


def explain(data_dir: Path, id: str) -> Record:
    """Returns the trace of a hit (`0.17`), or of one event of it (`0.17/2`), personal data masked, secrets named.

    OperatorError where the id names none.
    """
    number, seq, wanted = parse_place(id)
    with open_shard(data_dir, number) as shard:
        logged = shard.log.get(seq)
        if logged is None:
            raise OperatorError(f"There is no hit {number}.{seq}.", hint="It is past retention, or the id is wrong.")
        record = _traced(shard, Programs(control_path(data_dir), careful_sandbox(data_dir)), logged, wanted)
    if wanted is not None and not (record["events"] or record["dead_letters"]):
        raise OperatorError(f"There is no event {wanted} in the hit {logged.id}.", hint="Events count from 0.")
    return cast(Record, environment_redactor().shown(record))


def _traced(shard: Shard, programs: Programs, logged: LoggedHit, wanted: int | None) -> Record:
    trace = Trace()
    outcome = run(logged, programs.program(logged.hit.version), trace=trace)
    record = {"hit": _hit(logged.id, logged.hit), **mask_event(trace.as_dict())}
    record["logs"] = [mask_line(line) for line in record["logs"]]
    record["events"] = [event for event in record["events"] if wanted in (None, event["position"])]
    runs = {(event.position, tag.tag): tag for event in outcome.events for tag in event.tags}
    for event in record["events"]:
        position = event["position"]
        for tag in event["tags"]:
            tag |= what_left(shard, programs, logged, position, runs[position, tag["tag"]])
    letters = shard.delivery.dead_letters(seq=logged.seq, limit=MOST_LETTERS) if shard.delivery else []
    record["dead_letters"] = [dead_letter(shard, letter) for letter in letters if wanted in (None, letter.row.pos)]
    return record


def _hit(id: str, hit: Hit) -> Record:
    text = hit.body.decode("utf-8", "replace")
    return {
        "id": id,
        "arrived": iso(hit.received_us / 1e6),
        "request": f"{hit.method} {mask_text(hit.path)}",
        "query": mask_query(hit.query),
        "body": mask(text, "body") if text[:1] in ("{", "[") else mask_query(text),
        "headers": mask_event(hit.headers),
        "cookies": mask_event(hit.cookies),
        "client_ip": mask(hit.client_ip, "client_ip") if hit.client_ip else "",
        "page_url": mask_text(hit.page_url),
        "consent": hit.consent,
        "fbp": hit.fbp,
        "fbc": hit.fbc,
        "visitor_id": hit.visitor_id,
        "cookies_set": list(hit.issued),
        "verified": hit.verified,
    }
