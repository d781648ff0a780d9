"""`firsthand deliveries` on the data of a real server."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_events import refusal, run
from tests.support.history import BAD, DEAD, LEADS, History


def test_attempts_are_the_newest_first(history: History) -> None:
    head, *rows = run(history.data, "deliveries", "list")
    assert head.split() == ["attempt", "time", "tag", "disposition", "status", "events", "ms", "reason"]
    assert [row.split()[3:6] for row in rows] == [
        ["retry", "503", "1"],
        ["reject", "400", "1"],
        ["delivered", "200", "3"],
        ["delivered", "200", "1"],
        ["delivered", "200", "1"],
    ]
    assert rows[1].endswith("code 100/0: Invalid parameter")
    assert len(run(history.data, "deliveries", "list", "--limit", "2")) == 3
    assert run(history.data, "deliveries", "list", "--tag", "other") == ["No request was sent."]


def test_dead_letters_by_tag_and_reason(history: History) -> None:
    head, *rows = run(history.data, "deliveries", "list", "--state", "dead")
    assert head.split()[:5] == ["dead_letter", "time", "hit", "tag", "reason"]
    assert [row.split()[2:4] for row in rows] == [[BAD, "meta"], [DEAD, "(pipeline)"]]
    assert len(run(history.data, "deliveries", "list", "--state", "dead", "--tag", "(pipeline)")) == 2
    assert len(run(history.data, "deliveries", "list", "--state", "dead", "--reason", "no_event_name")) == 2
    assert run(history.data, "deliveries", "list", "--state", "dead", "--reason", "other") == ["Nothing dead."]


def test_what_waits(history: History) -> None:
    (line,) = run(history.data, "deliveries", "list", "--state", "retry")
    assert "--state backlog" in line
    head, *rows = run(history.data, "deliveries", "list", "--state", "backlog")
    assert head.split() == ["tag", "shard", "cursor", "behind"]
    assert [row.split() for row in rows] == [["(pipeline)", "0", "6", "0"], ["meta", "0", "5", "1"]]
    assert len(run(history.data, "deliveries", "list", "--state", "backlog", "--tag", "meta")) == 2


def test_json_is_one_object_a_line(history: History) -> None:
    lines = run(history.data, "deliveries", "list", "--json")
    assert [json.loads(line)["attempt"] for line in lines] == [f"0.{number}" for number in (5, 4, 3, 2, 1)]


def test_show_an_attempt_with_its_members(history: History) -> None:
    shown = json.loads("\n".join(run(history.data, "deliveries", "show", "0.3")))
    assert shown["members"] == [f"{LEADS}/{position}" for position in range(3)]
    assert (shown["status"], shown["disposition"], shown["version"]) == (200, "delivered", 1)
    assert len(shown["body_sha256"]) == 64


def test_show_a_dead_letter_with_its_item(history: History) -> None:
    shown = json.loads("\n".join(run(history.data, "deliveries", "show", "0.2", "--dead")))
    assert shown["hit"] == BAD
    assert shown["item"]["event_id"] == "order.bad"
    assert json.loads(shown["message"])["error"]["message"] == "Invalid parameter"


def test_wrong_ids_and_empty_folders(history: History, tmp_path: Path) -> None:
    assert "There is no attempt 0.77. See `deliveries list`." in refusal(history.data, "deliveries", "show", "0.77")
    assert "no dead letter 0.77" in refusal(history.data, "deliveries", "show", "0.77", "--dead")
    assert "`x` is no id of a dead letter" in refusal(history.data, "deliveries", "show", "x", "--dead")
    for state, says in (("attempts", "No request was sent."), ("backlog", "No router has run yet.")):
        assert run(tmp_path, "deliveries", "list", "--state", state) == [says]
