"""The metrics: valid, exact, few, without anybody's data, durable, and cheap however much is stored."""

from __future__ import annotations

import math
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse
from ruamel.yaml import YAML

from runtime.delivery.rollups import CODES, EVER
from runtime.delivery.settle import Ledger
from runtime.delivery.summaries import Summaries
from runtime.explain.alerts import alert_rules
from runtime.explain.metrics import Metrics
from runtime.log.protocol import Notes
from runtime.log.sqlite import SqliteLog
from runtime.model.event import Dead, EventRun, Outcome, TagRun
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_reader import DeliveryReader
from runtime.store.delivery_rows import AttemptRow, DeadRow, EventRow, RetryRow, Settlement
from runtime.store.files import delivery_path, log_path
from runtime.telemetry import BOUNDS_S, PARTS
from tests.delivery.rig import hit
from tests.support.history import EMAIL, PERSONAL, History
from tests.support.shop import SECRETS

OPEN = "application/openmetrics-text; version=1.0.0"
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(data: Path, **options: Any) -> Figures:
    """Scrapes a data folder; sample name and labels to value."""
    families = parse(Metrics(data, **options).scrape()[0].decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def value(figures: Figures, name: str, **labels: str) -> float:
    return figures[f"firsthand_{name}", tuple(sorted(labels.items()))]


def labels_of(figures: Figures, name: str, label: str) -> set[str]:
    return {dict(labels)[label] for metric, labels in figures if metric == f"firsthand_{name}"}


def test_figures_are_what_was_done(history: History) -> None:
    """The scenario of the history: its server has stopped, so that none of this can come from a process."""
    figures = scraped(history.data)
    for client, hits in (("pixel", 4), ("json", 1), ("sdk", 1)):
        assert value(figures, "hits_acknowledged_total", client=client) == hits
        assert value(figures, "hits_processed_total", client=client) == hits
    assert value(figures, "hits_unclaimed_total") == 1
    assert value(figures, "events_total") == 7
    assert value(figures, "items_dead_total", tag="(pipeline)", reason="no_event_name") == 1
    assert value(figures, "tag_runs_total", tag="meta", state="fired") == 7
    assert value(figures, "items_delivered_total", tag="meta") == 5
    assert value(figures, "items_dead_total", tag="meta", reason="rejected") == 1
    for disposition, attempts in (("delivered", 3), ("reject", 1), ("retry", 1), ("stopped", 0)):
        assert value(figures, "attempts_total", tag="meta", disposition=disposition) == attempts
    assert value(figures, "backlog_hits", shard="0", tag="meta") == 1
    assert value(figures, "backlog_oldest_age_seconds", shard="0", tag="meta") > 0
    assert value(figures, "retry_items", shard="0", tag="meta") == 0
    assert value(figures, "script_calls_total", template="client/meta_pixel") == 4
    assert value(figures, "script_seconds_total", template="destination/meta_capi") > 0
    assert value(figures, "log_bytes", shard="0") > 0
    assert 0 < value(figures, "disk_used_ratio") < 1


def test_histograms_agree_with_the_counters(history: History) -> None:
    figures = scraped(history.data)
    for name, label, whose, count in (
        ("ack_duration_seconds", "client", "pixel", value(figures, "hits_acknowledged_total", client="pixel")),
        ("attempt_duration_seconds", "tag", "meta", len(history.requests)),
        ("delivery_duration_seconds", "tag", "meta", value(figures, "items_delivered_total", tag="meta")),
    ):
        buckets = [value(figures, f"{name}_bucket", le=str(le), **{label: whose}) for le in (*BOUNDS_S, "+Inf")]
        assert buckets == sorted(buckets)
        assert buckets[-1] == value(figures, f"{name}_count", **{label: whose}) == count
        inside = [after - before for before, after in zip([0, *buckets], buckets, strict=False)]
        least = sum(n * low for n, low in zip(inside, (0, *BOUNDS_S), strict=True))
        most = sum(n * high for n, high in zip(inside, (*BOUNDS_S, math.inf), strict=True) if n)
        assert least <= value(figures, f"{name}_sum", **{label: whose}) <= most


@pytest.mark.parametrize(
    ("accept", "media_type", "parser"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8", parse),
        (OPEN, OPEN, parse_openmetrics),
    ],
)
def test_a_scrape_is_valid(
    history: History, accept: str, media_type: str, parser: Callable[[str], Iterator[Metric]]
) -> None:
    text, given = Metrics(history.data, ready=lambda: True).scrape(accept)
    assert given.startswith(media_type)
    families = [*parser(text.decode())]
    assert len(families) == len({family.name for family in families}) > 25
    for family in families:
        assert family.documentation
        assert re.fullmatch(r"firsthand_[a-z_]+[a-z]", family.name)


def test_no_personal_data_and_no_secret(history: History) -> None:
    text = Metrics(history.data).scrape()[0].decode()
    for canary in (*PERSONAL, *SECRETS.values(), "purchase", "order.", "lead.", "shop.localhost", "/nowhere"):
        assert canary.lower() not in text.lower()


def test_strangers_add_no_label(tmp_path: Path) -> None:
    """Names of events, words of vendors, codes that a script makes up: three times as many as there may be labels."""
    SqliteLog(log_path(tmp_path, 0), 0).close()
    store = DeliveryStore(delivery_path(tmp_path, 0))
    ledger = Ledger(store, lambda: 1_800_000_000.0)
    summaries, strange = Summaries(ledger), f'{EMAIL} "\n\\{{}} secret'
    for number in range(3 * EVER):
        run = TagRun("meta", "dropped", reason=f"{strange}{number}")
        event = EventRun(0, {"event_name": f"{strange}{number}", "event_id": f"e{number}"}, {}, (run,))
        dead = Dead(f"code_{number}", strange, 1)
        summaries.take(hit(number + 1), Outcome(events=(event,), dead=(dead,), repairs={f"made_up_{number}": 1}))
        ledger.dead(dead_row(number, reason=f"{strange}{number}"))
        ledger.park(retry_row(number, reason=f"{strange}{number}"))
        if number % 100 == 0:
            ledger.settle()
    ledger.settle()
    store.close()
    figures, text = scraped(tmp_path), Metrics(tmp_path).scrape()[0].decode()
    assert len(figures) < 1000 + EVER
    assert EMAIL not in text
    assert value(figures, "events_total") == 3 * EVER
    assert value(figures, "tag_runs_total", tag="meta", state="dropped") == 3 * EVER
    assert value(figures, "items_dead_total", tag="meta", reason="rejected") == 3 * EVER
    assert value(figures, "items_retried_total", tag="meta", reason="vendor") == 3 * EVER
    buried = {labels: n for (name, labels), n in figures.items() if name == "firsthand_items_dead_total"}
    pipeline = [n for labels, n in buried.items() if ("tag", "(pipeline)") in labels]
    assert len(pipeline) == CODES + 1
    assert sum(pipeline) == 3 * EVER
    assert len(labels_of(figures, "repairs_total", "code")) <= EVER + 1


def test_totals_outlive_what_is_pruned_and_stay_out_of_the_minutes(tmp_path: Path) -> None:
    log = SqliteLog(log_path(tmp_path, 0), 0)
    log.append([hit(1).hit], Notes({(29_000_000, "unclaimed", ""): 2, (0, "ack", "pixel 0.005"): 1}))
    log.trim(1, 2_000_000_000_000_000)
    log.close()
    store = DeliveryStore(delivery_path(tmp_path, 0))
    ledger = Ledger(store, lambda: 1_740_000_000.0)
    ledger.count("delivered", "meta", 3)
    ledger.observe("attempt", "meta", [4_000, 9_000])
    ledger.settle()
    assert store.prune(2_000_000_000_000, 10) == 1
    store.close()
    store = DeliveryStore(delivery_path(tmp_path, 0))
    Ledger(store, lambda: 2_100_000_000.0).count("delivered", "meta")
    store.close()
    figures = scraped(tmp_path)
    assert value(figures, "items_delivered_total", tag="meta") == 3
    assert value(figures, "attempt_duration_seconds_sum", tag="meta") == 0.013
    assert value(figures, "hits_acknowledged_total", client="pixel") == 1
    reader = DeliveryReader(delivery_path(tmp_path, 0))
    assert reader.counts(0, 1 << 40) == {}
    assert reader.series("delivered", 0, 1 << 40) == []
    reader.close()


def test_a_shard_that_cannot_be_read_keeps_its_totals(tmp_path: Path) -> None:
    make_shard(tmp_path, 0, events=2)
    make_shard(tmp_path, 1, events=3)
    metrics = Metrics(tmp_path)
    assert b"firsthand_events_total 5.0" in metrics.scrape()[0]
    delivery_path(tmp_path, 1).write_bytes(b"this is no database at all" * 100)
    text = metrics.scrape()[0].decode()
    assert "firsthand_events_total 5.0" in text
    assert 'firsthand_shard_readable{shard="0"} 1.0' in text
    assert 'firsthand_shard_readable{shard="1"} 0.0' in text


def test_readiness_is_what_the_collector_says(tmp_path: Path) -> None:
    assert value(scraped(tmp_path, ready=lambda: True), "ready") == 1
    assert value(scraped(tmp_path, ready=lambda: False), "ready") == 0
    assert "firsthand_ready" not in {name for name, _ in scraped(tmp_path)}


def test_a_scrape_costs_no_more_with_more_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, show: Callable[[str], None]
) -> None:
    """Counted in steps of SQLite's machine, and by the plan of each query; the time is only shown."""
    few, many = tmp_path / "few", tmp_path / "many"
    for folder, events in ((few, 10), (many, 25_000)):
        folder.mkdir()
        for number in range(4):
            make_shard(folder, number, events=events)
    cheap, plans = _costs(few, monkeypatch)
    dear, _ = _costs(many, monkeypatch)
    assert dear <= 1.2 * cheap
    # A row a tag, a row a script; and what opens a file looks at the newest hit alone.
    small = re.compile(r"SCAN (cursor|quarantine|meta|sqlite_schema|CONSTANT ROW|hit)$")
    scans = [plan for plan in plans if "SCAN" in plan and not small.match(plan)]
    assert scans == []
    code = (
        "import sys, time; from pathlib import Path; from runtime.explain.metrics import Metrics;"
        "m = Metrics(Path(sys.argv[1])); times = []\n"
        "for _ in range(5): t = time.perf_counter(); m.scrape(); times.append(time.perf_counter() - t)\n"
        "print(f'{1000 * times[0]:.1f} ms first, {1000 * min(times):.1f} ms then')"
    )
    took = subprocess.run([sys.executable, "-c", code, str(many)], capture_output=True, text=True, check=True)
    show(f"a scrape of 4 shards with 100,000 events: {took.stdout.strip()}, {dear} steps of SQLite")


