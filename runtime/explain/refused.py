"""Requests that the collector did not take: how many and why, the newest of them, and what to do about each reason.

The edge counts every one and keeps a few examples a kind (see `runtime.edge.outcomes`): method, host and path, never a
query, a body, a header or an address.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from runtime.explain.explorer import iso
from runtime.explain.refusal_advice import what_to_do
from runtime.explain.shard import open_shards
from runtime.text.masks import mask_text

Kind = Literal["refused", "unclaimed", "unavailable", "failed", "disconnected"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Kept = Literal["refused", "unclaimed"]
KEPT: tuple[Kept, ...] = get_args(Kept)
"""Kinds of which examples are kept."""
ASIDE = "not_live_"
"""Before a counter's name: it is of previews and of environments beside live."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Reason:
    """One reason, and how often."""

    kind: Kind
    reason: str
    """A code; of `disconnected` the client's id, of `failed` the kind of mistake, of `unclaimed` nothing."""
    times: int
    aside: bool
    """Whether it was of previews and of environments beside live, which no figure counts."""
    todo: str


def refused_reasons(data_dir: Path, minutes: int) -> list[Reason]:
    """Returns why requests were not taken in the last minutes, the most frequent reason first."""
    since = int(time.time()) // 60 - minutes
    found: Counter[tuple[str, str]] = Counter()
    for shard in open_shards(data_dir):
        for _, name, label, n in shard.log.counts(since):
            found[name, label] += n
    return [
        Reason(kind, mask_text(label), n, name != kind, what_to_do(kind, label))
        for (name, label), n in found.most_common()
        if (kind := _kind(name)) is not None
    ]


def refused_examples(data_dir: Path, *, since: float = 0, limit: int = 100) -> list[Row]:
    """Returns the newest requests that were refused or claimed by nobody, as far as they are kept: `kind`, `time`,
    `at` (Unix seconds), `method`, `host`, `path`, `reason`, `client`, `todo`."""
    rows = [
        _example(kind, at_us / 1e6, summary)
        for shard in open_shards(data_dir)
        for kind in KEPT
        for at_us, summary in shard.log.examples(kind)
        if at_us / 1e6 >= since
    ]
    return sorted(rows, key=lambda row: -row["at"])[:limit]


def _example(kind: Kept, at: float, summary: Row) -> Row:
    told = {name: mask_text(str(summary.get(name, ""))) for name in ("method", "host", "path", "reason", "client")}
    todo = what_to_do(kind, str(summary.get("reason", "")))
    return {"kind": kind, "time": iso(at), "at": at, **told, "todo": todo}


def _kind(counter: str) -> Kind | None:
    name = counter.removeprefix(ASIDE)
    return next((kind for kind in KINDS if kind == name), None)
