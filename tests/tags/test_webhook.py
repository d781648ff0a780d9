"""The webhook template: signature, headers and bodies, with the placeholders filled in as for a real delivery."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.delivery.envelope import fill
from runtime.model.delivery import Envelope, Request
from tests.support.destinations import NOW_S, Bench

ENDPOINT = "https://erp.shop.example/hook"
OWN = {"X-Firsthand-Event-Id", "X-Firsthand-Timestamp", "X-Firsthand-Signature"}


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench("webhook")


def sent(bench: Bench, *items: bytes, at_s: int = NOW_S, key: str = "e1", **settings: Any) -> Request:
    described = bench.request(key=key, count=len(items), endpoint=ENDPOINT, **settings)
    envelope = Envelope(described["method"], described["url"], described["headers"], described["body"])
    secret = {"HOOK": "hook-secret"}.__getitem__
    return fill(envelope, items, at_s=at_s, secret=secret, timeout_s=5, hosts=()).request


def test_the_signature_is_over_timestamp_and_body(bench: Bench) -> None:
    request = sent(bench, b'{"id":1001,"total_price":"12.50"}', secret="HOOK")

    assert (request.method, request.url) == ("POST", ENDPOINT)
    assert request.body == b'{"id":1001,"total_price":"12.50"}'
    assert request.headers == {
        "Content-Type": "application/json",
        "X-Firsthand-Event-Id": "e1",
        "X-Firsthand-Timestamp": "1790000000",
        "X-Firsthand-Signature": "v1=476ee5d2d87424ab33b81eba03d76c56434efb810b159d28e9b401c2aa270780",
    }


def test_a_retry_has_the_same_id_and_a_new_signature(bench: Bench) -> None:
    first, second = (sent(bench, b"{}", at_s=NOW_S + wait, secret="HOOK").headers for wait in (0, 60))

    assert {name for name in first if first[name] != second[name]} == {"X-Firsthand-Timestamp", "X-Firsthand-Signature"}


def test_the_event_is_sent_whole_under_its_own_id(bench: Bench) -> None:
    event = {"event_name": "purchase", "event_id": "o-1", "items": [{"item_id": "a"}], "user_data": {"x": True}}

    assert bench.map(event) == (event, {"key": "o-1"})
    assert bench.map(event, batch=2) == (event, None)


@pytest.mark.parametrize("items", [[b'{"a":1}'], [b'{"a":1}', b'{"b":2}']])
def test_a_batch_is_a_list_without_an_id_of_its_own(bench: Bench, items: list[bytes]) -> None:
    request = sent(bench, *items, key="", batch=50, secret="HOOK")

    assert json.loads(request.body) == {"batch": [json.loads(item) for item in items]}
    assert OWN & set(request.headers) == {"X-Firsthand-Timestamp", "X-Firsthand-Signature"}


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "Connection",
        "x-firsthand-event-id",
        "X-FIRSTHAND-SIGNATURE",
        "a b",
        "a:b",
        "",
    ],
)
def test_headers_that_would_break_or_forge_a_request_are_left_out(bench: Bench, name: str) -> None:
    headers = sent(bench, b"{}", headers={name: "forged", "X-Kept": "1"}).headers

    assert "forged" not in headers.values()
    assert headers["X-Kept"] == "1"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b"])
def test_no_header_value_can_begin_another_header(bench: Bench, value: str) -> None:
    assert "X-Own" not in sent(bench, b"{}", headers={"X-Own": value}).headers


def test_prefix_and_content_type_are_the_shops(bench: Bench) -> None:
    headers = sent(bench, b"{}", prefix="Shop", headers={"content-type": "text/json", "X-Shop-Timestamp": "0"}).headers

    assert headers == {"content-type": "text/json", "X-Shop-Event-Id": "e1", "X-Shop-Timestamp": "1790000000"}
