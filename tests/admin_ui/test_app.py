"""The admin port's JSON on the data of a real server: shapes, limits, unknown ids, and whose requests it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.admin import AdminBrowser
from tests.support.history import LEADS, ORDERS, History


def get(data: Path, path: str, **headers: str) -> httpx.Response:
    """Fetches a path of the application itself, as a browser on this machine would in which somebody is signed in."""
    return AdminBrowser(data, "viewer").get(path, **headers)


def data_of(data: Path, path: str) -> Any:
    answer = get(data, path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.json()


def test_health(tmp_path: Path) -> None:
    assert get(tmp_path, "/healthz").json() == {"status": "ok"}


def test_events_are_the_newest_first(history: History) -> None:
    events = data_of(history.data, "/api/v1/events")["rows"]
    assert [event["event_id"] for event in events[:2]] == ["order.later", "order.bad"]
    assert len(events) == 8
    assert set(events[0]) == {"id", "position", "time", "name", "client", "event_id", "tags", "flags"}
    assert [event["id"] for event in data_of(history.data, "/api/v1/events?name=generate_lead")["rows"]] == [LEADS] * 3
    assert data_of(history.data, "/api/v1/events?name=nothing") == {"rows": [], "next": ""}


def test_one_event_is_its_trace(history: History) -> None:
    record = data_of(history.data, f"/api/v1/events/{ORDERS}")
    assert set(record) == {"hit", "claim", "parse", "events", "logs", "dead_letters", "lookups", "times"}
    (tag,) = record["events"][0]["tags"]
    assert (tag["tag"], tag["state"], tag["fate"]) == ("meta", "fired", "delivered")
    one = data_of(history.data, f"/api/v1/events/{LEADS}/2")
    assert [event["position"] for event in one["events"]] == [2]


def test_status_counts_and_shows_the_backlog(history: History) -> None:
    status = data_of(history.data, "/api/v1/status")
    assert status["events"]["delivered:meta"] == 5
    assert status["events"]["dead:meta"] == 1
    assert status["edge"]["unclaimed"] == 1
    assert {(row["tag"], row["behind"]) for row in status["backlog"]} == {("(pipeline)", 0), ("meta", 1)}


@pytest.mark.parametrize(
    ("id", "says"),
    [
        ("0.99", "There is no hit 0.99."),
        ("7.1", "There is no shard 7"),
        ("x", "`x` is no id of a hit."),
        ("0.1/5", "There is no event 5 in the hit 0.1."),
        ("0.1/x", "`0.1/x` is no id of an event."),
        ("..%2Fcontrol.db", "is no id of a"),
    ],
)
def test_an_unknown_id_is_404_with_its_reason(history: History, id: str, says: str) -> None:
    answer = get(history.data, f"/api/v1/events/{id}")
    assert answer.status_code == 404
    assert says in answer.json()["error"]


def test_what_is_not_there_is_json_too(tmp_path: Path) -> None:
    answer = get(tmp_path, "/api/v1/nothing")
    assert (answer.status_code, answer.json()["error"]) == (404, "There is nothing at this address.")


@pytest.mark.parametrize("host", ["127.0.0.1:8081", "localhost:8081", "LOCALHOST", "admin.localhost", "[::1]:8081"])
def test_loopback_names_are_served(tmp_path: Path, host: str) -> None:
    assert get(tmp_path, "/healthz", host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["shop.example", "127.0.0.1.evil.example", "localhost.evil.example", "192.0.2.1", "[2001:db8::1]:8081", ""]
)
def test_other_names_are_misdirected(history: History, host: str) -> None:
    answer = get(history.data, "/api/v1/events", host=host)
    assert answer.status_code == 421
    assert "order" not in answer.text


def test_metrics_in_the_format_that_is_asked_for(history: History) -> None:
    plain = get(history.data, "/metrics")
    assert plain.status_code == 200
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "firsthand_events_total 7.0\n" in plain.text
    wanted = {"accept": "application/openmetrics-text; version=1.0.0; charset=utf-8"}
    assert get(history.data, "/metrics", **wanted).text.endswith("# EOF\n")


def test_metrics_of_an_empty_folder_are_zeros(tmp_path: Path) -> None:
    assert "firsthand_events_total 0.0\n" in get(tmp_path, "/metrics").text


def test_alert_rules_are_served(tmp_path: Path) -> None:
    answer = get(tmp_path, "/alerts.yaml")
    assert answer.headers["content-type"].startswith("application/yaml")
    assert "FirsthandTagStopped" in answer.text
