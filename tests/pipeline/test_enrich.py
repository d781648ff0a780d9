"""What the hit adds to an event, and whose word counts."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.pipeline.run import run
from tests.support.programs import hit, program

FILLED = {
    "event_id": "1.7.0",
    "x-event-id-generated": True,
    "event_time": 1_790_000_000,
    "page_location": "https://shop.example/p?x=1",
    "page_referrer": "https://search.example/",
    "ip_override": "203.0.113.9",
    "user_agent": "Browser/1",
    "language": "de-DE",
    "client_id": "v-1",
    "x-fb-ck-fbp": "fb.1.1790000000000.123",
}
OWN = {
    "event_id": "order-1",
    "event_time": 1_789_999_000,
    "page_location": "https://shop.example/own",
    "page_referrer": "https://own.example/",
    "ip_override": "198.51.100.1",
    "user_agent": "Own/2",
    "language": "fr",
    "client_id": "own",
    "x-fb-ck-fbp": "fb.1.1.1",
    "x-fb-ck-fbc": "fb.1.1.click",
}


def event(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    (only,) = run(hit({"event_name": "x", **given}, **more), program({})).events
    assert only.event.pop("event_name") == "x"
    return only.event


def test_fills_in_what_is_missing() -> None:
    assert event({}) == FILLED


@pytest.mark.parametrize("empty", ["", None])
def test_empty_is_missing(empty: Any) -> None:
    assert event(dict.fromkeys(OWN.keys() - {"x-fb-ck-fbc"}, empty)) == FILLED


def test_keeps_what_the_event_has_except_address_and_agent_of_a_browser() -> None:
    assert event(OWN) == {**OWN, "ip_override": "203.0.113.9", "user_agent": "Browser/1"}


def test_address_that_the_hit_does_not_have_is_removed() -> None:
    shown = event(OWN, client_ip="", headers={"content-type": "application/json"})
    assert "ip_override" not in shown
    assert "user_agent" not in shown


def test_server_speaks_for_a_visitor_elsewhere() -> None:
    assert event(OWN, trust="server") == OWN
    assert event({}, trust="server") == {
        name: FILLED[name] for name in ("event_id", "x-event-id-generated", "event_time")
    }


@pytest.mark.parametrize(
    ("given", "id"), [(5, "5"), (5.5, "5.5"), ("a", "a"), (True, None), ({"a": 1}, None), ("", None)]
)
def test_event_id_is_text(given: Any, id: str | None) -> None:
    shown = event({"event_id": given})
    assert shown["event_id"] == (id or "1.7.0")
    assert shown.get("x-event-id-generated", False) is (id is None)


def test_nul_never_gets_into_event_data() -> None:
    shown = event({"a": "x\0secret:TOKEN\0", "b": ["\0"], "c\0": {"d": "\0e"}, "plain": "\\u0000"})
    assert (shown["a"], shown["b"], shown["c"]) == ("xsecret:TOKEN", [""], {"d": "e"})
    assert shown["plain"] == "\\u0000"
