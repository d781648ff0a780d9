"""The Meta Conversions API template: what events become, which are refused before Meta would, what answers mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.delivery.envelope import fill
from runtime.model.delivery import Envelope
from runtime.text.hashing import sha256_hex
from tests.support.destinations import NOW_S, Bench

EMAIL = sha256_hex("ann@shop.example")
EVENT = {
    "event_name": "page_view",
    "event_id": "e1",
    "event_time": NOW_S - 10,
    "page_location": "https://shop.example/",
    "ip_override": "203.0.113.7",
    "user_agent": "Mozilla/5.0",
}
PURCHASE = {**EVENT, "event_name": "purchase", "value": 12.5, "currency": "eur", "transaction_id": "1001"}
DAY_S = 86400


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench("meta_capi")


def without(event: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in fields}


def mapped(bench: Bench, event: dict[str, Any], **settings: Any) -> dict[str, Any]:
    item, reason = bench.map(event, **settings)
    assert item is not None, reason
    return dict(item)


@pytest.mark.parametrize(
    ("common", "meta"),
    [
        ("page_view", "PageView"),
        ("add_payment_info", "AddPaymentInfo"),
        ("add_to_cart", "AddToCart"),
        ("add_to_wishlist", "AddToWishlist"),
        ("sign_up", "CompleteRegistration"),
        ("begin_checkout", "InitiateCheckout"),
        ("generate_lead", "Lead"),
        ("search", "Search"),
        ("view_item", "ViewContent"),
        ("contact", "Contact"),
        ("customize_product", "CustomizeProduct"),
        ("donate", "Donate"),
        ("find_location", "FindLocation"),
        ("schedule", "Schedule"),
        ("start_trial", "StartTrial"),
        ("submit_application", "SubmitApplication"),
        ("subscribe", "Subscribe"),
        ("level_up", "level_up"),
    ],
)
def test_common_names_become_metas(bench: Bench, common: str, meta: str) -> None:
    assert mapped(bench, {**EVENT, "event_name": common})["event_name"] == meta


def test_metas_own_name_is_sent_unchanged_and_another_vendors_is_not(bench: Bench) -> None:
    event = {**EVENT, "x-source-event-name": "pageview"}

    assert mapped(bench, {**event, "x-source-vendor": "meta"})["event_name"] == "pageview"
    assert mapped(bench, {**event, "x-source-vendor": "other"})["event_name"] == "PageView"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (1_789_999_999, 1_789_999_999),
        ("1789999999", 1_789_999_999),
        (1_789_999_999.9, 1_789_999_999),
        (1_789_999_999_123, 1_789_999_999),
        (1_789_999_999_123_456, 1_789_999_999),
        (NOW_S + 60, NOW_S),
        (NOW_S - 7 * DAY_S, NOW_S - 7 * DAY_S),
    ],
)
def test_times_are_whole_seconds_and_never_ahead(bench: Bench, given: Any, sent: int) -> None:
    assert mapped(bench, {**EVENT, "event_time": given})["event_time"] == sent


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"event_time": NOW_S + 61}, "event_in_future"),
        ({"event_time": NOW_S - 7 * DAY_S - 1}, "event_too_old"),
        ({"event_time": "yesterday"}, "invalid_event_time"),
        ({"event_time": NOW_S - 62 * DAY_S - 1, "x-fb-action_source": "physical_store"}, "event_too_old"),
        ({"event_time": NOW_S - 62 * DAY_S, "x-fb-action_source": "physical_store"}, None),
        ({"x-fb-action_source": "web"}, "invalid_action_source"),
        ({"page_location": "shop.example/"}, "no_page_url"),
        ({"page_location": ""}, "no_page_url"),
        ({"page_location": "", "x-fb-action_source": "email"}, None),
        ({"user_agent": ""}, "no_user_agent"),
        ({"x-fb-action_source": "business_messaging"}, "no_messaging_channel"),
        ({"x-fb-action_source": "business_messaging", "x-fb-messaging_channel": "whatsapp"}, None),
        ({"x-fb-action_source": "app"}, "invalid_app_data"),
        ({"x-fb-action_source": "app", "x-fb-app_data": {"advertiser_tracking_enabled": 1}}, "invalid_app_data"),
        ({"event_name": "purchase"}, "no_value"),
        ({"event_name": "purchase", "value": -1, "currency": "EUR"}, "no_value"),
        ({"event_name": "purchase", "value": "much", "currency": "EUR"}, "no_value"),
        ({"event_name": "purchase", "value": 1}, "no_currency"),
        ({"event_name": "purchase", "value": 1, "currency": "euro"}, "no_currency"),
        ({"event_name": "purchase", "value": 0, "currency": "EUR"}, None),
        ({"x-source-vendor": "meta", "x-source-event-name": "Purchase"}, "no_value"),
    ],
)
def test_what_meta_would_refuse_is_refused_before_it_spoils_a_batch(
    bench: Bench, change: dict[str, Any], reason: str | None
) -> None:
    assert bench.reason(EVENT | change) == reason


TRACKING = {"advertiser_tracking_enabled": 0, "application_tracking_enabled": 0}


@pytest.mark.parametrize(
    ("extinfo", "reason"),
    [
        (["a2", "", "", "", "14", *[""] * 11], None),
        (["a2", "", "", "", "14", *[""] * 10], "invalid_app_data"),
        (["a2", *[""] * 15], "invalid_app_data"),
    ],
)
def test_extinfo_has_sixteen_places(bench: Bench, extinfo: list[str], reason: str | None) -> None:
    event = {**EVENT, "x-fb-action_source": "app", "x-fb-app_data": {**TRACKING, "extinfo": extinfo}}

    assert bench.reason(event) == reason


WEAK = [
    ("ct", "country", "st", "zp", "ge", "client_user_agent"),
    ("db", "client_user_agent"),
    ("fn", "ge"),
    ("ln", "ge"),
]
VALUES = {
    "ct": "berlin",
    "country": "de",
    "st": "be",
    "zp": "10115",
    "ge": "f",
    "db": "19970216",
    "fn": "ann",
    "ln": "lee",
}


@pytest.mark.parametrize("group", WEAK)
@pytest.mark.parametrize("missing", [False, True])
def test_weak_identifiers_are_refused_and_one_more_makes_them_strong(
    bench: Bench, group: tuple[str, ...], missing: bool
) -> None:
    keys = group[missing:]
    event = without({**EVENT, "x-fb-action_source": "email"}, "ip_override", "user_agent")
    event |= {f"x-fb-ud-{key}": VALUES[key] for key in keys if key in VALUES}
    if "client_user_agent" in keys:
        event["user_agent"] = "Mozilla/5.0"

    assert bench.reason(event) == "weak_identifiers"
    assert bench.reason({**event, "ip_override": "203.0.113.7"}) is None
    assert bench.reason({**event, "x-fb-ck-fbp": "fb.1.1790000000000.1234567890"}) is None


def test_a_value_that_is_dropped_identifies_nobody_and_is_told_of(bench: Bench) -> None:
    event = without({**EVENT, "user_data": {"email_address": "nobody"}}, "ip_override")

    item, reason = bench.map(event)

    assert item is None
    assert reason.endswith("left out of user_data: em (invalid_email)")


def test_people_are_read_from_common_names_and_the_vendors_own(bench: Bench) -> None:
    event = {
        **EVENT,
        "user_data": {
            "email_address": ["Ann@Shop.example", "ann@work.example"],
            "sha256_email_address": EMAIL,
            "phone_number": "0151 2345678",
            "address": [
                {"first_name": "Ann", "sha256_last_name": sha256_hex("lee"), "city": "Berlin", "region": "Berlin"},
                {"postal_code": "10115", "country": "Germany"},
            ],
        },
        "x-fb-ud-ge": "female",
        "x-fb-ud-db": "1997-02-16",
        "x-fb-ud-fb-login-id": 123456,
        "x-fb-ud-external_id": ["Customer 42", "Customer 42"],
        "x-fb-ud-client_ip_address": "198.51.100.1",
        "x-fb-ck-fbp": "fb.1.1790000000000.1234567890",
        "x-fb-ck-fbc": "nonsense",
    }

    assert mapped(bench, event, default_country_code="+49")["user_data"] == {
        "em": [EMAIL, sha256_hex("ann@work.example")],
        "ph": [sha256_hex("491512345678")],
        "fn": [sha256_hex("ann")],
        "ln": [sha256_hex("lee")],
        "ct": [sha256_hex("berlin")],
        "st": [sha256_hex("berlin")],
        "zp": [sha256_hex("10115")],
        "country": [sha256_hex("de")],
        "ge": [sha256_hex("f")],
        "db": [sha256_hex("19970216")],
        "fb_login_id": 123456,
        "external_id": [sha256_hex("customer42")],
        "client_ip_address": "203.0.113.7",
        "client_user_agent": "Mozilla/5.0",
        "fbp": "fb.1.1790000000000.1234567890",
    }


def test_lists_keep_order_and_lose_duplicates_and_bad_values(bench: Bench) -> None:
    event = {**EVENT, "x-fb-ud-em": ["B@x.yz", "nobody", "a@x.yz", "b@x.yz", "", True, {"x": 1}]}

    assert mapped(bench, event)["user_data"]["em"] == [sha256_hex("b@x.yz"), sha256_hex("a@x.yz")]


@pytest.mark.parametrize("id", ["007", "0x10", "1e3", "o-1"])
def test_ids_that_look_like_numbers_stay_as_they_are(bench: Bench, id: str) -> None:
    item = mapped(bench, {**PURCHASE, "event_id": id, "transaction_id": id, "x-fb-ud-external_id": id})

    assert (item["event_id"], item["custom_data"]["order_id"]) == (id, id)
    assert item["user_data"]["external_id"] == [sha256_hex(id)]


def test_an_event_without_a_time_happened_now(bench: Bench) -> None:
    assert mapped(bench, without(EVENT, "event_time"))["event_time"] == NOW_S


def test_numbers_count_as_text_and_verbatim_ones_stay_numbers(bench: Bench) -> None:
    data = mapped(bench, {**EVENT, "x-fb-ud-ph": 16505551212, "x-fb-ud-lead_id": 123456789012345})["user_data"]

    assert data["ph"] == [sha256_hex("16505551212")]
    assert data["lead_id"] == 123456789012345


def test_an_undocumented_key_never_travels_in_the_clear(bench: Bench) -> None:
    data = mapped(bench, {**EVENT, "x-fb-ud-email": "ann@shop.example"})["user_data"]

    assert data == {"client_ip_address": "203.0.113.7", "client_user_agent": "Mozilla/5.0"}


@pytest.mark.parametrize("country", ["us", "United States", sha256_hex("us").upper(), ["de", "US"]])
def test_a_us_postal_code_is_cut_however_the_country_is_given(bench: Bench, country: Any) -> None:
    data = mapped(bench, {**EVENT, "x-fb-ud-zp": "94105 12", "x-fb-ud-country": country})["user_data"]

    assert data["zp"] == [sha256_hex("94105")]


def test_birth_dates_end_with_the_year_after_the_arrival(bench: Bench) -> None:
    born = {year: mapped(bench, {**EVENT, "x-fb-ud-db": f"{year}0101"})["user_data"].get("db") for year in (2027, 2028)}

    assert born == {2027: [sha256_hex("20270101")], 2028: None}


@pytest.mark.parametrize(
    ("source", "change", "sent"),
    [
        ("user_id", {"user_id": "U 1"}, "u1"),
        ("user_id", {"client_id": "V1"}, None),
        ("client_id", {"client_id": "V1", "user_id": "U1"}, "v1"),
        ("none", {"user_id": "U1"}, None),
        ("user_id", {"user_id": "U1", "x-fb-ud-external_id": "X1"}, "x1"),
    ],
)
def test_the_external_id_comes_from_where_the_setting_says(
    bench: Bench, source: str, change: dict[str, Any], sent: str | None
) -> None:
    data = mapped(bench, EVENT | change, external_id_from=source)["user_data"]

    assert data.get("external_id") == (None if sent is None else [sha256_hex(sent)])


def test_items_become_contents(bench: Bench) -> None:
    items = [
        {
            "item_id": "a",
            "quantity": 2,
            "price": "5.25",
            "item_name": "A",
            "item_brand": "B",
            "item_category": "C",
            "coupon": "X",
        },
        {"item_id": 7, "price": "free"},
        {"item_name": "no id"},
    ]

    assert mapped(bench, {**PURCHASE, "items": items})["custom_data"] == {
        "value": 12.5,
        "currency": "EUR",
        "order_id": "1001",
        "contents": [
            {"id": "a", "quantity": 2, "item_price": 5.25, "title": "A", "brand": "B", "category": "C"},
            {"id": 7},
        ],
        "content_ids": ["a", 7],
        "content_type": "product",
        "num_items": 3,
    }


def test_what_metas_own_scripts_said_of_products_is_not_added_to(bench: Bench) -> None:
    event = {
        **PURCHASE,
        "x-source-vendor": "meta",
        "x-source-event-name": "Purchase",
        "items": [{"item_id": "a", "quantity": 1, "colour": "red"}],
        "x-fb-cd-content_ids": ["group"],
    }

    assert mapped(bench, event)["custom_data"] == {
        "value": 12.5,
        "currency": "EUR",
        "order_id": "1001",
        "contents": [{"id": "a", "quantity": 1, "colour": "red"}],
        "content_ids": ["group"],
    }


CUSTOM = {
    "content_category": "shoes",
    "content_name": "Boot",
    "content_type": "product_group",
    "contents": "plain text",
    "content_ids": ["a", 7],
    "delivery_category": "curbside",
    "event_source": "crm",
    "item_number": "9",
    "lead_event_source": "A CRM",
    "net_revenue": 3.5,
    "num_items": 4,
    "predicted_ltv": 100,
    "product_catalog_id": "77",
    "status": "true",
    "store_data": {"store_page_id": 5, "store_code": "b1"},
    "own_property": [{"any": {"json": [1, True, "x"]}}],
}


def test_every_custom_property_is_sent(bench: Bench) -> None:
    event = {**EVENT, "search_term": "boots", **{f"x-fb-cd-{key}": value for key, value in CUSTOM.items()}}

    assert mapped(bench, event)["custom_data"] == {**CUSTOM, "search_string": "boots"}


def test_other_fields_of_a_server_event_travel_as_they_came(bench: Bench) -> None:
    fields = {
        "advanced_measurement_table": "t",
        "attribution_data": {"attribution_model": "last_click", "attribution_share": 0.5},
        "original_event_data": {"event_name": "Purchase", "event_time": 1_789_999_000, "order_id": "1001"},
        "app_data": {**TRACKING, "campaign_ids": "c"},
        "messaging_channel": "messenger",
        "customer_segmentation": "new_customer_to_business",
    }
    item = mapped(
        bench,
        {**EVENT, "page_referrer": "https://a.example/", "x-fb-opt_out": True}
        | {f"x-fb-{k}": v for k, v in fields.items()},
    )

    assert {name: item[name] for name in fields} == fields
    assert item["opt_out"] is True
    assert item["referrer_url"] == "https://a.example/"


def test_segmentation_may_lie_in_custom_data(bench: Bench) -> None:
    event = {**EVENT, "x-fb-customer_segmentation": "new_customer_to_business"}

    item = mapped(bench, event, segmentation_in_custom_data=True)

    assert item["custom_data"] == {"customer_segmentation": "new_customer_to_business"}
    assert "customer_segmentation" not in item


@pytest.mark.parametrize(
    ("event", "settings", "sent"),
    [
        ({}, {}, (None, None, None)),
        ({}, {"data_processing_options": ["LDU"]}, (["LDU"], 0, 0)),
        ({}, {"data_processing_options": ["LDU"], "data_processing_options_country": 1}, (["LDU"], 1, 0)),
        ({"": [], "_country": 0}, {"data_processing_options": ["LDU"]}, (None, None, None)),
        ({"": ["LDU"], "_country": 1, "_state": 1000}, {}, (["LDU"], 1, 1000)),
        ({"": ["LDU"]}, {}, (["LDU"], 0, 0)),
    ],
)
def test_limited_data_use(bench: Bench, event: dict[str, Any], settings: dict[str, Any], sent: tuple[Any, ...]) -> None:
    given = {f"x-fb-data_processing_options{name}": value for name, value in event.items()}
    item = mapped(bench, EVENT | given, **settings)

    assert tuple(item.get(f"data_processing_options{end}") for end in ("", "_country", "_state")) == sent


def test_appendices_of_urls_go_on_request(bench: Bench) -> None:
    event = {**EVENT, "page_location": "https://shop.example/a.download.AQIAAQMC"}

    assert mapped(bench, event)["event_source_url"].endswith(".AQIAAQMC")
    assert mapped(bench, event, strip_appendix=True)["event_source_url"] == "https://shop.example/a.download"


SETTINGS = {"pixel_id": "42", "access_token": "META_TOKEN", "endpoint": "https://graph.facebook.com/"}


def filled(request: dict[str, Any], secrets: dict[str, str], items: list[bytes]) -> Any:
    body = request["body"] if isinstance(request["body"], str) else json.dumps(request["body"])
    envelope = Envelope(request["method"], request["url"], request["headers"], body)
    return fill(envelope, items, at_s=NOW_S, secret=secrets.__getitem__, timeout_s=1, hosts=()).request


def test_the_token_travels_in_the_body(bench: Bench) -> None:
    request = filled(bench.request(**SETTINGS), {"META_TOKEN": "token"}, [b'{"event_name":"Lead"}'])

    assert request.url == "https://graph.facebook.com/v25.0/42/events"
    assert json.loads(request.body) == {"access_token": "token", "data": [{"event_name": "Lead"}]}


def test_the_proof_of_the_app_secret(bench: Bench) -> None:
    request = bench.request(**SETTINGS, app_secret="APP")

    assert filled(request, {"META_TOKEN": "token", "APP": "app-secret"}, [b"{}"]).url.endswith(
        "?appsecret_proof=4b062935fec529e51d39e89ee371a452c231b1e0c5549ac72d83fc4f3a0b0471"
    )


def test_what_a_sender_said_beside_its_events_is_kept_apart_by_batch_key(bench: Bench) -> None:
    given = {"x-fb-test_event_code": "TEST1", "x-fb-upload_tag": "may", "x-fb-partner_agent": "shop"}
    _, options = bench.map(EVENT | given)
    body = bench.request(**SETTINGS, key=options["key"], test_event_code="TEST2", partner_agent="own")["body"]

    assert {name: body[name] for name in ("test_event_code", "upload_tag", "partner_agent")} == {
        "test_event_code": "TEST1",
        "upload_tag": "may",
        "partner_agent": "shop",
    }
    assert bench.map(EVENT)[1] in ({}, [])


def test_settings_name_the_test_and_the_agent(bench: Bench) -> None:
    body = bench.request(**SETTINGS, test_event_code="TEST2", partner_agent="own")["body"]

    assert (body["test_event_code"], body["partner_agent"]) == ("TEST2", "own")


def answer(status: int, body: Any = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    decoded = {} if isinstance(body, str) or body is None else {"json": body}
    return {"status": status, "headers": headers or {}, "body": text} | decoded


def error(code: Any, subcode: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "error": {"message": "words", "code": code, "fbtrace_id": "t"}
        | ({"error_subcode": subcode} if subcode else {})
        | more
    }


@pytest.mark.parametrize(
    ("codes", "disposition", "stop"),
    [
        ((1, 2, 5000, 21009, 99999, None), "retry", False),
        ((4, 17, 32, 341, 613, 80000, 80003, 80004, 80014), "retry", False),
        ((368,), "retry", False),
        ((3, 10, 102, 190, 200, 250, 294, 299), "retry", True),
        ((100, 105, 506), "reject", False),
    ],
)
@pytest.mark.parametrize("status", [400, 500, 200])
def test_error_codes(bench: Bench, codes: tuple[Any, ...], disposition: str, stop: bool, status: int) -> None:
    for code in codes:
        found = bench.verdict(answer(status, error(code)))
        assert (found["disposition"], found.get("stop", False)) == (disposition, stop), code


@pytest.mark.parametrize(
    ("body", "disposition", "stop"),
    [
        (error(100, 33), "retry", True),
        (error(100, 2804003), "reject", False),
        (error(190, 463), "retry", True),
        (error(100, is_transient=True), "retry", False),
    ],
)
def test_sub_codes_and_transient_errors(bench: Bench, body: dict[str, Any], disposition: str, stop: bool) -> None:
    found = bench.verdict(answer(400, body))

    assert (found["disposition"], found.get("stop", False)) == (disposition, stop)


@pytest.mark.parametrize(
    ("response", "disposition"),
    [
        (answer(200, {"events_received": 1, "messages": [], "fbtrace_id": "t"}), "delivered"),
        (answer(200, {"events_received": 0, "messages": [], "fbtrace_id": "t"}), "delivered"),
        (answer(200, {"success": False}), "retry"),
        (answer(200, "<html>maintenance</html>"), "retry"),
        (answer(200, "Service Unavailable"), "retry"),
        (answer(400, "<html>bad gateway</html>"), "retry"),
        (answer(400, {"unexpected": True}), "retry"),
        (answer(413, "too large"), "reject"),
        (answer(429, "slow down"), "retry"),
        (answer(503), "retry"),
    ],
)
def test_answers_without_an_error_object(bench: Bench, response: dict[str, Any], disposition: str) -> None:
    assert bench.verdict(response)["disposition"] == disposition


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "30"}, 30),
        ({"x-app-usage": '{"call_count":100,"estimated_time_to_regain_access":2}'}, 120),
        (
            {
                "x-business-use-case-usage": '{"42":[{"type":"x","estimated_time_to_regain_access":5}]}',
                "retry-after": "1",
            },
            300,
        ),
        ({"x-ad-account-usage": "not json"}, None),
    ],
)
def test_throttles_say_how_long(bench: Bench, headers: dict[str, str], seconds: int | None) -> None:
    assert bench.verdict(answer(400, error(4), headers)).get("retry_after") == seconds


def test_reasons_hold_the_vendors_words(bench: Bench) -> None:
    body = error(100, 2804019, error_user_msg="Add a value.", error_data={"blame_field_specs": [["data", 0]]})

    assert bench.verdict(answer(400, body))["reason"] == 'code 100/2804019: Add a value. ([["data",0]])'


def test_a_browser_purchase_is_cheap(bench: Bench) -> None:
    bench.map(
        {**PURCHASE, "user_data": {"sha256_email_address": EMAIL}, "items": [{"item_id": "a", "quantity": 1}] * 5}
    )

    assert bench.instructions < 20_000
