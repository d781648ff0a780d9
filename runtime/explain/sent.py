"""What left for one item: its request, computed again, each attempt that carried it, and what became of it."""

from __future__ import annotations

from typing import Any

from runtime.delivery.envelope import Masked
from runtime.delivery.envelope import mask as with_names
from runtime.errors import ScriptFault
from runtime.explain.bodies import shown_body
from runtime.explain.explorer import attempt
from runtime.explain.programs import Programs
from runtime.explain.shard import Shard, fate
from runtime.model.delivery import Batch
from runtime.model.event import TagRun
from runtime.model.hit import LoggedHit
from runtime.pipeline.tag import describe_request
from runtime.store.delivery_reader import Attempt
from runtime.text.masks import mask_event, mask_text

Record = dict[str, Any]


def what_left(shard: Shard, programs: Programs, logged: LoggedHit, position: int, tag: TagRun) -> Record:
    """Returns request, fate and attempts of an item; empty where the tag made none.

    The request carries this item alone. It is that of the last attempt, by the version and the time it was sent with;
    before the first one, that of the version which the hit arrived on.
    """
    if tag.state != "fired":
        return {}
    tried = shard.delivery.attempts_of(logged.seq, position, tag.tag) if shard.delivery else []
    version, at_s = _sent_with(tried[-1]) if tried else (logged.hit.version, logged.hit.received_us // 1_000_000)
    found: Record = {
        "request": _shown(programs, tag, version, at_s),
        "fate": fate(shard, logged.seq, position, tag.tag),
    }
    if shard.delivery:
        found["attempts"] = [attempt(shard, one) | {"same_body": _same_body(programs, tag, one)} for one in tried]
    return found


def _sent_with(tried: Attempt) -> tuple[int, int]:
    return tried.row.version, tried.row.started_ms // 1000


def _shown(programs: Programs, tag: TagRun, version: int, at_s: int) -> Record:
    try:
        named = _request(programs, tag, version, at_s)
    except ScriptFault as fault:
        return {"fault": fault.kind, "message": fault.message}
    return {
        "version": version,
        "method": named.method,
        "url": mask_text(named.url),
        "headers": mask_event(named.headers),
        "body": shown_body(named.body),
    }


def _same_body(programs: Programs, tag: TagRun, tried: Attempt) -> bool | None:
    """Tells whether the body computed again is the one that was sent; None where the item had company, or none left."""
    if tried.row.count != 1 or not tried.row.body_sha256:
        return None
    try:
        return _request(programs, tag, *_sent_with(tried)).body_sha256 == tried.row.body_sha256
    except ScriptFault:
        return False


def _request(programs: Programs, tag: TagRun, version: int, at_s: int) -> Masked:
    """Returns the request that carries the item alone, with names in place of secrets; raises ScriptFault."""
    envelope = describe_request(programs.program(version), tag.tag, Batch(tag.key, 1, version))
    return with_names(envelope, [tag.item], at_s=at_s)
