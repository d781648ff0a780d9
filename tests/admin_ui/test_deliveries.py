"""Deliveries: lists by state, one attempt, one dead letter, and replays that are counted before they are done."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from runtime.model.command import Cancel, Replay
from runtime.store.control import Control
from runtime.store.files import control_path
from tests.support.admin import AdminBrowser
from tests.support.history import BAD, DEAD, History


@pytest.fixture
def data(history: History, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return shutil.copytree(history.data, tmp_path / "data")


def _rows(history: History, query: str) -> list[dict[str, Any]]:
    answer = AdminBrowser(history.data, "viewer").get(f"/api/v1/deliveries?{query}")
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def test_attempts(history: History) -> None:
    attempts = _rows(history, "")
    assert [attempt["disposition"] for attempt in attempts] == ["retry", "reject"] + ["delivered"] * 3
    assert [attempt["events"] for attempt in attempts] == [1, 1, 3, 1, 1]
    page = AdminBrowser(history.data, "viewer").get(f"/deliveries/{attempts[1]['attempt']}")
    assert "Invalid parameter" in page.text
    assert f'href="/events/{BAD}/0"' in page.text


def test_dead_letters_by_the_filters_of_a_replay(history: History) -> None:
    def hits(query: str) -> list[str]:
        return [letter["hit"] for letter in _rows(history, f"state=dead&{query}")]

    assert hits("") == [BAD, DEAD]
    assert hits("tag=meta") == hits("event_id=order.bad") == hits("event_name=purchase&since=1h") == [BAD]
    assert hits("tag=(pipeline)") == hits(f"hit={DEAD}") == hits("reason=no_event_name") == [DEAD]
    assert hits("until=1h") == hits("event_id=other") == hits("hit=4.1") == []


@pytest.mark.parametrize("query", ["state=dead&since=yesterday", "state=dead&hit=x", "state=x", "limit=0", "a=b"])
def test_what_makes_no_sense_is_refused(history: History, query: str) -> None:
    browser = AdminBrowser(history.data, "viewer")
    assert browser.get(f"/api/v1/deliveries?{query}").status_code == 400
    assert browser.get(f"/deliveries?{query}").status_code == 400


def test_waiting_and_backlog(history: History) -> None:
    assert {(row["tag"], row["behind"]) for row in _rows(history, "state=backlog")} == {("(pipeline)", 0), ("meta", 1)}
    assert _rows(history, "state=waiting") == []
    assert "Nothing waits" in AdminBrowser(history.data, "viewer").get("/deliveries?state=waiting").text


def test_a_dead_letter_leads_to_its_event_and_its_replay(history: History) -> None:
    letter = _rows(history, "state=dead&tag=meta")[0]["dead_letter"]
    page = AdminBrowser(history.data, "publisher").get(f"/deliveries/letters/{letter}").text
    assert f'href="/events/{BAD}/0"' in page
    assert 'action="/deliveries/replay"' in page
    assert (
        'action="/deliveries/replay"'
        not in AdminBrowser(history.data, "editor").get(f"/deliveries/letters/{letter}").text
    )


def test_a_replay_is_counted_and_then_stored(data: Path) -> None:
    browser = AdminBrowser(data, "publisher", name="pat")
    asked = {"tag": "meta", "which": "dead", "version": "current"}
    counted = browser.post("/deliveries/replay", asked)
    assert counted.status_code == 200
    assert "Nothing was done yet." in counted.text
    with Control(control_path(data)) as control:
        assert control.commands() == []
    done = browser.post("/deliveries/replay", {**asked, "rate": "5", "yes": "1"})
    assert done.headers["location"].startswith("/deliveries/jobs?done=Command%201")
    with Control(control_path(data)) as control:
        (row,) = control.commands()
        assert isinstance(row.command, Replay)
        assert (row.command.selection.tag, row.command.version, row.command.rate) == ("meta", "current", 5.0)
        assert control.audit_log()[-1].who == "pat"
    assert "waiting" in browser.get("/deliveries/jobs").text


def test_a_replay_by_the_api_is_a_dry_run_unless_it_says_otherwise(data: Path) -> None:
    browser = AdminBrowser(data, "publisher")
    counted = browser.json("POST", "/api/v1/deliveries/replay", {"tag": "meta"}).json()
    assert (counted["command"], counted["tags"][0]["tag"], counted["tags"][0]["replayed"]) == (None, "meta", 1)
    assert browser.json("POST", "/api/v1/deliveries/replay", {"tag": "meta", "dry_run": False}).json()["command"] == 1


@pytest.mark.parametrize(
    "asked", [{"tag": "nothing"}, {"rate": 0}, {"version": "x"}, {"since": "soon"}, {"colour": 1}, "text", []]
)
def test_a_replay_that_makes_no_sense_is_refused(data: Path, asked: Any) -> None:
    answer = AdminBrowser(data, "publisher").json("POST", "/api/v1/deliveries/replay", asked)
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]


def test_viewers_and_editors_replay_nothing(data: Path) -> None:
    for role in ("viewer", "editor"):
        browser = AdminBrowser(data, role)
        assert browser.post("/deliveries/replay", {"tag": "meta", "yes": "1"}).status_code == 403
        assert browser.json("POST", "/api/v1/deliveries/replay", {}).status_code == 403


def test_jobs_are_listed(data: Path) -> None:
    browser = AdminBrowser(data, "publisher")
    assert browser.get("/api/v1/jobs").json() == {"rows": []}
    with Control(control_path(data)) as control:
        control.command(Cancel(command=9))
    (job,) = browser.get("/api/v1/jobs").json()["rows"]
    assert (job["command"], job["kind"], job["state"], job["answers"]) == (1, "cancel 9", "waiting", {})


def test_a_program_ends_a_replay_as_the_page_does(data: Path) -> None:
    browser = AdminBrowser(data, "publisher")
    assert AdminBrowser(data, "editor").json("DELETE", "/api/v1/jobs/7").status_code == 403
    assert browser.json("DELETE", "/api/v1/jobs/x").status_code == 404
    assert browser.json("DELETE", "/api/v1/jobs/7").status_code == 204
    assert browser.post("/deliveries/jobs/7/cancel").status_code == 303
    with Control.read(control_path(data)) as control:
        assert [row.command for row in control.commands()] == [Cancel(command=7)] * 2


def test_an_empty_folder(tmp_path: Path) -> None:
    browser = AdminBrowser(tmp_path, "viewer")
    for state in ("attempts", "dead", "waiting", "backlog"):
        assert browser.get(f"/deliveries?state={state}").status_code == 200
