"""The client of common event data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.clients import AT_S, TOKEN, Door

WEEK_S = 7 * 86400
DENIED = {"ad_storage": False, "ad_user_data": False, "ad_personalization": False, "analytics_storage": False}


@pytest.fixture(scope="module")
def door() -> Door:
    return Door("json_event")


@pytest.fixture(scope="module")
def server() -> Door:
    return Door("json_event", tokens=["secret:SHOP"])


def test_fields_of_any_name_go_through(door: Door) -> None:
    event = {"event_name": "signup", "plan": {"name": "gold", "perks": ["a", "b"]}, "seats": 3, "trial": False}
    found = door.post("/e", event).events[0]
    assert {name: found[name] for name in event} == event


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"event_name": ""}, "no_event_name"),
        ({"event_name": 5}, "no_event_name"),
        ({"event_name": "x" * 101}, "event_name_too_long"),
        ({"user_data": ["a"]}, "bad_user_data"),
        ({"user_data": "a"}, "bad_user_data"),
        ({"items": {"item_id": "a"}}, "bad_items"),
        ({"items": ["a"]}, "bad_items"),
        ({"items": [{"item_id": "a"}, [1]]}, "bad_items"),
        ({"currency": 978}, "bad_currency"),
        ({"value": "much"}, "bad_value"),
        ({"value": "1e999"}, "bad_value"),
        ({"value": "0x10"}, "bad_value"),
        ({"value": True}, "bad_value"),
    ],
)
def test_a_wrong_shape_is_a_dead_letter_alone(door: Door, change: dict[str, Any], reason: str) -> None:
    taken = door.post("/e", [{"event_name": "a"}, {"event_name": "b"} | change, {"event_name": "c"}])
    assert taken.json["accepted"] == 3
    assert [event["event_name"] for event in taken.events] == ["a", "c"]
    assert taken.dead == [(1, reason)]


@pytest.mark.parametrize(("given", "value"), [("12.50", 12.5), ("12", 12), ("-3", -3), (".5", 0.5)])
def test_a_number_in_quotes_is_repaired_and_counted(door: Door, given: str, value: float) -> None:
    taken = door.post("/e", {"event_name": "purchase", "value": given})
    assert taken.events[0]["value"] == value
    assert taken.parsed.repairs == {"number_as_text": 1}


@pytest.mark.parametrize(
    ("given", "from_page", "from_server"),
    [
        (AT_S - WEEK_S, AT_S - WEEK_S, AT_S - WEEK_S),
        (AT_S - WEEK_S - 1, AT_S, AT_S - WEEK_S - 1),
        (AT_S + 60, AT_S + 60, AT_S + 60),
        (AT_S + 61, AT_S, AT_S),
        ((AT_S - 5) * 1000, AT_S - 5, AT_S - 5),
        ("yesterday", AT_S, AT_S),
        (0, AT_S, AT_S),
    ],
)
def test_a_time_counts_where_it_is_credible(
    door: Door, server: Door, given: Any, from_page: int, from_server: int
) -> None:
    event = {"event_name": "refund", "event_time": given}
    assert door.post("/e", event).events[0]["event_time"] == from_page
    assert server.post(f"/e?token={TOKEN}", event).events[0]["event_time"] == from_server


def test_only_a_verified_server_is_believed_about_the_visitor(door: Door, server: Door) -> None:
    event = {"event_name": "refund", "ip_override": "192.0.2.1", "user_agent": "App/1"}
    page = door.post("/e", event).events[0]
    shop = server.post("/e", event, authorization=f"Bearer {TOKEN}").events[0]
    assert (page["ip_override"], page["user_agent"]) == ("198.51.100.20", "Mozilla/5.0")
    assert (shop["ip_override"], shop["user_agent"]) == ("192.0.2.1", "App/1")
    assert server.post("/e?token=other", event).answer.status == 401
    assert server.post("/e", event).answer.status == 401


@pytest.mark.parametrize("name", ["consent", "consent_state"])
@pytest.mark.parametrize("said", ["denied", "Denied", False, "perhaps", dict.fromkeys(DENIED, "denied")])
def test_consent_is_read_before_the_answer_and_in_the_event(door: Door, name: str, said: Any) -> None:
    taken = door.post("/e", {"event_name": "page_view", name: said})
    assert taken.answer.hit is not None
    assert taken.answer.hit.consent == DENIED
    assert "set-cookie" not in taken.answer.headers
    assert taken.events[0]["consent_state"] == DENIED


def test_a_list_has_the_tightest_consent_of_its_events_and_each_event_its_own(door: Door) -> None:
    events = [{"event_name": "a", "consent": "granted"}, {"event_name": "b", "consent": {"ad_storage": "denied"}}]
    taken = door.post("/e", events)
    assert taken.answer.hit is not None
    assert taken.answer.hit.consent["ad_storage"] is False
    assert taken.answer.hit.consent["ad_user_data"] is True
    assert [event["consent_state"]["ad_storage"] for event in taken.events] == [True, False]


@pytest.mark.parametrize("body", [b"", b"{", b"5", b'{"a":NaN}', b"[" * 100])
def test_what_is_not_json_is_refused(door: Door, body: bytes) -> None:
    assert door.post("/e", body).answer.status == 400


def test_more_than_a_hundred_events_are_refused(door: Door) -> None:
    assert door.post("/e", [{"event_name": "a"}] * 101).json["error"]["code"] == "too_many_events"
    assert door.post("/e", [{"event_name": "a"}] * 100).json["accepted"] == 100


def test_what_is_neither_an_answer_nor_an_address_is_counted(door: Door) -> None:
    event = {"event_name": "a", "consent": {"ad_storage": "perhaps", "ad_user_data": "denied"}, "page_location": 5}
    taken = door.post("/e", event)
    assert taken.events[0]["consent_state"] == {"ad_storage": False, "ad_user_data": False}
    assert "page_location" not in taken.events[0]
    assert taken.parsed.repairs == {"bad_consent": 1, "bad_url": 1}
