"""One dead letter with all that led to it: the hit, the event, the request, and the vendor's answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runtime.errors import OperatorError
from runtime.explain.bodies import shown_body
from runtime.explain.explorer import dead_letter
from runtime.explain.shard import open_shard, parse_id
from runtime.explain.trace import explain
from runtime.store.delivery_replay import DeadLetter

Row = dict[str, Any]


def show_letter(data_dir: Path, id: str) -> Row:
    """Returns a dead letter with its item, and as `trace` what is computed again from the log, personal data masked.

    The trace has the hit and its parse, the event with the consent in force, and as `tag` the request and each attempt;
    it lacks what the hit's version does not make, and says so where the log no longer has the hit. OperatorError where
    there is no such letter.
    """
    number, row_id = parse_id(id, "dead letter")
    with open_shard(data_dir, number) as shard:
        found = shard.delivery.dead_letters(before_id=row_id + 1, limit=1) if shard.delivery else []
        if not found or found[0].id != row_id:
            raise OperatorError(f"There is no dead letter {id}.", hint="See `deliveries list`.")
        letter = found[0]
        shown = dead_letter(shard, letter) | {"item": shown_body(letter.row.payload, "item")}
    return shown | {"trace": _traced(data_dir, number, letter)}


def _traced(data_dir: Path, shard: int, letter: DeadLetter) -> Row:
    row = letter.row
    try:
        record = explain(data_dir, f"{shard}.{row.seq}")
    except OperatorError as error:
        return {"absent": str(error)}
    event = next((event for event in record["events"] if event["position"] == row.pos), None)
    told: Row = {"hit": record["hit"], "parse": record["parse"]}
    if event is None:
        return told
    tag = next((tag for tag in event["tags"] if tag["tag"] == row.tag), None)
    return told | {"event": event["event"], "consent": event["consent"], "tag": tag}
