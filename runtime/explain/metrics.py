"""The metrics, in Prometheus' text format or OpenMetrics: what the shards' files count, by fixed sets of labels.

A label is a name of the container's (client, tag, template, variable, environment, schema and its fields), a code of
ours, or a shard. What strangers choose (event names, paths, a vendor's words) is never one.
"""

from __future__ import annotations

import platform
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, get_args

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from runtime import __version__
from runtime.errors import FaultKind
from runtime.explain.figures import Figures, Reader, Totals
from runtime.log.disk import used_percent
from runtime.model.event import TagState
from runtime.telemetry import BOUNDS_S, PARTS, SUM

PIPELINE = "(pipeline)"
"""The tag of what happened before any tag ran."""

_STATES = tuple(state for state in get_args(TagState) if state not in ("not_triggered", "denied"))
"""Nobody counts tags that were not triggered; denials are counted by purpose."""
_DISPOSITIONS = ("delivered", "retry", "reject", "stopped", "dry_run")
_SCRIPT_FAULTS = tuple(f"script_{kind}" for kind in get_args(FaultKind))
_DEAD = ("expired", "rejected", "http_4xx", "internal_error", "schema", *_SCRIPT_FAULTS)
_UNAVAILABLE = ("overload", "log_unavailable", "disk_full")


class Count(NamedTuple):
    """A counter that is stored as it is shown: under one name, its labels joined by a blank."""

    metric: str
    help: str
    name: str
    labels: tuple[str, ...] = ()
    zeros: tuple[str, ...] = ()
    """Codes that are shown before they happen, for each tag where there is one: else the first goes unnoticed."""
    divisor: float = 1


_EDGE = (
    Count("hits_refused", "Requests that were refused with 4xx, by reason.", "refused", ("reason",)),
    Count("hits_unavailable", "Requests that got 503, by reason.", "unavailable", ("reason",), _UNAVAILABLE),
    Count("hits_unclaimed", "Requests that no client claims.", "unclaimed"),
    Count("hits_failed", "Requests that failed by a mistake of ours, by kind of error.", "failed", ("error",)),
    Count(
        "hits_not_live",
        "Hits of previews and of environments beside live; no other figure counts them.",
        "not_live",
        ("environment",),
    ),
    Count("hits_disconnected", "Requests whose sender left before its body was whole.", "disconnected", ("client",)),
)
_DELIVERY = (
    Count("hits_processed", "Hits that the pipeline has taken from the log.", "received", ("client",)),
    Count("repairs", "What was mended in hits, by code.", "repaired", ("code",)),
    Count("events", "Events that hits were made of.", "events"),
    Count("consent_denied", "Times that a tag did not run for want of a purpose.", "denied", ("tag", "purpose")),
    Count("schema_violations", "Events that are not as the tracking plan says, by schema and field.", "violated",
          ("schema", "field")),
    Count("items_delivered", "Items that the destination took.", "delivered", ("tag",), ("",)),
    Count("items_dry_run", "Items whose request was built and not sent.", "dry_run", ("tag",)),
    Count("items_discarded", "Items of a tag that was removed.", "discarded", ("tag",)),
    Count("items_retried", "Times that an item was put aside for another try.", "retried_by_reason", ("tag", "reason")),
    Count("items_dead", "Items and hits given up.", "dead_by_reason", ("tag", "reason"), _DEAD),
    Count("lookups", "Requests that look-ups of variables needed, by what came of them.", "lookups",
          ("variable", "outcome")),
    Count("attempts", "Requests to destinations, by what came of them.", "attempts", ("tag", "disposition"),
          _DISPOSITIONS),
)  # fmt: skip
_HISTOGRAMS = (
    ("attempt", "attempt_duration_seconds", "From a request to a destination to its answer."),
    ("delivery", "delivery_duration_seconds", "From a hit's arrival to the delivery of its item."),
)


class Metrics:
    """Makes the answers to scrapes. `ready` tells whether the collector says that it is, None where nobody asked it."""

    def __init__(self, data_dir: Path, ready: Callable[[], bool] | None = None) -> None:
        self._data_dir = data_dir
        self._ready = ready
        self._reader = Reader(data_dir)

    def scrape(self, accept: str = "") -> tuple[bytes, str]:
        """Returns the metrics as of now and their media type, in the format that the Accept header asks for."""
        encode, media_type = choose_encoder(accept)
        return encode(_Collected([*self._families()])), media_type

    def _families(self) -> Iterator[Metric]:
        figures = self._reader.read()
        yield from _edge(figures)
        yield from _delivery(figures)
        yield from _backlog(figures, time.time())
        yield from _host(figures, self._data_dir)
        if self._ready is not None:
            yield _gauge("ready", "1 where the collector says on /readyz that it takes hits.", [((), self._ready())])


