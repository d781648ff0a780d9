"""Lists for people and programs: events, dead letters, attempts, and whether all is well."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from runtime.errors import OperatorError
from runtime.explain.shard import Shard, fate, open_shard, open_shards, parse_id
from runtime.model.command import Selection
from runtime.store.delivery_reader import Attempt
from runtime.store.delivery_replay import DeadLetter
from runtime.store.delivery_rows import NOT_SENT, SENT_ONCE, EventFlag, EventRow
from runtime.text.masks import mask_text

Row = dict[str, Any]


def iso(seconds: float) -> str:
    """Returns a time as people read it, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"


def list_dead(data_dir: Path, selection: Selection | None = None, *, limit: int = 20) -> list[Row]:
    """Returns the newest dead letters of all shards, those that a replay of the same selection would be about."""
    wanted = selection or Selection()
    rows: list[Row] = []
    for shard in open_shards(data_dir):
        if shard.delivery and wanted.shard in (None, shard.number):
            rows += [dead_letter(shard, letter) for letter in shard.delivery.replay.newest_letters(wanted, limit)]
    return sorted(rows, key=lambda row: row["time"], reverse=True)[:limit]


def list_attempts(data_dir: Path, *, limit: int = 20, tag: str = "", previews: bool = False) -> list[Row]:
    """Returns the newest attempts of all shards; with `previews` those for hits that are not live, in place of all
    others."""
    rows: list[Row] = []
    for shard in open_shards(data_dir):
        if shard.delivery:
            rows += [
                attempt(shard, found) for found in shard.delivery.attempts(tag=tag, limit=limit, live=not previews)
            ]
    return sorted(rows, key=lambda row: row["time"], reverse=True)[:limit]


def list_waiting(data_dir: Path, *, limit: int = 20, tag: str = "") -> list[Row]:
    """Returns items that wait for another try, the next due first."""
    rows: list[Row] = []
    for shard in open_shards(data_dir):
        for row in shard.delivery.retries(tag=tag, limit=limit) if shard.delivery else []:
            due = iso(row.due_ms / 1000)
            told = {"tag": row.tag, "due": due, "attempts": row.attempts, "reason": mask_text(row.reason)}
            rows.append({"hit": f"{shard.number}.{row.seq}", "position": row.pos, "event_id": row.event_id, **told})
    return sorted(rows, key=lambda row: str(row["due"]))[:limit]


def list_backlog(data_dir: Path, *, tag: str = "") -> list[Row]:
    """Returns each tag's cursor in each shard, and how many hits it has not passed; `(pipeline)` reads for all."""
    rows = [row for shard in open_shards(data_dir) if shard.delivery for row in _backlog(shard)]
    return [row for row in rows if tag in ("", row["tag"])]


def show_attempt(data_dir: Path, id: str) -> Row:
    """Returns one attempt with its members; OperatorError where there is none."""
    number, row_id = parse_id(id, "attempt")
    with open_shard(data_dir, number) as shard:
        found = shard.delivery.attempts(before_id=row_id + 1, limit=1) if shard.delivery else []
        if not found or found[0].id != row_id:
            raise OperatorError(f"There is no attempt {id}.", hint="See `deliveries list`.")
        members = [f"{number}.{seq}/{position}" for seq, position in found[0].members]
        return attempt(shard, found[0]) | {"members": members}


def status(data_dir: Path, *, minutes: int = 60) -> Row:
    """Returns whether it works: counts of the last minutes, and each tag's backlog by shard."""
    now = int(time.time()) // 60
    edge: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for shard in open_shards(data_dir):
        for _, name, label, n in shard.log.counts(now - minutes):
            edge[_key(name, label)] += n
        if shard.delivery:
            for (name, label), n in shard.delivery.counts(now - minutes, now + 1).items():
                counts[_key(name, label)] += n
    return {"minutes": minutes, "edge": dict(edge), "events": dict(counts), "backlog": list_backlog(data_dir)}


def attempt(shard: Shard, found: Attempt) -> Row:
    """Returns an attempt as data."""
    row = found.row
    return {
        "attempt": f"{shard.number}.{found.id}",
        "tag": row.tag,
        "time": iso(row.started_ms / 1000),
        "ms": row.ms,
        "status": row.status,
        "disposition": row.disposition,
        "reason": mask_text(row.reason),
        "events": row.count,
        "hits": [f"{shard.number}.{row.first_seq}", f"{shard.number}.{row.last_seq}"],
        "version": row.version,
        "body_sha256": row.body_sha256.hex(),
        "answer": mask_text(row.answer),
    }


def dead_letter(shard: Shard, letter: DeadLetter) -> Row:
    """Returns a dead letter as data, without its payload."""
    row = letter.row
    return {
        "dead_letter": f"{shard.number}.{letter.id}",
        "hit": f"{shard.number}.{row.seq}",
        "position": row.pos,
        "tag": row.tag or "(pipeline)",
        "time": iso(row.failed_ms / 1000),
        "reason": mask_text(row.reason),
        "message": mask_text(row.message),
        "status": row.status,
        "attempts": row.attempts,
        "event_id": row.event_id,
        "version": row.version,
    }


def event_row(shard: Shard, row: EventRow) -> Row:
    """Returns an event's summary as data: for each tag what it did, and what became of its item."""
    tags: dict[str, str] = orjson.loads(row.tags)
    for tag, state in tags.items():
        if state in ("fired", SENT_ONCE, NOT_SENT):
            tags[tag] = fate(shard, row.seq, row.pos, tag)
    return {
        "id": f"{shard.number}.{row.seq}",
        "position": row.pos,
        "time": iso(row.recv_us / 1e6),
        "name": mask_text(row.name),
        "client": row.client,
        "event_id": row.event_id,
        "tags": tags,
        "flags": [flag.name.lower() for flag in EventFlag if row.flags & flag and flag.name],
    }


def _backlog(shard: Shard) -> list[Row]:
    assert shard.delivery is not None
    last = shard.log.last_seq()
    return [
        {"shard": shard.number, "tag": tag or "(pipeline)", "cursor": upto, "behind": max(0, last - upto)}
        for tag, upto in sorted(shard.delivery.cursors().items())
    ]


def _key(name: str, label: str) -> str:
    return f"{name}:{label}" if label else name
