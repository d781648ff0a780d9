"""A trace is what happened: the request it shows is the one that left, and it names no person and no secret."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import OperatorError
from runtime.explain.explorer import list_attempts
from runtime.explain.trace import explain
from runtime.store.delivery_reader import DeliveryReader
from runtime.text.basis import basis_of, decode_basis
from tests.support.history import BAD, BUYS, DEAD, LATER, LEADS, ORDERS, PERSONAL, History
from tests.support.shop import SECRETS

TOKEN = SECRETS["FIRSTHAND_SECRET_META_TOKEN"]


def tag_of(history: History, id: str) -> dict[str, Any]:
    """Returns what the trace says of the only tag of the only event."""
    (event,) = explain(history.data, id)["events"]
    (tag,) = event["tags"]
    return dict(tag)


@pytest.mark.parametrize(("id", "place"), [(BUYS, 0), (ORDERS, 1), (BAD, 3), (LATER, 4)])
def test_the_hash_of_an_attempt_is_that_of_what_the_vendor_got(history: History, id: str, place: int) -> None:
    received = history.requests[place].body
    assert TOKEN.encode() in received
    (attempt,) = tag_of(history, id)["attempts"]
    named = received.replace(TOKEN.encode(), b"secret:META_TOKEN")
    assert attempt["body_sha256"] == hashlib.sha256(named).hexdigest()
    assert attempt["same_body"] is True


def test_the_request_shown_is_the_one_sent_but_for_what_is_masked(history: History) -> None:
    received, shown = history.requests[1], tag_of(history, ORDERS)["request"]
    assert (shown["method"], shown["headers"]["content-type"]) == (received.method, received.headers["content-type"])
    assert shown["url"].endswith(received.target)
    sent, seen = received.json()["data"][0], shown["body"]["data"][0]
    for part in (sent, seen):
        part["user_data"] = {name: value for name, value in part["user_data"].items() if name not in ("em", "ph")}
        part["event_source_url"] = part["event_source_url"].partition("?")[0]
    assert seen == sent


def test_no_trace_names_a_person_or_a_secret(history: History) -> None:
    for id in (BUYS, ORDERS, DEAD, LEADS, BAD, LATER):
        text = json.dumps(explain(history.data, id), ensure_ascii=False)
        hidden = (*PERSONAL, *SECRETS.values(), "token-in-an-address")
        assert [word for word in hidden if word in text] == [], id
    emails = [hashlib.sha256(b"jane.roe@shop.example").hexdigest()]
    assert [mail for mail in emails if mail in json.dumps(explain(history.data, ORDERS))] == []


def test_a_batch_of_several_is_compared_whole_and_one_event_can_be_asked_for(history: History) -> None:
    record = explain(history.data, LEADS)
    assert [event["position"] for event in record["events"]] == [0, 1, 2]
    for event in record["events"]:
        (attempt,) = event["tags"][0]["attempts"]
        assert (attempt["events"], attempt["same_body"], attempt["because"]) == (3, True, [])
    (event,) = explain(history.data, f"{LEADS}/2")["events"]
    assert event["event"]["event_id"] == "lead.2"


def test_fates(history: History) -> None:
    assert {id: tag_of(history, id)["fate"] for id in (BUYS, BAD, LATER)} == {
        BUYS: "delivered",
        BAD: "dead",
        LATER: "pending",
    }


def test_a_hit_that_could_not_be_read(history: History) -> None:
    record = explain(history.data, DEAD)
    assert record["events"] == []
    assert [dead["reason"] for dead in record["parse"]["dead"]] == ["no_event_name"]
    assert [(letter["tag"], letter["position"]) for letter in record["dead_letters"]] == [("(pipeline)", -1)]


def test_the_same_trace_every_time(history: History) -> None:
    assert explain(history.data, ORDERS) == explain(history.data, ORDERS)


def test_a_body_that_is_another_one_is_told(history: History, tmp_path: Path) -> None:
    data = shutil.copytree(history.data, tmp_path / "data")
    with closing(sqlite3.connect(data / "delivery-0.db", isolation_level=None)) as plain:
        plain.execute("UPDATE attempt SET body_sha256 = ? WHERE id = 1", (b"\0" * 32,))
    (event,) = explain(data, BUYS)["events"]
    assert event["tags"][0]["attempts"][0]["same_body"] is False


def test_before_the_router_has_run_an_item_is_pending(history: History, tmp_path: Path) -> None:
    data = shutil.copytree(history.data, tmp_path / "data", ignore=shutil.ignore_patterns("delivery-*"))
    (event,) = explain(data, BUYS)["events"]
    (tag,) = event["tags"]
    assert tag["fate"] == "pending"
    assert tag["request"]["version"] == 1
    assert "attempts" not in tag
    assert list_attempts(data) == []


@pytest.mark.parametrize("id", ["0.99", "9.1", "", "0", "0.1.2", "-0.1", "0.1/", "0.1/-1", "0.1/1", "0.x", "٠.١"])
def test_an_id_that_names_nothing(history: History, id: str) -> None:
    with pytest.raises(OperatorError):
        explain(history.data, id)


def test_a_server_keeps_what_its_attempts_were_made_with(history: History) -> None:
    with closing(DeliveryReader(history.data / "delivery-0.db")) as reader:
        attempts = reader.attempts(limit=100)
    assert attempts
    assert all(decode_basis(tried.row.basis) == basis_of("") for tried in attempts)
    assert all(len(tried.made.checks) == 4 * tried.row.count for tried in attempts)