class _Collected(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Sequence[Metric]:
        return self._families


def _edge(figures: Figures) -> Iterator[Metric]:
    acks = _observed(figures.edge, "ack")
    yield _counter(
        Count("hits_acknowledged", "Hits that were made durable and answered with 2xx.", "", ("client",)),
        {(client,): sum(_buckets(parts)) for client, parts in acks.items()},
    )
    yield _histogram("ack_duration_seconds", "From a hit's claim to its answer, the commit included.", "client", acks)
    for count in _EDGE:
        yield _counter(count, _by_labels(figures, figures.edge, count))


def _delivery(figures: Figures) -> Iterator[Metric]:
    for count in _DELIVERY:
        yield _counter(count, _by_labels(figures, figures.delivery, count))
    runs: dict[tuple[str, ...], float] = {(tag, state): 0 for tag in figures.tags for state in _STATES}
    runs.update({(label, name): n for (name, label), n in figures.delivery.items() if name in _STATES})
    yield _counter(Count("tag_runs", "What tags did with events.", "", ("tag", "state")), runs)
    for name, metric, help in _HISTOGRAMS:
        yield _histogram(metric, help, "tag", _observed(figures.delivery, name))
    scripts = _observed(figures.delivery, "script")
    seconds = Count("script_seconds", "Time spent in scripts.", "", ("template",))
    yield _counter(seconds, {(key,): parts["ns"] / 1e9 for key, parts in scripts.items()})
    calls = Count("script_calls", "Calls of scripts.", "", ("template",))
    yield _counter(calls, {(key,): parts["calls"] for key, parts in scripts.items()})


def _backlog(figures: Figures, now: float) -> Iterator[Metric]:
    def rows(value: Callable[..., float]) -> list[tuple[tuple[str, ...], float]]:
        return [((str(lag.shard), lag.tag or PIPELINE), value(lag)) for lag in figures.lags]

    def age(since_us: int) -> float:
        return max(0.0, now - since_us / 1e6) if since_us else 0.0

    labels = ("shard", "tag")
    yield _gauge("backlog_hits", "Hits that a tag has not passed.", rows(lambda lag: lag.hits), labels)
    yield _gauge(
        "backlog_oldest_age_seconds", "Age of the oldest of those hits.", rows(lambda lag: age(lag.since_us)), labels
    )
    yield _gauge("retry_items", "Items that wait for another try.", rows(lambda lag: lag.waiting), labels)
    yield _gauge(
        "retry_oldest_age_seconds", "Age of the oldest of them, since its hit arrived.",
        rows(lambda lag: age(lag.waiting_since_us)), labels,
    )  # fmt: skip


def _host(figures: Figures, data_dir: Path) -> Iterator[Metric]:
    yield _gauge("quarantined_scripts", "Scripts that are called no more.", [((), len(figures.quarantined))])
    shard = ("shard",)
    yield _gauge("shard_readable", "1 where a shard's files could be read.", _by_shard(figures.readable), shard)
    yield _gauge("log_bytes", "Size of the log.", _by_shard(figures.log_bytes), shard)
    yield _gauge("delivery_bytes", "Size of the delivery file.", _by_shard(figures.delivery_bytes), shard)
    yield _gauge("disk_used_ratio", "Used part of the disk of the data folder.", [((), used_percent(data_dir) / 100)])
    built = (__version__, platform.python_version())
    yield _gauge("build_info", "Always 1; what runs.", [(built, 1)], ("version", "python"))


def _by_shard(values: Mapping[int, float]) -> list[tuple[tuple[str, ...], float]]:
    return [((str(number),), value) for number, value in values.items()]


def _by_labels(figures: Figures, totals: Totals, count: Count) -> dict[tuple[str, ...], float]:
    tags = figures.tags if "tag" in count.labels else [""]
    found: dict[tuple[str, ...], float] = {
        tuple(part for part in (tag, code) if part): 0 for code in count.zeros for tag in tags
    }
    if not count.labels:
        found[()] = 0
    for (name, label), n in totals.items():
        if name == count.name:
            labels = (*label.rsplit(" ", 1),) if len(count.labels) == 2 else (label,) if count.labels else ()
            if len(labels) == len(count.labels):
                found[labels] = found.get(labels, 0) + n
    return found


def _observed(totals: Totals, name: str) -> dict[str, defaultdict[str, int]]:
    """Returns label to the parts of a histogram, or of whatever else is counted in parts."""
    found: dict[str, defaultdict[str, int]] = {}
    for (counter, label), n in totals.items():
        if counter == name:
            whose, _, part = label.rpartition(" ")
            found.setdefault(whose, defaultdict(int))[part] += n
    return found


def _buckets(parts: Mapping[str, int]) -> list[int]:
    """Returns how often each of our buckets was hit; those of another release go where they fit."""
    counts = [0] * (len(BOUNDS_S) + 1)
    for part, n in parts.items():
        if part in PARTS[:-1]:
            counts[PARTS.index(part)] += n
        elif part != SUM:
            counts[bisect_left(BOUNDS_S, _bound(part))] += n
    return counts


def _bound(part: str) -> float:
    try:
        return float(part)
    except ValueError:
        return float("inf")


def _counter(count: Count, values: Mapping[tuple[str, ...], float]) -> Metric:
    family = CounterMetricFamily(f"firsthand_{count.metric}", count.help, labels=count.labels)
    for labels, value in sorted(values.items()):
        family.add_metric(_shown(count.labels, labels), value)
    return family


def _gauge(
    name: str, help: str, values: Sequence[tuple[tuple[str, ...], float]], labels: tuple[str, ...] = ()
) -> Metric:
    family = GaugeMetricFamily(f"firsthand_{name}", help, labels=labels)
    for given, value in values:
        family.add_metric(given, float(value))
    return family


def _histogram(name: str, help: str, label: str, observed: Mapping[str, Mapping[str, int]]) -> Metric:
    family = HistogramMetricFamily(f"firsthand_{name}", help, labels=(label,))
    for whose, parts in sorted(observed.items()):
        counts = accumulate(_buckets(parts))
        bounds = [*(str(bound) for bound in BOUNDS_S), "+Inf"]
        family.add_metric((whose,), list(zip(bounds, counts, strict=True)), parts.get(SUM, 0) / 1e6)
    return family


def _shown(names: tuple[str, ...], labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(PIPELINE if name == "tag" and not label else label for name, label in zip(names, labels, strict=True))