def _costs(data: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, set[str]]:
    """Returns the machine steps of one scrape, in tens, and the plans of its queries."""
    steps, plans, connect = [0], set[str](), sqlite3.connect

    def count() -> int:
        steps[0] += 1
        return 0

    def explain(connection: sqlite3.Connection, statement: str) -> None:
        if statement.startswith("SELECT"):
            with connect(connection.execute("PRAGMA database_list").fetchone()[2]) as other:
                plans.update(row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {statement}"))
            other.close()

    def watched(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_progress_handler(count, 10)
        seen: list[str] = []
        connection.set_trace_callback(seen.append)
        opened.append((connection, seen))
        return connection

    opened: list[tuple[sqlite3.Connection, list[str]]] = []
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", watched)
        Metrics(data).scrape()
    assert len(opened) == 8
    for path in (log_path(data, 0), delivery_path(data, 0)):
        looked = connect(path)
        for _, seen in opened:
            for statement in seen:
                try:
                    explain(looked, statement)
                except sqlite3.OperationalError:
                    continue  # of the other file
        looked.close()
    assert len(plans) > 5
    return steps[0], plans


def make_shard(data: Path, number: int, *, events: int) -> None:
    """Makes the two files of a shard: each hit an event, an attempt and a dead letter, and ten items that wait."""
    log = SqliteLog(log_path(data, number), number)
    for start in range(0, events, 1000):
        log.append([hit(seq).hit for seq in range(start, min(events, start + 1000))])
    log.close()
    store = DeliveryStore(delivery_path(data, number))
    settlement = Settlement(cursors={"": events, "meta": events - 2})
    for seq in range(1, events + 1):
        settlement.events.append(EventRow(seq, 0, 1_790_000_000_000_000, "purchase", "pixel", f"e{seq}", "{}", 0))
        settlement.attempts.append(AttemptRow("meta", seq, 5, 200, "delivered", "", 1, b"", seq, seq, 1, b"", "", 0))
        settlement.dead["meta", seq, 0] = dead_row(seq)
        settlement.rollups[29_000_000 + seq, "events", "purchase"] = 1
    for seq in range(1, min(events, 10) + 1):
        settlement.retries["meta", seq, 0] = retry_row(seq)
    for part in PARTS:
        settlement.rollups[0, "attempt", f"meta {part}"] = 1
    store.settle(settlement)
    store.close()


def dead_row(seq: int, *, reason: str = "rejected") -> DeadRow:
    return DeadRow("meta", seq, 0, reason, "", 400, 1, 0, 1, "", b"")


def retry_row(seq: int, *, reason: str = "http_503") -> RetryRow:
    return RetryRow("meta", seq, 0, 0, 1, "", 1, "", 0, b"", reason)


def test_alert_rules_ask_for_metrics_that_exist(history: History) -> None:
    rules = YAML(typ="safe").load(alert_rules())
    assert list(rules) == ["groups"]
    there = {name for name, _ in scraped(history.data, ready=lambda: True)}
    asked: set[str] = set()
    for group in rules["groups"]:
        assert set(group) == {"name", "rules"}
        for rule in group["rules"]:
            assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
            assert re.fullmatch(r"Firsthand[A-Z][A-Za-z]+", rule["alert"])
            assert re.fullmatch(r"\d+[smhd]", rule.get("for", "0s"))
            assert rule["labels"]["severity"] in ("warning", "critical")
            assert set(rule["annotations"]) == {"summary", "description"}
            assert rule["expr"].count("(") == rule["expr"].count(")")
            asked |= set(re.findall(r"firsthand_\w+", rule["expr"]))
    assert len({rule["alert"] for group in rules["groups"] for rule in group["rules"]}) > 10
    # Counters of what has not happened yet have no sample, but a family.
    families = set(re.findall(r"# TYPE (\S+)", Metrics(history.data).scrape()[0].decode()))
    assert asked - there <= families
    assert {"firsthand_ready", "firsthand_ack_duration_seconds_bucket", "firsthand_items_dead_total"} <= asked & there


def test_alert_rules_name_labels_that_the_metrics_have(history: History) -> None:
    there: dict[str, set[str]] = {}
    for name, labels in scraped(history.data, ready=lambda: True):
        there.setdefault(name, set()).update(label for label, _ in labels)
    for expr in re.findall(r"expr: (?:>-\n)?((?:.+\n)+?)(?=        \w+:)", alert_rules()):
        for name, matcher in re.findall(r"(firsthand_\w+)\{(\w+)=", expr):
            assert matcher in there[name]
