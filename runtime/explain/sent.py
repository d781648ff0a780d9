"""What left for one item: who made it, its request, computed again, each attempt that carried it, and its fate."""

from __future__ import annotations

from typing import Any

from runtime.delivery.envelope import Masked
from runtime.explain.bodies import shown_body
from runtime.explain.explorer import attempt
from runtime.explain.recompute import Recomputer, Refusal
from runtime.explain.shard import Shard, fate
from runtime.model.event import TagRun
from runtime.model.hit import LoggedHit
from runtime.store.delivery_reader import Attempt
from runtime.text.masks import mask_event, mask_text
from runtime.text.redaction import mask_line

Record = dict[str, Any]


def what_left(shard: Shard, again: Recomputer, logged: LoggedHit, position: int, own: TagRun) -> Record:
    """Returns request, fate and attempts of an item; empty where the tag made none. `own` is what the tag does now by
    the version that the hit arrived on: not what it did, where a script was put away or a look-up is gone since.

    The request carries this item alone, by the version and the time of the last attempt, before the first one by the
    version that made the item. Where that is another one than the hit's own (after a reroute, or a replay with the
    current version), `remade` tells which, and what it makes.
    """
    tried = shard.delivery.attempts_of(logged.seq, position, own.tag) if shard.delivery else []
    maker = _maker(shard, tried, logged, position, own.tag)
    if own.state != "fired" and maker == logged.hit.version and not tried:
        return {}
    found: Record = {}
    try:
        made = again.item(own.tag, logged.seq, position, maker)
        if maker != logged.hit.version:
            found["remade"] = {"version": maker, "item": shown_body(made.item, "item")}
        version, at_s = _sent_with(tried[-1]) if tried else (maker, logged.hit.received_us // 1_000_000)
        found["request"] = _shown(again.alone(made, version, at_s), version)
    except Refusal as refusal:
        found |= {"remade": {"version": maker}} if maker != logged.hit.version else {}
        found["request"] = {"absent": mask_line(refusal.cause.message)}
    found["fate"] = fate(shard, logged.seq, position, own.tag)
    if shard.delivery:
        found["attempts"] = [attempt(shard, one) | compared(again, one) for one in tried]
    return found


def compared(again: Recomputer, tried: Attempt) -> Record:
    """Returns whether the whole body of an attempt, computed again, is what was sent, and why where it is not."""
    comparison = again.compare(tried)
    because = [{"cause": cause.code, "message": mask_line(cause.message)} for cause in comparison.causes]
    return {"same_body": comparison.same, "because": because}


def _maker(shard: Shard, tried: list[Attempt], logged: LoggedHit, position: int, tag: str) -> int:
    """Returns the version whose `map` made the item that is on its way, or was sent last."""
    waiting = shard.delivery.retry(logged.seq, position, tag) if shard.delivery else None
    if waiting is not None:
        return waiting.version
    if tried and (versions := tried[-1].made.versions):
        return versions[tried[-1].members.index((logged.seq, position))]
    return logged.hit.version


def _sent_with(tried: Attempt) -> tuple[int, int]:
    return tried.row.version, tried.row.started_ms // 1000


def _shown(named: Masked, version: int) -> Record:
    return {
        "version": version,
        "method": named.method,
        "url": mask_text(named.url),
        "headers": mask_event(named.headers),
        "body": shown_body(named.body),
    }
