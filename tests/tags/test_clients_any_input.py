"""Whatever a sender sends, a client's script ends in events or dead letters with a reason, never in a fault."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.clients import TOKEN, Door, Taken

TEXTS = st.text(max_size=12) | st.sampled_from(
    ["", "0", "1e999", "-1", "[", "[1]", '{"a":1}', "a,b", "https://x.example/"]
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)

SERVER_KEYS = [
    "event_name",
    "event_time",
    "event_id",
    "event_source_url",
    "user_data",
    "custom_data",
    "opt_out",
    "pixel_id",
]
BRIDGE_KEYS = [
    "event_name", "event_id", "fb.pixel_id", "custom_data", "conversion_value", "fb.dynamic_product_ads",
    "website_context", "fb.advanced_matching", "fb.fbp",
]  # fmt: skip
COMMON_KEYS = [
    "event_name",
    "event_id",
    "event_time",
    "value",
    "currency",
    "items",
    "user_data",
    "consent",
    "consent_state",
]
PARTS = st.dictionaries(
    st.sampled_from(
        ["em", "ph", "fn", "ct", "zp", "external_id", "client_ip_address", "value", "num_items", "currency"]
    )
    | st.sampled_from(["contents", "content_ids", "order_id", "location", "referrer", "id", "item_price", "price"]),
    VALUES,
)
PIXEL_NAMES = [
    "id", "ev", "eid", "ts", "dl", "rl", "sw", "sh", "es", "dpo", "dpo[]", "dpoco", "cd", "ud", "cd[value]",
    "cd[contents]", "cd[contents][]", "cd[content_ids]", "cd[num_items]", "ud[em]", "ud[em][]", "ud[ct]", "udff[ph]",
    "id[x]", "[", "pmd[a]",
]  # fmt: skip
GA4_NAMES = [
    "v", "tid", "en", "cid", "sid", "sct", "_et", "dl", "dr", "em", "gcs", "gcd", "cu", "_ss", "ep.x", "epn.x", "up.x",
    "upn.x", "ep.value", "ep.items", "ep.dead", "ep.user_data.x", "ep.user_data.address.x", "epn.page_location",
    "sst.x", "system_properties", "pr1", "pr200", "pr999", ".", "",
]  # fmt: skip

quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def objects(keys: list[str]) -> st.SearchStrategy[Any]:
    known = st.dictionaries(st.sampled_from(keys), VALUES | PARTS, max_size=8)
    named = known.map(lambda fields: {"event_name": "Lead", "fb.pixel_id": "1"} | fields)
    return named | known | VALUES


def assert_no_fault(taken: Taken) -> None:
    assert taken.answer.status in (200, 204, 400)
    assert not [reason for _, reason in taken.dead if reason.startswith("script_") or reason == "not_json"]


@pytest.fixture(scope="module")
def doors() -> dict[str, Door]:
    return {
        "pixel": Door("meta_pixel", keep_raw=True),
        "bridge": Door("meta_openbridge"),
        "intake": Door("meta_capi_intake", access_tokens=["secret:A"]),
        "json": Door("json_event"),
        "ga4": Door("ga4_web", measurement_ids=["G-1"]),
    }


@quick
@given(pairs=st.lists(st.tuples(st.sampled_from(PIXEL_NAMES), TEXTS), max_size=12), named=st.booleans())
def test_the_pixel(doors: dict[str, Door], pairs: list[tuple[str, str]], named: bool) -> None:
    required = [("id", "1"), ("ev", "Lead")] if named else []
    form = urlencode(pairs + required).encode()
    assert_no_fault(doors["pixel"].post("/tr", form, "application/x-www-form-urlencoded"))


@quick
@given(body=objects(BRIDGE_KEYS) | st.lists(objects(BRIDGE_KEYS), max_size=3))
def test_the_pixel_copy(doors: dict[str, Door], body: Any) -> None:
    assert_no_fault(doors["bridge"].post("/events", body, "text/plain"))


@quick
@given(events=st.lists(objects(SERVER_KEYS), max_size=4))
def test_the_intake(doors: dict[str, Door], events: list[Any]) -> None:
    taken = doors["intake"].post(f"/capi/1/events?access_token={TOKEN}", {"data": events})
    assert_no_fault(taken)
    if taken.answer.status == 200:
        assert len(taken.events) + len(taken.dead) == len(events) == taken.json["events_received"]


@quick
@given(body=objects(COMMON_KEYS) | st.lists(objects(COMMON_KEYS), max_size=4))
def test_json_events(doors: dict[str, Door], body: Any) -> None:
    taken = doors["json"].post("/e", body)
    assert_no_fault(taken)
    if taken.answer.status == 200:
        assert len(taken.events) + len(taken.dead) == taken.json["accepted"]


GA4_LINE = st.lists(st.tuples(st.sampled_from(GA4_NAMES), TEXTS), max_size=10).map(urlencode) | TEXTS


@quick
@given(query=GA4_LINE, lines=st.lists(GA4_LINE, max_size=4), named=st.booleans())
def test_google_analytics(doors: dict[str, Door], query: str, lines: list[str], named: bool) -> None:
    required = "v=2&tid=G-1&en=a&" if named else ""
    body = "\n".join(lines).encode("utf-8", "surrogatepass")
    assert_no_fault(doors["ga4"].post(f"/g/collect?{required}{quote(query, safe='=&%+')}", body, "text/plain"))
