"""Hits for the tests of the log."""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.model.hit import Hit

ARRIVAL_US = 1_790_000_000_000_000

SAMPLE = Hit(
    client="pixel",
    version=3,
    received_us=ARRIVAL_US,
    method="GET",
    scheme="https",
    host="t.shop.example:8443",
    path="/tr",
    query=b"id=111&ev=Purchase&cd%5Bvalue%5D=12.5",
    headers={"user-agent": "Mozilla/5.0", "accept-language": "de"},
    cookies={"_fbp": "fb.1.1790000000000.1234567890"},
    client_ip="203.0.113.7",
    route={"pixel": "111"},
    page_url="https://shop.example/thanks",
    referrer="https://shop.example/cart",
    consent={"ad_storage": True, "ad_user_data": True, "ad_personalization": False, "analytics_storage": True},
    fbp="fb.1.1790000000000.1234567890",
    fbc="fb.1.1790000000000.IwAR_abc",
    visitor_id="abcdefghijklmnopqrs-_9",
    issued=("_fbc", "_fhid"),
    verified="secret:INTAKE",
    trust="server",
    body=b"\x00\xff{}",
)


def make_hit(**changes: Any) -> Hit:
    """Returns the sample hit with some fields changed."""
    return msgspec.structs.replace(SAMPLE, **changes)


def make_hits(count: int, **changes: Any) -> list[Hit]:
    """Returns hits whose queries and arrivals count up."""
    return [make_hit(query=b"n=%d" % n, received_us=ARRIVAL_US + n, **changes) for n in range(count)]
