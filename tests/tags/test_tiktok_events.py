"""The TikTok Events API template: what events become, what answers mean, and deliveries to an endpoint that checks."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.containers.templates import BUILT_IN, load_template
from runtime.model.delivery import Batch, Envelope, Response, Verdict
from runtime.model.event import Outcome
from runtime.model.hit import LoggedHit
from runtime.pipeline.program import Program
from runtime.pipeline.run import run as run_hit
from runtime.pipeline.tag import describe_request, judge, plan
from runtime.text.hashing import sha256_hex
from tests.delivery.rig import Rig, run, until
from tests.support.destinations import NOW_S, Bench
from tests.support.fake_tiktok import (
    PARTIAL,
    SERVER_FAULT,
    THROTTLED,
    FakeTikTok,
    problem_of,
    problem_of_body,
)
from tests.support.programs import hit, program
from tests.support.templates import shared_modules
from tests.support.vendor import status

SETTINGS = {"pixel_code": "C4ABCDEFGH", "access_token": "secret:TIKTOK_TOKEN"}
EVENT = {"event_name": "page_view", "event_id": "e1", "event_time": NOW_S - 10}
DAY_S = 86_400
TTP = "2F7h37YkS1j57AYSKTI7IHhJPYH"
WAITS_TO_BE_FULL = 60_000


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench("tiktok_events")


def mapped(bench: Bench, event: dict[str, Any], **given: Any) -> dict[str, Any]:
    item, reason = bench.map(event, **given)
    assert item is not None, reason
    assert problem_of(item) is None
    return dict(item)


def user_of(bench: Bench, change: dict[str, Any], **given: Any) -> dict[str, Any]:
    return dict(mapped(bench, EVENT | change, **given).get("user", {}))


@pytest.mark.parametrize(
    ("common", "name"),
    [
        ("page_view", "Pageview"),
        ("add_payment_info", "AddPaymentInfo"),
        ("add_to_cart", "AddToCart"),
        ("add_to_wishlist", "AddToWishlist"),
        ("begin_checkout", "InitiateCheckout"),
        ("contact", "Contact"),
        ("find_location", "FindLocation"),
        ("generate_lead", "SubmitForm"),
        ("purchase", "CompletePayment"),
        ("search", "Search"),
        ("sign_up", "CompleteRegistration"),
        ("subscribe", "Subscribe"),
        ("view_item", "ViewContent"),
        ("PlaceAnOrder", "PlaceAnOrder"),
        ("level_up", "level_up"),
    ],
)
def test_common_names_become_tiktoks(bench: Bench, common: str, name: str) -> None:
    assert mapped(bench, {**EVENT, "event_name": common})["event"] == name


def test_a_name_comes_from_the_tag_then_from_tiktok_then_from_the_list(bench: Bench) -> None:
    own = {**EVENT, "event_name": "purchase", "x-source-vendor": "tiktok", "x-source-event-name": "PlaceAnOrder"}
    foreign = {**own, "x-source-vendor": "meta"}

    assert mapped(bench, own, purchase_event="Purchase")["event"] == "PlaceAnOrder"
    assert mapped(bench, own, event_names={"purchase": "Sale"})["event"] == "Sale"
    assert mapped(bench, foreign, purchase_event="Purchase")["event"] == "Purchase"
    assert mapped(bench, foreign, event_names={"purchase": ""})["event"] == "CompletePayment"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"event_name": ""}, "no_event_name"),
        ({"event_name": ["purchase"]}, "no_event_name"),
        ({"event_time": "yesterday"}, "invalid_event_time"),
        ({"event_time": 0}, "invalid_event_time"),
        ({"event_time": NOW_S - 7 * DAY_S - 1}, "event_too_old"),
        ({"event_time": NOW_S - 7 * DAY_S}, None),
    ],
)
def test_what_cannot_be_an_event_is_given_up_with_a_reason(
    bench: Bench, change: dict[str, Any], reason: str | None
) -> None:
    assert bench.reason(EVENT | change) == reason


@pytest.mark.parametrize(
    ("given_time", "sent"),
    [
        (NOW_S - 1, NOW_S - 1),
        (str(NOW_S - 1), NOW_S - 1),
        (NOW_S - 0.5, NOW_S - 1),
        ((NOW_S - 1) * 1000 + 999, NOW_S - 1),
        ((NOW_S - 1) * 1_000_000, NOW_S - 1),
        (NOW_S + 3600, NOW_S),
        (None, NOW_S),
    ],
)
def test_times_are_whole_seconds_and_never_after_the_arrival(bench: Bench, given_time: Any, sent: int) -> None:
    event = {name: value for name, value in {**EVENT, "event_time": given_time}.items() if value is not None}

    assert mapped(bench, event)["event_time"] == sent


def test_one_value_is_a_text_and_several_are_a_list(bench: Bench) -> None:
    data = {"email_address": [" Ann@Shop.example ", "ann@shop.example", "nobody", 7]}
    assert user_of(bench, {"user_data": data}) == {"email": sha256_hex("ann@shop.example")}

    data["email_address"] = ["b@x.yz", "a@x.yz"]
    assert user_of(bench, {"user_data": data}) == {"email": [sha256_hex("b@x.yz"), sha256_hex("a@x.yz")]}


@pytest.mark.parametrize(
    ("number", "given", "sent"),
    [
        ("+1 (650) 555-1212", {}, "+16505551212"),
        (16505551212, {}, "+16505551212"),
        ("0049 151 2345678", {}, "+491512345678"),
        ("0151 2345678", {"default_country_code": "+49"}, "+491512345678"),
        ("0151 2345678", {}, None),
        ("(0)151 2345678", {}, None),
        ("12345", {}, None),
        ("+1234567890123456", {}, None),
    ],
)
def test_phone_numbers_are_hashed_with_their_plus(
    bench: Bench, number: Any, given: dict[str, Any], sent: str | None
) -> None:
    user = user_of(bench, {"user_data": {"phone_number": number}}, **given)

    assert user.get("phone") == (sent and sha256_hex(sent))


def test_the_address_tells_where_a_national_number_is_called(bench: Bench) -> None:
    data = {"phone_number": "(650) 555-1212", "address": {"country": "US"}}

    assert user_of(bench, {"user_data": data})["phone"] == (
        "1e231c66011e7a2d867a9cfae267a6aff103cf4913640b6e71a99850fc0ffbc8"
    )


@pytest.mark.parametrize(
    ("source", "change", "sent"),
    [
        ("user_id", {"user_id": " U 1 "}, "u 1"),
        ("user_id", {"client_id": "V1"}, None),
        ("client_id", {"client_id": "V1", "user_id": "U1"}, "v1"),
        ("none", {"user_id": "U1"}, None),
        ("none", {"x-tt-user-external_id": "X1"}, "x1"),
        ("user_id", {"user_id": "U1", "x-tt-user-external_id": "X1"}, "x1"),
        ("user_id", {"user_id": "   "}, None),
        ("user_id", {"user_id": "9b2f0a5e4c7d4a0f8e6b1c3d5f7a9b0c"}, "9b2f0a5e4c7d4a0f8e6b1c3d5f7a9b0c"),
    ],
)
def test_the_external_id_comes_from_where_the_setting_says(
    bench: Bench, source: str, change: dict[str, Any], sent: str | None
) -> None:
    user = user_of(bench, change, external_id_from=source)

    assert user.get("external_id") == (sent and sha256_hex(sent))


def test_hashes_of_other_kinds_and_hashed_places_are_left_out(bench: Bench) -> None:
    data = {
        "sha256_email_address": "0cc175b9c0f1b6a831c399e269772661",
        "address": {"city": sha256_hex("berlin"), "country": sha256_hex("de"), "region": "Berlin"},
    }

    assert user_of(bench, {"user_data": data}) == {"state": "berlin"}


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ({"ttclid": "E.C.P.a-b_c~d%2F"}, "E.C.P.a-b_c~d%2F"),
        ({"page_location": "https://shop.example/?a=1&ttclid=E.C.P.a#ttclid=no"}, "E.C.P.a"),
        ({"page_location": "https://shop.example/?xttclid=E.C.P.a"}, None),
        ({"page_location": "https://shop.example/#ttclid=E.C.P.a"}, None),
        ({"ttclid": "a b", "page_location": "https://shop.example/?ttclid=E.C.P.a"}, "E.C.P.a"),
        ({"ttclid": "x" * 512}, "x" * 512),
        ({"ttclid": "x" * 513}, None),
        ({"ttclid": {"a": 1}}, None),
        ({"x-tt-user-ttclid": "own", "ttclid": "other"}, "own"),
    ],
)
def test_click_ids_are_taken_where_they_can_be_ones(bench: Bench, change: dict[str, Any], sent: str | None) -> None:
    assert user_of(bench, change).get("ttclid") == sent


def test_what_is_no_number_or_no_amount_is_left_out(bench: Bench) -> None:
    event = {**EVENT, "value": "1e999", "x-tt-properties-predicted_ltv": "0x10", "x-tt-properties-num_items": "two"}

    assert "properties" not in mapped(bench, event)
    assert "properties" not in mapped(bench, {**EVENT, "value": -0.5})
    assert mapped(bench, {**EVENT, "value": "0.5"})["properties"] == {"value": 0.5}


def test_an_undocumented_key_of_the_user_never_travels(bench: Bench) -> None:
    change = {"x-tt-user-mail": "ann@shop.example", "x-tt-user-ip": "198.51.100.1", "x-tt-user-user_agent": "forged"}

    assert user_of(bench, change) == {}


@pytest.mark.parametrize(
    ("said", "default", "sent"),
    [(None, True, True), (None, False, None), (True, False, True), ("1", False, True), (False, True, None),
     ("perhaps", True, True)],
)  # fmt: skip
def test_limited_data_use_is_the_events_word_else_the_tags(bench: Bench, said: Any, default: bool, sent: Any) -> None:
    change = {} if said is None else {"x-tt-limited_data_use": said}

    assert mapped(bench, EVENT | change, limited_data_use=default).get("limited_data_use") is sent


def test_a_lead_is_a_crms_alone(bench: Bench) -> None:
    event = {**EVENT, "lead_id": 7123456789012345678, "lead_event_source": "Our CRM"}

    assert "lead" not in mapped(bench, event)
    assert mapped(bench, event, event_source="crm")["lead"] == {
        "lead_id": "7123456789012345678",
        "lead_event_source": "Our CRM",
    }


def test_properties_of_tiktoks_own_keep_their_word_and_take_their_form(bench: Bench) -> None:
    own = {
        "x-tt-properties-value": "9.5",
        "x-tt-properties-currency": "usd",
        "x-tt-properties-content_type": "cart",
        "x-tt-properties-content_ids": ["a", 7, {}],
        "x-tt-properties-contents": [{"content_id": 7, "price": "2", "size": "M", "quantity": "few"}, "b"],
        "x-tt-properties-color": {"name": "red"},
        "x-tt-properties-empty": [],
    }
    sent = mapped(bench, EVENT | own)["properties"]

    assert sent == {
        "value": 9.5,
        "currency": "USD",
        "content_ids": ["a", "7"],
        "contents": [{"content_id": "7", "price": 2, "size": "M"}],
        "color": {"name": "red"},
    }
    assert mapped(bench, {**EVENT, **own, "value": 1, "currency": "eur"})["properties"] | {"value": 1} == sent | {
        "value": 1,
        "currency": "EUR",
    }


def verdict(bench: Bench, http: int, body: Any, *, count: int = 1) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    response = {"status": http, "headers": {}, "body": text}
    return bench.verdict(response if isinstance(body, str) else response | {"json": body}, count=count)


@pytest.mark.parametrize(
    ("http", "body", "disposition", "stop"),
    [
        (200, {"code": 0}, "delivered", None),
        (200, {"code": "0"}, "delivered", None),
        (200, {"code": 40001}, "retry", True),
        (401, {"code": 40105}, "retry", True),
        (200, {"code": 40002}, "reject", None),
        (400, {"code": 40002}, "reject", None),
        (200, {"code": 40999}, "reject", None),
        (429, {"code": 40100}, "retry", None),
        (200, {"code": 50000}, "retry", None),
        (200, {"code": 61000}, "retry", None),
        (200, {"code": 20002}, "retry", None),
        (200, {"code": 1.5}, "retry", None),
        (200, {"code": {}}, "retry", None),
        (200, [], "retry", None),
        (200, "", "retry", None),
        (204, "", "retry", None),
        (200, "<html>Welcome</html>", "retry", None),
        (302, "", "retry", True),
        (400, "<html>Bad request</html>", "reject", None),
        (401, "", "retry", True),
        (403, "<html>", "retry", True),
        (404, "", "retry", True),
        (408, "", "retry", None),
        (413, "", "reject", None),
        (429, "", "retry", None),
        (503, "<html>", "retry", None),
    ],
)
def test_an_answer_is_read_by_its_body(bench: Bench, http: int, body: Any, disposition: str, stop: bool | None) -> None:
    found = verdict(bench, http, body, count=3)

    assert (found["disposition"], found.get("stop")) == (disposition, stop)
    assert disposition == "delivered" or found["reason"]


BAD = {"code": 40002, "message": "Bad"}


@pytest.mark.parametrize(
    ("data", "indexes"),
    [
        ({"failed_events": [{"index": 0, **BAD}]}, [1]),
        ({"failed_events": [{"index": 3, **BAD}]}, [3]),
        ([{"order_in_list": 3, **BAD}, {"order_in_list": 1, **BAD}], [3, 1]),
        ({"results": [{"index": 0, "code": 0}, {"index": 1, **BAD}, {"index": 2, "code": 0}]}, [1, 2, 3]),
        ({"failed_events": [{"index": 1, **BAD}]}, None),
        ({"failed_events": [{"index": 0, **BAD}, {"index": 3, **BAD}]}, None),
        ({"failed_events": [{"index": 0, **BAD}, {"index": 0, **BAD}]}, None),
        ({"failed_events": [{"index": 4, **BAD}]}, None),
        ({"failed_events": [{"index": -1, **BAD}]}, None),
        ({"failed_events": [{"index": 0, "message": "Bad"}]}, None),
        ({"failed_events": [{"index": 0, **BAD}], "warnings": [{"index": 0, **BAD}]}, None),
        ({"failed_events": ["e1"]}, None),
        ({}, None),
        ("e1", None),
    ],
)
def test_a_partial_success_names_events_only_for_certain(bench: Bench, data: Any, indexes: list[int] | None) -> None:
    found = verdict(bench, 200, {"code": 20001, "message": "Partial", "data": data}, count=3)

    assert found["disposition"] == "delivered"
    assert "Partial" in found["reason"]
    assert [item["index"] for item in found.get("items", [])] == (indexes or [])
    assert indexes or "cannot be known" in found["reason"]


def test_a_partial_success_of_one_event_is_its_refusal(bench: Bench) -> None:
    assert verdict(bench, 200, {"code": 20001, "message": "Partial"})["disposition"] == "reject"


EMAIL, PHONE, FIRST, LAST, ZIP = "ann.lee@private.example", "+4915123456789", "Annabelle", "Leesonova", "94105zz"
PRIVATE = ("ann.lee@", "annlee", "15123456789", "annabelle", "leesonova", "94105zz")
TEXTS = st.text(max_size=12) | st.sampled_from(
    ["", "0", "1e999", "0x10", "[", "EUR", "https://x.example/?ttclid=%00", "a b", sha256_hex("a"), "\x00items\x00"]
)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=10
)
PERSONAL = st.sampled_from([EMAIL, PHONE, FIRST, LAST, ZIP, EMAIL.upper(), f" {PHONE} ", [EMAIL, PHONE], {"x": FIRST}])
PERSON_KEYS = ["email_address", "phone_number", "sha256_email_address", "sha256_phone_number"]
ADDRESS_KEYS = ["first_name", "last_name", "sha256_first_name", "sha256_last_name", "postal_code"]
PLACES = st.dictionaries(st.sampled_from(["city", "region", "country"]), VALUES)
ADDRESSES = st.dictionaries(st.sampled_from(ADDRESS_KEYS), PERSONAL | VALUES)
PEOPLE = st.builds(
    lambda contacts, address, places, several: contacts | {"address": [address, places] if several else address},
    st.dictionaries(st.sampled_from(PERSON_KEYS), PERSONAL | VALUES), ADDRESSES, PLACES, st.booleans(),
)  # fmt: skip
ITEMS = st.lists(
    st.dictionaries(st.sampled_from(["item_id", "item_name", "item_brand", "price", "quantity"]), VALUES) | VALUES,
    max_size=4,
)
FIELDS = [
    "event_name", "event_id", "event_time", "page_location", "page_referrer", "ip_override", "user_agent", "language",
    "value", "currency", "transaction_id", "search_term", "ttclid", "ttp", "lead_id", "lead_event_source",
    "x-source-vendor", "x-source-event-name", "x-tt-limited_data_use", "x-tt-app", "x-tt-ad", "x-tt-lead",
    "x-tt-properties-value", "x-tt-properties-currency", "x-tt-properties-contents", "x-tt-properties-content_ids",
    "x-tt-properties-content_type", "x-tt-properties-num_items", "x-tt-properties-status", "x-tt-properties-",
    "x-tt-user-ttclid", "x-tt-user-idfa", "x-tt-user-locale", "x-tt-user-country", "x-tt-",
]  # fmt: skip
OWN_PERSON = [f"x-tt-user-{name}" for name in ("email", "phone", "first_name", "last_name", "zip_code", "mail", "name")]
EVENTS = st.builds(
    lambda named, fields, person, own, items: {
        **({"event_name": "purchase"} if named else {}), **fields, "user_data": person, **own, "items": items
    },
    st.booleans(),
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=12),
    PEOPLE | VALUES,
    st.dictionaries(st.sampled_from([*OWN_PERSON, "user_id", "client_id"]), PERSONAL, max_size=4),
    ITEMS | VALUES,
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(event=EVENTS, source=st.sampled_from(["web", "app", "offline", "crm"]), several=st.booleans())
def test_any_event_becomes_a_valid_one_without_personal_data_or_a_reason(
    bench: Bench, event: dict[str, Any], source: str, several: bool
) -> None:
    item, reason = bench.map(event, event_source=source, external_id_from="client_id" if several else "user_id")

    if item is None:
        assert reason.partition(":")[0] in ("no_event_name", "invalid_event_time", "event_too_old")
        return
    body = {"event_source": source, "event_source_id": "C4ABCDEFGH", "data": [item]}
    assert problem_of_body(body) is None
    sent = json.dumps(item, ensure_ascii=False).lower()
    assert not [each for each in PRIVATE if each in sent]


class Shop(Rig):
    """A shop whose events go to TikTok: real hits, the real pipeline, the real script, real HTTP."""

    program: Program

    def read_container(self, **given: Any) -> None:
        folder = BUILT_IN / "destinations" / "tiktok_events"
        tag = {
            "template": "tiktok_events",
            "settings": {**SETTINGS, "endpoint": self.vendor.endpoint, **given},
            "triggers": ["everything"],
        }
        self.program = program({"tags": {"tiktok": tag}}, load_template(folder), shared=shared_modules())

    def add_purchases(self, *ids: str) -> None:
        for id in ids:
            event = {"event_name": "purchase", "event_id": id, "value": 1, "currency": "EUR", "user_id": f"u-{id}"}
            self.add_hit(event | {"user_data": {"email_address": EMAIL}})

    def add_hit(self, event: dict[str, Any]) -> None:
        self.log.append(hit(event, seq=len(self.log) + 1, cookies={"_ttp": TTP, "ttclid": "a b"}))

    def run(self, logged: LoggedHit, only: frozenset[str] | None) -> Outcome:
        return run_hit(logged, self.program, only=only)

    def request(self, tag: str, batch: Batch) -> Envelope:
        return describe_request(self.program, tag, batch)

    def verdict(self, tag: str, response: Response, batch: Batch) -> Verdict:
        return judge(self.program, tag, response, batch)

    async def deliver(self, enough: Any) -> None:
        """Delivers until there is enough."""
        async with self.router(plan(self.program, "tiktok")):
            await until(enough)


def shop_for(vendor: FakeTikTok, folder: Path, **given: Any) -> Shop:
    shop = Shop(folder, vendor, secrets={"TIKTOK_TOKEN": "token"}, clock=lambda: float(NOW_S + 1))
    shop.read_container(linger_ms=WAITS_TO_BE_FULL, **given)
    return shop


def all_ids(count: int) -> list[str]:
    return [f"o-{number}" for number in range(count)]


def ids_of(request: Any) -> list[str]:
    return [event["event_id"] for event in request.json()["data"]]


def test_every_event_arrives_once_in_requests_that_tiktok_takes(tmp_path: Path) -> None:
    with FakeTikTok() as vendor:
        shop = shop_for(vendor, tmp_path, batch_size=10, test_event_code="TEST1", partner_name="shop-platform")
        shop.add_purchases(*all_ids(50))
        run(shop.deliver(lambda: len(vendor.counts) == 50))

    assert set(vendor.counts.values()) == {1}
    assert [len(ids_of(request)) for request in vendor.requests] == [10] * 5
    bodies = [request.json() for request in vendor.requests]
    assert {body["test_event_code"] for body in bodies} == {"TEST1"}
    assert all(b"token" not in request.body and EMAIL.encode() not in request.body for request in vendor.requests)
    assert vendor.events[0]["user"]["email"] == sha256_hex(EMAIL)
    assert vendor.events[0]["event"] == "CompletePayment"
    assert (vendor.events[0]["user"]["ttp"], vendor.events[0]["user"].get("ttclid")) == (TTP, None)


def test_what_is_odd_or_left_out_is_told_of(tmp_path: Path) -> None:
    with FakeTikTok() as vendor:
        shop = shop_for(vendor, tmp_path)
        shop.add_hit({"event_name": "level_up", "event_id": "e1", "user_data": {"email_address": "nobody"}})
        logs = shop.run(shop.log[0], None).logs

    assert logs == (
        "tag tiktok: warn: no standard event of TikTok's, sent all the same: level_up",
        "tag tiktok: warn: left out a ttclid that cannot be one",
        "tag tiktok: info: left out of user what cannot be right: email",
    )


@pytest.mark.parametrize("trouble", [THROTTLED, SERVER_FAULT, status(200, b""), status(200, b"<html>")])
def test_a_retry_keeps_the_event_ids_and_all_else(tmp_path: Path, trouble: Any) -> None:
    with FakeTikTok() as vendor:
        shop = shop_for(vendor, tmp_path, batch_size=5)
        shop.add_purchases(*all_ids(5))
        vendor.then(trouble, trouble)
        run(shop.deliver(lambda: len(vendor.counts) == 5))

    first, second, third = vendor.requests
    assert first.body == second.body == third.body
    assert ids_of(third) == all_ids(5)


def test_one_refused_event_is_found_and_the_others_arrive(tmp_path: Path) -> None:
    with FakeTikTok(refused=frozenset({"o-7"})) as vendor:
        shop = shop_for(vendor, tmp_path, batch_size=20)
        shop.add_purchases(*all_ids(20))
        run(shop.deliver(lambda: len(vendor.counts) == 19 and ["o-7"] in [ids_of(each) for each in vendor.requests]))

    assert "o-7" not in vendor.counts
    assert set(vendor.counts.values()) == {1}
    with closing(shop.reader()) as reader:
        dead = [(letter.row.seq, letter.row.reason) for letter in reader.dead_letters()]
    assert dead == [(8, "code 40002: one of the events is refused (request 20260921AbC)")]


def test_a_refused_token_stops_the_tag_and_loses_nothing(tmp_path: Path) -> None:
    with FakeTikTok(token="new") as vendor:
        shop = shop_for(vendor, tmp_path, batch_size=3)
        shop.add_purchases(*all_ids(3))

        def renewed() -> bool:
            if vendor.requests:
                shop.secrets["TIKTOK_TOKEN"] = "new"
            return len(vendor.counts) == 3

        run(shop.deliver(renewed))

    assert set(vendor.counts.values()) == {1}


def test_a_partial_success_that_names_nobody_is_not_sent_again(tmp_path: Path) -> None:
    with FakeTikTok() as vendor:
        shop = shop_for(vendor, tmp_path, batch_size=3)
        shop.add_purchases(*all_ids(6))
        vendor.then(PARTIAL)
        run(shop.deliver(lambda: len(vendor.requests) == 2))

    assert sorted(ids_of(vendor.requests[0]) + ids_of(vendor.requests[1])) == all_ids(6)
    with closing(shop.reader()) as reader:
        reasons = {attempt.row.reason for attempt in reader.attempts()}
        assert not reader.dead_letters()
    assert reasons == {
        "",
        "some were refused, which cannot be known: code 20001: Partial success (request 20260921AbC)",
    }
