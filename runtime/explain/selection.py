"""Which dead letters or events somebody means, from the words that a command line or a query string gives."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from runtime.errors import OperatorError
from runtime.explain.shard import parse_id
from runtime.model.command import Selection, Which

PIPELINE = "(pipeline)"
"""How the hits that the pipeline gave up are named to people."""

_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read_selection(
    *, which: Which = "dead", tag: str = "", reason: str = "", event_name: str = "", event_id: str = "",
    hit: str = "", since: str = "", until: str = "",
) -> Selection:  # fmt: skip
    """Returns the selection that the words mean; "" stands for no limit. OperatorError where one makes no sense.

    `tag` may be `(pipeline)`; `hit` looks like 0.17; `since` and `until` like 2h (ago) or 2026-11-24T09:30 (UTC where
    it says nothing else).
    """
    if reason and which != "dead":
        raise OperatorError("A reason is that of a dead letter.", hint="Leave --reason out, or give --which dead.")
    shard, seq = parse_id(hit) if hit else (None, 0)
    return Selection(
        which=which,
        tag="" if tag == PIPELINE else tag or None,
        reason=reason,
        event_name=event_name,
        event_id=event_id,
        shard=shard,
        seq=seq,
        since_us=read_time(since) if since else 0,
        until_us=read_time(until) if until else 0,
    )


def read_time(text: str) -> int:
    """Returns a time as Unix microseconds; OperatorError where the text is none."""
    if ago := _AGO.fullmatch(text):
        return int((time.time() - int(ago[1]) * _SECONDS[ago[2]]) * 1e6)
    try:
        found = datetime.fromisoformat(text)
        seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        seconds = -1.0
    if not 0 < seconds < 1 << 40:
        raise OperatorError(
            f"`{text[:40]}` is no time.", hint="Write how long ago, for example 2h or 7d, or 2026-11-24T09:30."
        )
    return int(seconds * 1e6)
