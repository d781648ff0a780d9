"""Masks: personal data and tokens are never shown whole, wherever they stand; plain data stays readable."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.text.masks import HIDDEN, mask, mask_event, mask_query, mask_text

EMAIL = "jane.canary@canaryshop.example"
PHONE = "+49 170 5551234"
HASH = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
TOKEN = "EAABcanarytoken"

PLAIN: dict[str, Any] = {
    "event_name": "purchase",
    "event_id": "0.17.0",
    "event_time": 1_790_000_000,
    "value": 12.5,
    "currency": "EUR",
    "transaction_id": "ORD-2026-10001",
    "items": [{"item_id": "sku-1", "item_name": "Lamp", "price": 12.5, "quantity": 1}],
    "page_location": "https://shop.example/thanks?order=10001&utm_source=news",
    "page_title": "Thank you",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0.0.0 Safari/537.36",
    "language": "de-DE",
    "screen_resolution": "1920x1080",
    "x-fb-ck-fbp": "fb.1.1790000000000.1234567890",
    "x-event-id-generated": True,
    "consent_state": {"ad_storage": True},
    "nothing": None,
}


def test_plain_data_stays_as_it_is() -> None:
    assert mask_event(PLAIN) == PLAIN


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("email", EMAIL, "j***@***.example"),
        ("em", EMAIL, "j***@***.example"),
        ("user_data.email_address", EMAIL, "j***@***.example"),
        ("ud[em]", EMAIL, "j***@***.example"),
        ("x-fb-ud-em", EMAIL, "j***@***.example"),
        ("email", "me@janes.name", "***@***.name"),
        ("note", f"write to {EMAIL} today", "write to j***@***.example today"),
        ("phone_number", PHONE, "***34"),
        ("ph", "01705551234", "***34"),
        ("ph", 1705551234, "***34"),
        ("phone", "12345", "***"),
        ("note", f"call {PHONE}", "call ***34"),
        ("first_name", "Jane", "J***"),
        ("user_data.address.last_name", "Doe", "D***"),
        ("fn", "Jo", "***"),
        ("street", "1 Elm Street", "***"),
        ("zp", "10115", "***"),
        ("db", 19900131, "***"),
        ("user_data.anything", "else", "e***"),
        ("customer.name", "Jane Doe", "J***"),
        ("external_id", "cust-7781", "c***"),
        ("external_id", HASH, "62a14e44..."),
        ("em", HASH, "62a14e44..."),
        ("sha256_email_address", HASH, "62a14e44..."),
        ("x-fb-ud-external_id", HASH, "62a14e44..."),
        ("ip_override", "203.0.113.77", "203.0.113.*"),
        ("client_ip", "2001:db8:aa:bb::1", "2001:0db8:00aa:*"),
        ("ip", "not one", "***"),
        ("anything", "203.0.113.77", "203.0.113.*"),
        ("anything", "2001:db8:aa:bb::1", "2001:0db8:00aa:*"),
        ("access_token", TOKEN, "***"),
        ("api_secret", TOKEN, "***"),
        ("hub.verify_token", TOKEN, "***"),
        ("X-Api-Key", TOKEN, "***"),
        ("Authorization", f"Bearer {TOKEN}", "***"),
        ("password", 12345, "***"),
        ("access_token", "secret:META_TOKEN", "secret:META_TOKEN"),
        ("access_token", "\0secret:META_TOKEN\0", "\0secret:META_TOKEN\0"),
        ("note", f"sent Bearer {TOKEN}", "sent Bearer ***"),
        ("user_data.fbp", "fb.1.1790000000000.1", "fb.1.1790000000000.1"),
        ("user_data.consented", True, True),
    ],
)
def test_by_key_and_by_form(key: str, value: Any, shown: Any) -> None:
    assert mask(value, key) == shown


def test_a_url_keeps_its_path_and_plain_parameters() -> None:
    url = f"https://shop.example/a?q=lamp&email={quote(EMAIL)}&access_token={TOKEN}&ip=203.0.113.7#top"
    assert mask(url, "page_location") == (
        "https://shop.example/a?q=lamp&email=j***@***.example&access_token=***&ip=203.0.113.*#top"
    )


def test_a_url_inside_a_query_is_masked_too() -> None:
    inner = quote_plus(f"https://shop.example/?email={EMAIL}&q=1")
    shown = mask_query(f"ev=Purchase&dl={inner}&cd[value]=1.5".encode())
    assert "canary" not in shown
    assert shown.startswith("ev=Purchase&dl=https")
    assert shown.endswith("&cd[value]=1.5")


def test_a_query_stays_as_it_came_where_it_is_plain() -> None:
    query = "id=123&ev=Add%20To%20Cart&cd%5Bvalue%5D=1.5&empty=&flag&a=b=c&dt=a+b"
    assert mask_query(query) == query


def test_json_inside_text_is_masked_part_by_part() -> None:
    text = json.dumps([{"event_name": "Purchase", "user_data": {"em": [EMAIL], "fbp": "fb.1.2.3"}, "value": 1}])
    shown = json.loads(mask(text, "data"))
    assert shown == [
        {"event_name": "Purchase", "user_data": {"em": ["j***@***.example"], "fbp": "fb.1.2.3"}, "value": 1}
    ]


def test_keys_are_masked_too() -> None:
    assert mask_event({"opens": {EMAIL: 1}}) == {"opens": {"j***@***.example": 1}}


def test_the_event_itself_is_left_alone() -> None:
    event = {"user_data": {"email_address": EMAIL, "phones": [PHONE]}}
    before = json.dumps(event)
    mask_event(event)
    assert json.dumps(event) == before


FORMS = [
    EMAIL, EMAIL.upper(), quote(EMAIL, safe=""), f"<{EMAIL}>", f"Jane <{EMAIL}>", f'{{"a": "{EMAIL}"}}',
    f"mailto:{EMAIL}?subject=x", f"https://shop.example/u/{EMAIL}/edit", f"https://shop.example/?x={quote(EMAIL)}",
]  # fmt: skip
PLACES: list[Any] = [
    lambda value: {"note": value},
    lambda value: {"a": {"b": [{"c": value}]}},
    lambda value: {"a": json.dumps({"b": value})},
    lambda value: {"page_location": f"https://shop.example/?next={quote(value, safe='')}"},
    lambda value: {"user_data": {"address": [{"first_name": value}]}},
    lambda value: {"x-ga-anything": [value, value]},
]


@pytest.mark.parametrize("place", range(len(PLACES)))
@pytest.mark.parametrize("form", FORMS)
def test_no_email_comes_through_in_any_form_at_any_place(form: str, place: int) -> None:
    shown = json.dumps(mask_event(PLACES[place](form))).lower()
    assert "canary" not in shown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["user_data", "email", "note", "ip", "token", "a[b]", ""]), JSON, max_size=4))
def test_any_event_is_masked_to_json_of_the_same_shape(event: dict[str, Any]) -> None:
    shown = mask_event(event)
    assert shown.keys() == event.keys()
    json.dumps(shown)
    assert mask_event(shown).keys() == event.keys()


@given(st.binary(max_size=60))
def test_any_query_is_masked_to_as_many_pairs(query: bytes) -> None:
    assert mask_query(query).count("&") == query.count(b"&")


def test_depth_does_not_hurt() -> None:
    event: Any = EMAIL
    for _ in range(900):
        event = [event]
    assert HIDDEN in json.dumps(mask({"a": event}, "x"))
    assert mask("[" * 100_000 + EMAIL, "x").count("canary") == 0


HURTING = ["a" * 200_000 + "@", "+1 " * 70_000, "token" * 40_000, "a.b-" * 50_000 + "@x", "bearer " * 30_000]


@pytest.mark.parametrize("text", HURTING, ids=lambda text: text[:6])
def test_texts_made_to_hurt_come_back(text: str) -> None:
    """Patterns without bounds would take hours for one of these."""
    assert mask_text(text)
