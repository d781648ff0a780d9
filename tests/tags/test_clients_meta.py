"""The three clients that read formats of Meta's, against worked vectors and Meta's own SDK forms."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from tests.support.clients import AT_S, TOKEN, Door

EMAIL_HASH = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
FBP = "fb.1.1790000000000.1234567890"
GIF = base64.b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
PURCHASE = (
    "/tr/?id=111&ev=Purchase&dl=https%3A%2F%2Fshop.example%2Fthanks&rl=&if=false&ts=1790000000500"
    "&cd[value]=12.5&cd[currency]=EUR&cd[contents]=%5B%7B%22id%22%3A%22sku1%22%2C%22quantity%22%3A1%7D%5D"
    f"&ud[em]={EMAIL_HASH}&v=2.9.408&r=stable&ec=0&fbp={FBP}&eid=o-1001&rqm=GET"
)
PURCHASE_EVENT = {
    "event_name": "purchase",
    "event_id": "o-1001",
    "event_time": 1790000000,
    "page_location": "https://shop.example/thanks",
    "value": 12.5,
    "currency": "EUR",
    "items": [{"item_id": "sku1", "quantity": 1}],
    "user_data": {"sha256_email_address": EMAIL_HASH},
    "ip_override": "198.51.100.20",
    "user_agent": "Mozilla/5.0",
    "x-fb-ck-fbp": FBP,
    "x-fb-action_source": "website",
    "x-fb-pixel_id": "111",
    "x-source-event-name": "Purchase",
    "x-source-vendor": "meta",
}


def without_visitor(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "client_id"}


def test_the_pixels_vector() -> None:
    taken = Door("meta_pixel").get(PURCHASE)
    assert [without_visitor(event) for event in taken.events] == [PURCHASE_EVENT]
    assert taken.parsed.repairs == {}
    assert (taken.answer.status, taken.answer.body) == (200, GIF)
    assert taken.answer.headers["content-type"] == "image/gif"
    assert taken.answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("multipart", [False, True])
def test_the_pixels_other_transports_say_the_same(encoded: bool, multipart: bool) -> None:
    query = PURCHASE.partition("?")[2]
    if encoded:
        query = query.replace("[", "%5B").replace("]", "%5D")
    body, content_type = query.encode(), "application/x-www-form-urlencoded"
    if multipart:
        body, content_type = multipart_of(query)
    taken = Door("meta_pixel").post("/tr", body, content_type)
    assert [without_visitor(event) for event in taken.events] == [PURCHASE_EVENT]
    assert (taken.answer.status, taken.answer.body) == (200, b"")


def multipart_of(query: str) -> tuple[bytes, str]:
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parse_qsl(query, keep_blank_values=True)
    ]
    return ("".join(parts) + "--b--\r\n").encode(), "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("sent_ms", "time_s"),
    [
        ("1790000000500", 1790000000),
        (str((AT_S - 3600) * 1000), AT_S - 3600),
        (str((AT_S - 3601) * 1000), AT_S),
        (str((AT_S + 1) * 1000), AT_S),
        ("soon", AT_S),
        ("", AT_S),
        ("1e12", AT_S),
    ],
)
def test_the_browsers_clock_counts_for_an_hour(sent_ms: str, time_s: int) -> None:
    taken = Door("meta_pixel").get(f"/tr?id=111&ev=PageView&ts={sent_ms}")
    assert taken.events[0]["event_time"] == time_s


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("PageView", "page_view"),
        ("ViewContent", "view_item"),
        ("InitiateCheckout", "begin_checkout"),
        ("CompleteRegistration", "sign_up"),
        ("Lead", "generate_lead"),
        ("purchase", "purchase"),
        ("Cart saved", "Cart saved"),
    ],
)
def test_names_are_common_where_there_is_one_and_metas_own_stays(name: str, ours: str) -> None:
    event = Door("meta_pixel").get(f"/tr?id=111&ev={quote(name)}").events[0]
    assert (event["event_name"], event["x-source-event-name"]) == (ours, name)


def test_only_web_addresses_become_pages() -> None:
    event = Door("meta_pixel").get("/tr?id=111&ev=PageView&dl=file%3A%2F%2F%2Fetc&rl=javascript%3Aalert(1)").events[0]
    assert "page_location" not in event
    assert "page_referrer" not in event


def test_content_ids_that_the_items_hold_are_not_said_twice() -> None:
    contents = quote('[{"id":"a"},{"id":"b"}]')
    door = Door("meta_pixel")
    same = door.get(f"/tr?id=1&ev=Purchase&cd[contents]={contents}&cd[content_ids]=a,b").events[0]
    other = door.get(f"/tr?id=1&ev=Purchase&cd[contents]={contents}&cd[content_ids]=b,a").events[0]
    assert same["items"] == other["items"] == [{"item_id": "a"}, {"item_id": "b"}]
    assert "x-fb-cd-content_ids" not in same
    assert other["x-fb-cd-content_ids"] == ["b", "a"]


def test_a_browser_cannot_vouch_for_the_visitors_address() -> None:
    event = Door("meta_pixel").get("/tr?id=1&ev=Lead&ud[client_ip_address]=192.0.2.1&ud[fbc]=fb.1.1.x").events[0]
    assert event["ip_override"] == "198.51.100.20"
    assert "192.0.2.1" not in str(event)
    assert "x-fb-ck-fbc" not in event


def test_the_pixel_copys_vector() -> None:
    body = {
        "event_name": "AddToCart",
        "event_id": "e1",
        "fb.pixel_id": "111",
        "custom_data": {"value": 5, "currency": "EUR"},
        "website_context": {"location": "https://shop.example/p", "referrer": "", "isInIFrame": False},
        "fb.advanced_matching": {"em": EMAIL_HASH, "chfv": "x"},
        "fb.fbp": FBP,
    }
    door = Door("meta_openbridge")
    taken = door.post("/events?cee=no", body, "text/plain;charset=UTF-8", origin="https://shop.example")
    changed = {
        "event_name": "add_to_cart",
        "event_id": "e1",
        "event_time": AT_S,
        "page_location": "https://shop.example/p",
        "value": 5,
        "x-source-event-name": "AddToCart",
    }
    expected = {name: value for name, value in (PURCHASE_EVENT | changed).items() if name != "items"}
    assert [without_visitor(event) for event in taken.events] == [expected]
    assert (taken.answer.status, taken.answer.body) == (200, b"")
    assert taken.answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert len(door.post("/events", [body, body], "text/plain").events) == 2


@pytest.fixture(scope="module")
def intake() -> Door:
    return Door("meta_capi_intake", access_tokens=["secret:INTAKE"])


LEAD = {"event_name": "Lead", "event_time": 1790000000, "user_data": {"em": [EMAIL_HASH]}}


def forms() -> dict[str, tuple[bytes, str]]:
    form = "application/x-www-form-urlencoded"
    texts = json.dumps([json.dumps(LEAD)], separators=(",", ":"))
    return {
        "json": (json.dumps({"data": [LEAD]}).encode(), "application/json"),
        "json text in json": (json.dumps({"data": json.dumps([LEAD])}).encode(), "application/json"),
        "async form": (urlencode({"data": json.dumps([LEAD])}).encode(), form),
        "sync form": (urlencode({"data": texts}).encode(), form),
        "multipart": multipart_of(urlencode({"data": texts})),
    }


@pytest.mark.parametrize("form", forms())
@pytest.mark.parametrize("path", ["/v25.0/111/events", "/capi/111/events", "/v26.0/111/events/"])
def test_all_forms_of_a_batch_decode_to_the_same_events(intake: Door, form: str, path: str) -> None:
    body, content_type = forms()[form]
    taken = intake.post(f"{path}?access_token={TOKEN}", body, content_type)
    assert taken.json == {"events_received": 1, "messages": [], "fbtrace_id": "0.1"}
    assert taken.events == [
        {
            "event_name": "generate_lead",
            "event_time": 1790000000,
            "event_id": "0.1.0",
            "x-event-id-generated": True,
            "user_data": {"sha256_email_address": EMAIL_HASH},
            "x-fb-pixel_id": "111",
            "x-source-event-name": "Lead",
            "x-source-vendor": "meta",
        }
    ]


@pytest.mark.parametrize(
    ("query", "body", "headers"),
    [
        (f"?access_token={TOKEN}", {}, {}),
        (f"?accessKey={TOKEN}", {}, {}),
        ("", {"access_token": TOKEN}, {}),
        ("", {"accessKey": TOKEN}, {}),
        ("", {}, {"authorization": f"Bearer {TOKEN}"}),
    ],
)
def test_the_token_may_stand_wherever_senders_put_it_and_is_not_kept(
    intake: Door, query: str, body: dict[str, str], headers: dict[str, str]
) -> None:
    taken = intake.post(f"/capi/111/events{query}", body | {"data": [LEAD]}, "application/json", **headers)
    assert taken.answer.status == 200
    hit = taken.answer.hit
    assert hit is not None
    assert (hit.verified, hit.trust) == ("secret:INTAKE", "server")
    assert TOKEN not in repr(hit)
    assert taken.events


@pytest.mark.parametrize("token", ["", "?access_token=", "?access_token=other"])
def test_a_bad_key_is_refused_as_meta_refuses_it(intake: Door, token: str) -> None:
    taken = intake.post(f"/v25.0/111/events{token}", {"data": [LEAD]})
    error = taken.json["error"]
    assert taken.answer.status == 401
    assert (error["type"], error["code"], error["is_transient"]) == ("OAuthException", 190, False)
    assert error["message"]
    assert "fbtrace_id" in error


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[]",
        b"5",
        b'{"data":5}',
        b'{"data":"x"}',
        b'{"events":[]}',
        json.dumps({"data": [LEAD] * 1001}).encode(),
    ],
)
def test_bad_input_is_refused_as_meta_refuses_it(intake: Door, body: bytes) -> None:
    taken = intake.post(f"/v25.0/111/events?access_token={TOKEN}", body)
    assert taken.answer.status == 400
    assert taken.json["error"]["code"] == 100


def test_a_thousand_events_are_taken_at_once(intake: Door) -> None:
    events = [LEAD | {"event_id": str(number)} for number in range(1000)]
    taken = intake.post(f"/v25.0/111/events?access_token={TOKEN}", {"data": events})
    assert taken.json["events_received"] == 1000
    assert [event["event_id"] for event in taken.events] == [str(number) for number in range(1000)]


def test_a_server_speaks_for_its_visitor_and_nothing_of_its_own_is_filled_in(intake: Door) -> None:
    user_data = {"client_ip_address": "192.0.2.7", "client_user_agent": "App/1", "fbp": FBP, "fbc": "fb.1.1.x"}
    body = {"data": [LEAD | {"user_data": user_data}, LEAD]}
    visitor, nobody = intake.post(f"/v25.0/111/events?access_token={TOKEN}", body).events
    assert (visitor["ip_override"], visitor["user_agent"]) == ("192.0.2.7", "App/1")
    assert (visitor["x-fb-ck-fbp"], visitor["x-fb-ck-fbc"]) == (FBP, "fb.1.1.x")
    assert not {"ip_override", "user_agent", "client_id", "x-fb-ck-fbp"} & set(nobody)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (1790000000, 1790000000),
        ("1790000000", 1790000000),
        (1790000000.9, 1790000000),
        (1790000000000, 1790000000),
        (1790000000000000, 1790000000),
        (-5, AT_S),
        ("soon", AT_S),
        ([1], AT_S),
    ],
)
def test_times_in_other_units_are_read(intake: Door, given: Any, seconds: int) -> None:
    taken = intake.post(f"/v25.0/1/events?access_token={TOKEN}", {"data": [LEAD | {"event_time": given}]})
    assert taken.events[0]["event_time"] == seconds
    assert taken.parsed.repairs == ({"bad_event_time": 1} if seconds == AT_S else {})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://shop.example/thanks.AQICAQMC", "https://shop.example/thanks"),
        ("https://shop.example/thanks?a=b.AQYDAQMC", "https://shop.example/thanks?a=b"),
        ("https://shop.example/v1.checkout", "https://shop.example/v1.checkout"),
        ("https://shop.example/thanks.AQcCAQMC", "https://shop.example/thanks.AQcCAQMC"),
        ("https://shop.example/thanks.Ag", "https://shop.example/thanks.Ag"),
    ],
)
def test_an_appendix_is_taken_off_only_where_it_is_one(intake: Door, given: str, kept: str) -> None:
    body = {"data": [LEAD | {"event_source_url": given, "referrer_url": given}]}
    event = intake.post(f"/v25.0/1/events?access_token={TOKEN}", body).events[0]
    assert event["page_location"] == event["page_referrer"] == kept


@pytest.mark.parametrize(
    ("user_data", "expected"),
    [
        ({"em": "a@shop.example"}, {"user_data": {"email_address": "a@shop.example"}}),
        ({"em": [EMAIL_HASH.upper()]}, {"user_data": {"sha256_email_address": EMAIL_HASH}}),
        (
            {"em": ["a@shop.example", EMAIL_HASH, "b@shop.example"]},
            {
                "user_data": {
                    "email_address": ["a@shop.example", "b@shop.example"],
                    "sha256_email_address": EMAIL_HASH,
                }
            },
        ),
        (
            {"ph": f"{EMAIL_HASH.upper()}.AQICAQMC"},
            {"user_data": {"sha256_phone_number": f"{EMAIL_HASH}.AQICAQMC"}},
        ),
        ({"em": "d41d8cd98f00b204e9800998ecf8427e"}, {"x-fb-ud-em": "d41d8cd98f00b204e9800998ecf8427e"}),
        ({"fn": EMAIL_HASH}, {"user_data": {"address": {"sha256_first_name": EMAIL_HASH}}}),
        ({"fn": ["Ann", "Anna"]}, {"x-fb-ud-fn": ["Ann", "Anna"]}),
        ({"ct": EMAIL_HASH}, {"x-fb-ud-ct": EMAIL_HASH}),
        ({"zp": 10115}, {"user_data": {"address": {"postal_code": "10115"}}}),
        ({"ge": "f", "db": ""}, {"x-fb-ud-ge": "f"}),
        ({"external_id": ["c1", "c2"]}, {"x-fb-ud-external_id": ["c1", "c2"]}),
        ({"em": [], "fn": None}, {}),
        ({"em": [{"a": 1}, {"b": 2}, ["c"]], "ph": {"a": 1}}, {}),
    ],
)
def test_user_data_gets_common_names_where_they_say_the_same(
    intake: Door, user_data: dict[str, Any], expected: dict[str, Any]
) -> None:
    body = {"data": [{"event_name": "Lead", "user_data": user_data}]}
    event = intake.post(f"/v25.0/1/events?access_token={TOKEN}", body).events[0]
    assert {name: event[name] for name in event if name == "user_data" or "-ud-" in name} == expected


@pytest.mark.parametrize(
    ("pairs", "repairs"),
    [
        ("eid=&ts=&dl=&rl=&ud=&sw=&sh=&cd[value]=", {}),
        ("rl=android-app://com.example", {}),
        ("rl=javascript:void", {"bad_url": 1}),
        ("ts=yesterday", {"bad_event_time": 1}),
        ("sw=wide&sh=1", {"bad_number": 1}),
        ("eid[]=a", {"bad_event_id": 1}),
        ("cd=x&ud[]=y", {"not_an_object": 2}),
    ],
)
def test_what_the_pixel_says_and_nobody_can_use_is_counted(pairs: str, repairs: dict[str, int]) -> None:
    assert Door("meta_pixel").get(f"/tr?id=1&ev=Lead&{pairs}").parsed.repairs == repairs


@pytest.mark.parametrize(
    ("fields", "repairs"),
    [
        ({"custom_data": "", "event_id": None, "website_context": {}}, {}),
        ({"custom_data": 1, "website_context": [1], "fb.advanced_matching": "x"}, {"not_an_object": 3}),
        ({"website_context": {"location": 5}, "event_id": {}}, {"bad_url": 1, "bad_event_id": 1}),
        ({"custom_data": {"value": True, "currency": 5}}, {"bad_number": 1, "bad_currency": 1}),
        ({"fb.advanced_matching": {"em": {"a": 1}, "ph": True, "fn": [{"a": 1}]}}, {"bad_user_data": 3}),
        ({"fb.fbp": 5, "fb.fbc": {}}, {"bad_fbp": 1, "bad_fbc": 1}),
    ],
)
def test_what_the_pixel_copy_says_and_nobody_can_use_is_counted(
    fields: dict[str, Any], repairs: dict[str, int]
) -> None:
    event = {"fb.pixel_id": "1", "event_name": "Lead"} | fields
    assert Door("meta_openbridge").post("/events", event).parsed.repairs == repairs


def test_a_page_without_a_scheme_is_kept_and_counted(intake: Door) -> None:
    pages = ["https://a.example/", "app://home", "a.example", 5]
    data = [{"event_name": "Lead", "event_source_url": page} for page in pages]
    taken = intake.post(f"/capi/1/events?access_token={TOKEN}", {"data": data})
    assert [event.get("page_location") for event in taken.events] == [*pages[:3], None]
    assert taken.parsed.repairs == {"bad_url": 2}
