"""Is it working? What came in, what went out, what waits and what failed, over a span of time. For the first page.

It reads the minutes' counters and the cursors, never the events: its cost follows from the span and the number of tags.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from runtime.delivery.summaries import masked
from runtime.explain.figures import Reader
from runtime.explain.shard import Shard, open_shards

Span = Literal["1h", "6h", "24h", "7d"]
SPANS: tuple[Span, ...] = get_args(Span)
_MINUTES: dict[Span, int] = {"1h": 60, "6h": 360, "24h": 1440, "7d": 10080}
MOST_REASONS = 20
POINTS = 60
"""Of a chart."""


class Point(NamedTuple):
    """A part of the span."""

    at: float
    """Its beginning, Unix seconds."""
    hits: int
    events: int
    delivered: int
    dead: int


@dataclass
class TagHealth:
    """How one tag fares."""

    tag: str
    fired: int = 0
    delivered: int = 0
    retried: int = 0
    """Times that an item was put aside for another try."""
    dead: int = 0
    denied: int = 0
    behind: int = 0
    """Hits that it has not passed."""
    oldest_s: float = 0
    """Age of the oldest of them."""
    waiting: int = 0
    """Items that wait for another try."""

    @property
    def state(self) -> Literal["good", "warn", "bad"]:
        """good: nothing failed · warn: something waits · bad: something was given up, or waits for five minutes."""
        if self.dead or self.oldest_s > 300:
            return "bad"
        return "warn" if self.waiting or self.retried else "good"


class Reason(NamedTuple):
    """Something that failed, and how often."""

    tag: str
    reason: str
    kind: str
    """dead: given up in the span · waits: to be tried again, now."""
    times: int


@dataclass
class Overview:
    """All of it."""

    span: Span
    minutes: int
    points: list[Point]
    hits: int = 0
    events: int = 0
    delivered: int = 0
    dead: int = 0
    refused: int = 0
    """Requests that were refused with 4xx."""
    unavailable: int = 0
    """Requests that got 503."""
    unclaimed: int = 0
    tags: list[TagHealth] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    """Why items were given up or wait, the most frequent first."""
    denied: list[tuple[str, str, int]] = field(default_factory=list)
    """Tag, purpose, times."""

    @property
    def denied_share(self) -> float:
        """Of the times that a tag would have fired, the share in which consent kept it from it."""
        denied, fired = sum(tag.denied for tag in self.tags), sum(tag.fired for tag in self.tags)
        return denied / (denied + fired) if denied + fired else 0.0


def overview(data_dir: Path, span: Span, now: float | None = None) -> Overview:
    """Returns what the minutes of a span say, up to now."""
    at = time.time() if now is None else now
    until, minutes = int(at) // 60 + 1, _MINUTES[span]
    since, edge, counts = until - minutes, Counter[str](), Counter[tuple[str, str]]()
    slots: defaultdict[int, Counter[str]] = defaultdict(Counter)
    width = minutes // POINTS
    for shard in open_shards(data_dir):
        for _, name, _, n in shard.log.counts(since):
            edge[name] += n
        for minute, name, n in _series(shard, since, until):
            slots[(minute - since) // width][name] += n
        if shard.delivery:
            counts.update(shard.delivery.counts(since, until))
    points = [_point((since + slot * width) * 60.0, slots[slot]) for slot in range(POINTS)]
    found = Overview(span, minutes, points, **{name: sum(getattr(each, name) for each in points) for name in _SUMMED})
    found.refused, found.unavailable, found.unclaimed = edge["refused"], edge["unavailable"], edge["unclaimed"]
    found.tags = _tags(data_dir, counts, at)
    found.reasons = _reasons(data_dir, since * 60_000)
    found.denied = sorted(_denied(counts), key=lambda each: -each[2])
    return found


_SUMMED = ("hits", "events", "delivered", "dead")
_COUNTERS = {"hits": "received", "events": "events", "delivered": "delivered", "dead": "dead"}


def _series(shard: Shard, since: int, until: int) -> Iterator[tuple[int, str, int]]:
    for shown, name in _COUNTERS.items():
        for minute, _, n in shard.delivery.series(name, since, until) if shard.delivery else ():
            yield minute, shown, n


def _point(at: float, counted: Counter[str]) -> Point:
    return Point(at, *(counted[name] for name in _SUMMED))


def _tags(data_dir: Path, counts: Counter[tuple[str, str]], now: float) -> list[TagHealth]:
    figures = Reader(data_dir).read()
    tags = {tag: TagHealth(tag) for tag in figures.tags}
    for lag in figures.lags:
        if lag.tag:
            health = tags[lag.tag]
            health.behind += lag.hits
            health.waiting += lag.waiting
            since = min((each for each in (lag.since_us, lag.waiting_since_us) if each), default=0)
            health.oldest_s = max(health.oldest_s, now - since / 1e6 if since else 0)
    for (name, label), n in counts.items():
        tag = label.partition(" ")[0] if name == "denied" else label
        if name in ("fired", "delivered", "retried", "dead", "denied") and tag in tags:
            setattr(tags[tag], name, getattr(tags[tag], name) + n)
    return [tags[tag] for tag in sorted(tags)]


def _reasons(data_dir: Path, since_ms: int) -> list[Reason]:
    found: Counter[tuple[str, str, str]] = Counter()
    for shard in open_shards(data_dir):
        for kind, tag, reason, n in shard.delivery.reasons(since_ms) if shard.delivery else ():
            found[tag, masked(reason), kind] += n
    return [Reason(*key, n) for key, n in found.most_common(MOST_REASONS)]


def _denied(counts: Counter[tuple[str, str]]) -> Iterator[tuple[str, str, int]]:
    for (name, label), n in counts.items():
        if name == "denied":
            tag, _, purpose = label.partition(" ")
            yield tag, purpose, n
