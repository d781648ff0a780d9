"""The GA4 Measurement Protocol template: what events become within Google's limits, and what Google's silence hides."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.containers.snapshot import build_snapshot
from runtime.containers.templates import BUILT_IN
from runtime.delivery.envelope import fill
from runtime.model.consent import PURPOSES
from runtime.model.container import Container
from runtime.model.delivery import Batch, Disposition, Envelope, Request, Response, TagPlan, Verdict
from runtime.model.event import Event, Outcome, TagRun
from runtime.model.hit import LoggedHit
from runtime.pipeline.fire import fire
from runtime.pipeline.mapping import map_tags
from runtime.pipeline.program import Program
from runtime.pipeline.run import run as run_pipeline
from runtime.pipeline.scope import Scope
from runtime.pipeline.tag import describe_request, judge, plan
from runtime.pipeline.transform import transform
from runtime.text.hashing import sha256_hex
from runtime.text.jsons import without_nuls
from tests.delivery.rig import Rig, run, until
from tests.support.fake_ga4 import MAX_BODY, FakeGa4, validation_messages
from tests.support.programs import hit
from tests.support.templates import templates_of
from tests.support.vendor import status

NOW_S = 1_790_000_000
DAY_S = 86_400
TAG = "ga"
SECRET = "a-secret-of-the-stream"
MEASUREMENT = {"measurement_id": "G-ABC123", "api_secret": "secret:GA4_SECRET"}
EVENT: Event = {"event_name": "page_view", "event_id": "e1", "event_time": NOW_S - 10, "client_id": "123.456"}
GRANTED: dict[str, bool] = dict.fromkeys(PURPOSES, True)


@lru_cache(maxsize=64)
def _program(given: str) -> Program:
    templates = templates_of(BUILT_IN / "clients" / "json_event", BUILT_IN / "destinations" / "ga4_mp")
    tag = {"template": "ga4_mp", "settings": MEASUREMENT | json.loads(given), "triggers": ["everything"]}
    container = {
        "container": "shop",
        "clients": {"in": {"template": "json_event"}},
        "tags": {TAG: tag},
        "triggers": {"everything": {"all": []}},
    }
    return Program.build(build_snapshot(Container.model_validate(container), templates, 1))


def program(**settings: Any) -> Program:
    return _program(json.dumps(settings, sort_keys=True))


def tag_run(
    event: Event, *, consent: dict[str, bool] = GRANTED, cookies: dict[str, str] | None = None, **settings: Any
) -> TagRun:
    """Returns what the tag makes of an event, by the stages of the pipeline."""
    compiled = program(**settings)
    scope = Scope(
        compiled.sandbox,
        event,
        seed="7/0",
        at_us=NOW_S * 1_000_000,
        variables=compiled.variables,
        logs=[],
        hit=hit(b"", cookies=cookies or {}),
    )
    scope.consent = {**consent}
    firing = fire(scope, compiled.slate(event.get("event_name"), None))
    return map_tags(scope, firing, transform(scope))[0]


@dataclass(frozen=True)
class Sent:
    """A request for one event."""

    request: Request

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.request.body))

    @property
    def event(self) -> dict[str, Any]:
        return dict(self.body["events"][0])

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.event["params"])


def request_of(*runs: TagRun, **settings: Any) -> Request:
    assert len({run.key for run in runs}) == 1
    envelope = describe_request(program(**settings), TAG, Batch(runs[0].key, len(runs), 1))
    items = [run.item for run in runs]
    return fill(envelope, items, at_s=NOW_S, secret={"GA4_SECRET": "s"}.__getitem__, timeout_s=1, hosts=()).request


def sent(event: Event, **given: Any) -> Sent:
    made = tag_run(event, **given)
    assert made.state == "fired", made.reason
    return Sent(
        request_of(made, **{name: value for name, value in given.items() if name not in ("consent", "cookies")})
    )


def code_of(event: Event, **given: Any) -> str:
    """Returns the code for which the event is dropped, "" where it is sent."""
    made = tag_run(event, **given)
    assert made.state in ("fired", "dropped"), made.reason
    return made.reason.partition(":")[0]


def test_the_vector_of_the_wire() -> None:
    purchase = {
        "event_name": "purchase",
        "event_time": NOW_S,
        "client_id": "123.456",
        "ga_session_id": "1790000000",
        "currency": "EUR",
        "value": 12.5,
        "transaction_id": "1001",
        "items": [{"item_id": "sku1", "price": 12.5, "quantity": 1}],
    }
    found = sent(purchase)

    assert found.request.method == "POST"
    assert found.request.url == "https://www.google-analytics.com/mp/collect?measurement_id=G-ABC123&api_secret=s"
    assert found.body["client_id"] == "123.456"
    assert found.params == {
        "currency": "EUR",
        "value": 12.5,
        "transaction_id": "1001",
        "session_id": "1790000000",
        "engagement_time_msec": 1,
        "items": [{"item_id": "sku1", "price": 12.5, "quantity": 1}],
    }


def test_the_secret_travels_in_the_query_alone() -> None:
    made = tag_run(EVENT)
    envelope = describe_request(program(), TAG, Batch(made.key, 1, 1))

    assert "secret:GA4_SECRET" in envelope.url
    assert "GA4_SECRET" not in made.key + made.item.decode() + envelope.body + str(envelope.headers)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"event_name": "x" * 40}, ""),
        ({"event_name": "x" * 41}, "bad_event_name"),
        ({"event_name": "1st"}, "bad_event_name"),
        ({"event_name": "_x"}, "bad_event_name"),
        ({"event_name": "ga_x"}, "bad_event_name"),
        ({"event_name": "firebase_x"}, "bad_event_name"),
        ({"event_name": "google_x"}, "bad_event_name"),
        ({"event_name": "gtag.x"}, "bad_event_name"),
        ({"event_name": "gallery"}, ""),
        ({"event_name": "größe"}, "bad_event_name"),
        ({"event_name": "page_view\n"}, "bad_event_name"),
        ({"event_name": "session_start"}, "reserved_event_name"),
        ({"event_name": "ad_click"}, "reserved_event_name"),
        ({"event_name": "add_to_cart"}, ""),
        ({"event_name": "errors"}, ""),
        ({"client_id": ""}, "no_client_id"),
        ({"client_id": "x" * 257}, "no_client_id"),
        ({"client_id": "ann@shop.example"}, "no_client_id"),
        ({"client_id": {"a": 1}}, "no_client_id"),
        ({"event_time": NOW_S - 3 * DAY_S}, ""),
        ({"event_time": NOW_S - 3 * DAY_S - 1}, "event_too_old"),
        ({"event_time": "yesterday"}, "invalid_event_time"),
        ({f"f{n}": 1 for n in range(2001)}, "too_many_fields"),
    ],
)
def test_what_google_would_swallow_is_dropped_with_a_reason(change: Event, code: str) -> None:
    assert code_of(EVENT | change) == code


@pytest.mark.parametrize("time", [NOW_S - 10, str(NOW_S - 10), (NOW_S - 10) * 1000, (NOW_S - 10) * 1_000_000])
def test_times_of_any_unit_are_microseconds(time: Any) -> None:
    assert sent(EVENT | {"event_time": time}).event["timestamp_micros"] == (NOW_S - 10) * 1_000_000


def test_a_time_ahead_is_now_and_none_is_now() -> None:
    for time in (NOW_S + 500, ""):
        event = {name: value for name, value in (EVENT | {"event_time": time}).items() if value != ""}
        assert sent(event).event["timestamp_micros"] == NOW_S * 1_000_000


def test_google_stops_taking_an_item_after_72_hours_or_as_set() -> None:
    assert tag_run(EVENT).expires_s == NOW_S - 10 + 3 * DAY_S
    assert tag_run(EVENT, max_age_days=1).expires_s == NOW_S - 10 + DAY_S


GA_COOKIE = {"_ga": "GA1.1.111.222"}


@pytest.mark.parametrize(
    ("client_id", "cookies", "source", "chosen"),
    [
        ("visitor", GA_COOKIE, "ga_cookie", "111.222"),
        ("visitor", GA_COOKIE, "event", "visitor"),
        ("333.444", GA_COOKIE, "ga_cookie", "333.444"),
        (None, GA_COOKIE, "event", "111.222"),
        ("visitor", {"_ga": "GA1.2.shop.111.222"}, "ga_cookie", "visitor"),
        ("visitor", {"_ga": "GA1.2-3.111.222"}, "ga_cookie", "111.222"),
        ("visitor", {"_ga": "nonsense"}, "ga_cookie", "visitor"),
        ("visitor", {}, "ga_cookie", "visitor"),
    ],
)
def test_where_the_client_id_comes_from(
    client_id: str | None, cookies: dict[str, str], source: str, chosen: str
) -> None:
    event = EVENT | {"client_id": client_id or ""}

    assert sent(event, cookies=cookies, client_id_from=source).body["client_id"] == chosen


@pytest.mark.parametrize(
    ("event", "cookie", "session"),
    [
        ({}, "GS1.1.1790000001.5.1.1790000100.0.0.0", "1790000001"),
        ({}, "GS2.1.s1790000002$o5$g1$t1790000100$j60$l0$h0", "1790000002"),
        ({}, "GS2.1.o5$s1790000002", None),
        ({}, "nonsense", None),
        ({}, None, None),
        ({"ga_session_id": "17"}, "GS1.1.1790000001.5.1", "17"),
        ({"ga_session_id": 1790000003}, None, "1790000003"),
        ({"session_id": "18"}, None, "18"),
        ({"ga_session_id": "s-1"}, "GS1.1.1790000001.5.1", "1790000001"),
    ],
)
def test_where_the_session_comes_from(event: Event, cookie: str | None, session: str | None) -> None:
    cookies = {"_ga_ABC123": cookie, "_ga_OTHER": "GS1.1.99.1"} if cookie else {}

    assert sent(EVENT | event, cookies=cookies).params.get("session_id") == session


def test_events_of_one_visitor_share_a_request_and_those_of_two_do_not() -> None:
    one, other, third = tag_run(EVENT), tag_run(EVENT | {"event_name": "login"}), tag_run(EVENT | {"client_id": "9.9"})

    assert one.key == other.key != third.key
    assert [event["name"] for event in json.loads(request_of(one, other).body)["events"]] == ["page_view", "login"]


@pytest.mark.parametrize(
    ("granted", "data", "personal"),
    [
        (GRANTED, "GRANTED", "GRANTED"),
        (GRANTED | {"ad_user_data": False}, "DENIED", "GRANTED"),
        (GRANTED | {"ad_personalization": False}, "GRANTED", "DENIED"),
    ],
)
def test_the_decided_consent_is_what_google_is_told(granted: dict[str, bool], data: str, personal: str) -> None:
    claimed = EVENT | {
        "user_data": {"email_address": "ann@shop.example"},
        "consent_state": {"ad_user_data": True, "ad_personalization": True},
    }
    body = sent(claimed, consent=granted).body

    assert body["consent"] == {"ad_user_data": data, "ad_personalization": personal}
    assert ("user_data" in body) == (data == "GRANTED")


def test_no_personalised_ads_as_the_hit_says() -> None:
    assert sent(EVENT | {"x-ga-npa": "1"}).body["consent"]["ad_personalization"] == "DENIED"


JOHN = "3586de92bb3636d0885a12eff961429a32e4ebd764b96f50d85d016f9338d586"


def test_user_data_is_hashed_once_each_and_never_in_the_clear() -> None:
    data = {
        "email_address": ["John.Smith@gmail.com", "johnsmith@GMAIL.com", "nobody", ""],
        "sha256_email_address": [JOHN.upper(), "plain@shop.example", "0" * 32, f"{JOHN}.AQIAAQMC"],
        "phone_number": [16505551212, "x"],
        "address": [{"first_name": "John", "street": "1 High St"}, "x", {"country": "Nowhere"}],
    }
    assert sent(EVENT | {"user_data": data}).body["user_data"] == {
        "sha256_email_address": [JOHN, sha256_hex("plain@shop.example")],
        "sha256_phone_number": ["1e231c66011e7a2d867a9cfae267a6aff103cf4913640b6e71a99850fc0ffbc8"],
        "address": [{"sha256_first_name": sha256_hex("john"), "sha256_street": sha256_hex("1 high st")}],
    }


@pytest.mark.parametrize("chosen", [[], ["email"], ["phone"], ["email", "address"]])
def test_only_chosen_user_data_is_sent(chosen: list[str]) -> None:
    data = {"email_address": "a@b.yz", "phone_number": "+16505551212", "address": {"city": "Berlin"}}
    names = {"email": "sha256_email_address", "phone": "sha256_phone_number", "address": "address"}
    body = sent(EVENT | {"user_data": data}, user_data=chosen).body

    assert set(body.get("user_data", {})) == {names[part] for part in chosen}


@pytest.mark.parametrize(
    ("name", "value", "redacted"),
    [
        ("page_location", "https://shop.example/?m=ann@shop.example&p=1", "https://shop.example/?m=(redacted)&p=1"),
        ("page_location", "https://shop.example/?m=ann%2540shop.example", "https://shop.example/?m=(redacted)"),
        ("page_referrer", "https://a.example/ann@shop.example/x#b", "https://a.example/(redacted)/x#b"),
        ("link_url", "mailto:ann@shop.example", "mailto:(redacted)"),
        ("page_title", "Hello ann@shop.example", "Hello (redacted)"),
        ("page_location", "https://shop.example/maps/@52.5,13.4?order=40", None),
        ("page_title", "2 @ 40 EUR", None),
    ],
)
def test_no_address_reaches_a_parameter(name: str, value: str, redacted: str | None) -> None:
    assert sent(EVENT | {name: value}).params[name] == redacted or value


def test_urls_stay_whole_where_the_setting_says_so_and_other_texts_do_not() -> None:
    event = EVENT | {"page_location": "https://shop.example/?m=a@b.yz", "page_title": "a@b.yz"}
    params = sent(event, redact_query=False).params

    assert params["page_location"] == "https://shop.example/?m=a@b.yz"
    assert params["page_title"] == "(redacted)"


def test_personal_and_vendor_fields_are_no_parameters() -> None:
    names = (
        "email", "phone_number", "first_name", "address", "sha256_email_address", "x-fb-ck-fbp", "x-ga-gcs",
        "x-sst-system_properties", "user_agent", "event_id", "ga_session_number", "ga_x", "1st", "a-b", "", "x" * 41,
    )  # fmt: skip
    assert sent(EVENT | dict.fromkeys(names, "x")).params == {"engagement_time_msec": 1}


def test_surplus_parameters_go_and_the_important_ones_stay() -> None:
    more = {f"a{n:02}": n for n in range(30)}
    params = sent(EVENT | more | {"value": "12.5", "currency": "eur", "items": [{"item_id": 7}]}).params

    assert len(params) == 25
    assert (params["value"], params["currency"], params["items"]) == (12.5, "EUR", [{"item_id": "7"}])
    assert [name for name in params if name[1:].isdigit()] == [f"a{n:02}" for n in range(21)]


def test_values_are_cut_by_characters() -> None:
    event = EVENT | {"a": "ä" * 101, "page_location": "x" * 1001, "page_referrer": "x" * 421, "page_title": "x" * 301}
    params = sent(event).params

    assert (params["a"], len(params["page_location"])) == ("ä" * 100, 1000)
    assert (len(params["page_referrer"]), len(params["page_title"])) == (420, 300)
    assert len(sent(event | {"a": "ä" * 501}, property="ga360").params["a"]) == 500


def test_items_keep_ten_parameters_of_their_own_and_two_hundred_of_them_are_sent() -> None:
    own = {f"own{n:02}": "x" for n in range(12)}
    items = [{"item_id": str(n), "price": "1.5", "quantity": "many", **own} for n in range(201)]
    found = sent(EVENT | {"items": items}).params["items"]

    assert found[0] == {"item_id": "0", "price": 1.5} | {f"own{n:02}": "x" for n in range(10)}
    assert len(found) == 200


def test_user_properties_within_their_limits() -> None:
    given = {f"p{n:02}": n for n in range(30)} | {
        "long": "x" * 40,
        "x" * 25: 1,
        "ga_x": 1,
        "user_id": 1,
        "email": 1,
        "who": "a@b.yz",
        "nested": {"value": "v"},
    }
    found = sent(EVENT | {"user_properties": given}, user_properties={"p00": "set"}).body["user_properties"]

    assert len(found) == 25
    assert found["p00"] == {"value": "set"}
    assert found["long"] == {"value": "x" * 36}
    assert found["nested"] == {"value": "v"}
    assert not found.keys() & {"ga_x", "user_id", "email", "who", "x" * 25}


def test_what_was_changed_is_noted() -> None:
    compiled = program()
    logs: list[str] = []
    event = EVENT | {"a": "x" * 101, "b": {"c": 1}, "page_title": "a@b.yz"} | {f"n{n}": 1 for n in range(40)}
    scope = Scope(compiled.sandbox, event, seed="7/0", at_us=NOW_S * 1_000_000, variables={}, logs=logs)
    scope.consent = {**GRANTED}
    map_tags(scope, fire(scope, compiled.slate("page_view", None)), transform(scope))

    assert {line.partition("warn: ")[2].partition(":")[0] for line in logs} == {
        "cut", "left out", "e-mail addresses taken out", "too much, left out",
    }  # fmt: skip


def verdict_of(code: int, body: Any = None, count: int = 3) -> Verdict:
    raw = b"" if body is None else json.dumps(body).encode()
    return judge(program(), TAG, Response(status=code, headers={}, body=raw, ms=1.0), Batch("", count, 1))


@pytest.mark.parametrize(
    ("code", "disposition"),
    [(204, "delivered"), (200, "delivered"), (400, "reject"), (413, "reject"), (429, "retry"), (500, "retry")],
)
def test_answers_by_their_status(code: int, disposition: str) -> None:
    assert verdict_of(code).disposition == Disposition(disposition)


@pytest.mark.parametrize(
    ("messages", "whole", "items"),
    [
        ([], "delivered", []),
        ([{"fieldPath": "events[2].params"}], "delivered", [2]),
        ([{"fieldPath": "events.0.name"}], "delivered", [0]),
        ([{"fieldPath": "events", "description": "Event at index: [1] has no name."}], "delivered", [1]),
        ([{"fieldPath": "events[3]"}], "reject", []),
        ([{"fieldPath": "client_id"}, {"fieldPath": "events[1]"}], "reject", [1]),
        (["odd", 7, {"fieldPath": 7, "description": []}], "reject", []),
    ],
)
def test_validation_messages_by_event(messages: list[Any], whole: str, items: list[int]) -> None:
    found = verdict_of(200, {"validationMessages": messages})

    assert (found.disposition.value, sorted(found.items)) == (whole, items)
    assert {item.disposition for item in found.items.values()} <= {Disposition.REJECT}


TEXTS = st.one_of(
    st.text(max_size=150),
    st.sampled_from(
        [
            "ann@shop.example", "a%40b.yz", "\x7f", "%00secret:GA4_SECRET%00", "\\u0000items\\u0000", "\\", '"' * 600,
            "ä" * 1200, "😀" * 600, "1e999", "0x10", " ", "NaN", "a\u0000b", "40", "123.456", JOHN, "+1 650 555 1212",
        ]
    ),
)  # fmt: skip
SCALARS = st.one_of(TEXTS, st.booleans(), st.none(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False))
NAMES = st.one_of(
    st.text(alphabet=string.ascii_letters + string.digits + "_", max_size=45),
    st.text(max_size=10),
    st.sampled_from(["value", "currency", "email", "ga_x", "sha256_x", "x-y", "price", "item_id", "quantity"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=8,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=30)
KNOWN = {
    "event_name": st.one_of(TEXTS, st.sampled_from(["purchase", "session_start", "page_view"])),
    "event_time": st.one_of(VALUES, st.integers(NOW_S - 4 * DAY_S, NOW_S + 100)),
    "client_id": st.one_of(VALUES, st.just("1.2")),
    "user_id": VALUES,
    "ga_session_id": VALUES,
    "engagement_time_msec": VALUES,
    "value": VALUES,
    "currency": VALUES,
    "page_location": VALUES,
    "items": st.one_of(VALUES, st.lists(OBJECTS, max_size=6)),
    "user_properties": st.one_of(VALUES, OBJECTS),
    "user_data": st.fixed_dictionaries(
        {}, optional={name: VALUES for name in ("email_address", "sha256_email_address", "phone_number", "address")}
    ),
    "user_location": VALUES,
    "device": st.one_of(VALUES, st.fixed_dictionaries({}, optional={"browser": VALUES, "language": VALUES})),
    "ip_override": VALUES,
    "user_agent": VALUES,
    "language": VALUES,
}
EVENTS = st.builds(dict.__or__, OBJECTS, st.fixed_dictionaries({}, optional=KNOWN))


@given(EVENTS, st.dictionaries(st.sampled_from(["_ga", "_ga_ABC123"]), st.text(max_size=60)), st.booleans())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_event_is_within_all_limits_or_dropped_with_a_reason(
    event: Event, cookies: dict[str, str], ad_user_data: bool
) -> None:
    made = tag_run(without_nuls(event), cookies=cookies, consent=GRANTED | {"ad_user_data": ad_user_data})

    assert made.state in ("fired", "dropped"), made.reason
    if made.state == "dropped":
        assert made.reason.partition(":")[0] in {
            "bad_event_name", "reserved_event_name", "no_client_id", "event_too_old", "invalid_event_time",
        }  # fmt: skip
        return
    request = request_of(made)
    assert not list(validation_messages(json.loads(request.body)))
    assert len(request.body) < MAX_BODY


def hostile_events() -> Iterator[Event]:
    """Yields events as large as a hit may be, each bad in its own way."""
    yield {f"p{n}": "x@y.zz " * 10 for n in range(1900)}
    yield {"a": "a@" * 100_000}
    yield {"a": "ä@b.yz" * 40_000, "page_location": "%40" * 60_000}
    yield {"items": [{f"k{k:02}": "40 @x" for k in range(32)} for _ in range(200)]}
    yield {"items": [{"item_id": '"' * 500, "item_name": "\\" * 500} for _ in range(200)]}
    yield {"items": [{f"k{k}": 1 for k in range(300)}] * 100}
    yield {"items": [{}] * 10_000}
    yield {"items": [[]] * 10_000}
    yield {"user_properties": {f"p{n}": "a@b.yz" for n in range(20_000)}}
    yield {"user_data": {"email_address": [f"a{n}@b.yz" for n in range(20_000)]}}
    yield {"user_data": {"address": [{"first_name": "x" * 100}] * 2_000}}
    yield {"user_agent": "😀" * 60_000, "user_id": "😀" * 256}


@pytest.mark.parametrize("place", range(12))
@pytest.mark.parametrize("kind", ["standard", "ga360"])
def test_an_event_as_large_as_a_hit_is_no_fault(place: int, kind: str) -> None:
    event = EVENT | list(hostile_events())[place]
    made = tag_run(event, property=kind)

    assert made.state == "fired", made.reason
    request = request_of(made, property=kind)
    assert not list(validation_messages(json.loads(request.body), longest_value=500 if kind == "ga360" else 100))
    assert len(request.body) < MAX_BODY


def test_the_largest_events_of_a_batch_stay_below_the_limit_of_a_request() -> None:
    found = plan(program(), TAG)

    assert (found.max_items, found.max_bytes, found.backlog_age_s) == (25, 95_000, 3 * DAY_S)
    head = {
        "user_id": '"' * 256, "client_id": '"' * 256, "user_agent": '"' * 900, "language": '"' * 200,
        "user_properties": {f"p{n:02}_{'x' * 20}": '"' * 36 for n in range(25)},
        "device": dict.fromkeys(("brand", "browser", "browser_version", "category", "model"), '"' * 200),
        "user_location": dict.fromkeys(("city", "region_id", "country_id", "continent_id"), '"' * 200),
        "user_data": {
            "email_address": [f"a{n}@b.yz" for n in range(20)],
            "address": [dict.fromkeys(("first_name", "last_name", "street", "city", "region"), '"' * 200)] * 5,
        },
    }  # fmt: skip
    made = tag_run(EVENT | head)
    assert len(request_of(made).body) - len(made.item) < MAX_BODY - found.max_bytes


@pytest.fixture
def ga4() -> Iterator[FakeGa4]:
    with FakeGa4(secret=SECRET) as vendor:
        yield vendor


class Delivered(Rig):
    """A router whose pipeline is the real one, with the template in it."""

    given: dict[str, Any]

    def use(self, **given: Any) -> TagPlan:
        self.given = {"endpoint": self.vendor.endpoint, "linger_ms": 20} | given
        self.secrets = {"GA4_SECRET": SECRET}
        return plan(program(**self.given), TAG)

    def receive(self, *events: Event, **changes: Any) -> None:
        at_us = int(self.clock() * 1_000_000)
        for event in events:
            body = json.dumps(event).encode()
            self.log.append(hit(body, seq=len(self.log) + 1, received_us=at_us, **changes))

    def run(self, logged: LoggedHit, only: frozenset[str] | None) -> Outcome:
        return run_pipeline(logged, program(**self.given), only=only)

    def request(self, tag: str, batch: Batch) -> Envelope:
        return describe_request(program(**self.given), tag, batch)

    def verdict(self, tag: str, response: Response, batch: Batch) -> Verdict:
        return judge(program(**self.given), tag, response, batch)


@pytest.fixture
def rig(tmp_path: Path, ga4: FakeGa4) -> Delivered:
    return Delivered(tmp_path, ga4)


def visit(place: int) -> Event:
    return {"event_name": "page_view", "event_id": f"e{place}", "client_id": f"{place % 3}.7", "place": place}


def test_batches_reach_google_by_visitor_and_outlive_an_outage(rig: Delivered, ga4: FakeGa4) -> None:
    found = rig.use(batch_size=10)
    ga4.then(status(503), status(503))
    rig.receive(*map(visit, range(90)), {"event_name": "session_start", "client_id": "1.7"})

    async def work() -> None:
        async with rig.router(found) as router:
            router.wake()
            await until(lambda: router.upto() == 91)

    run(work())
    assert sorted(event["params"]["place"] for event in ga4.events) == list(range(90))
    assert all(event[""]["client_id"] == f"{event['params']['place'] % 3}.7" for event in ga4.events)
    assert all(len(request.json()["events"]) <= 10 for request in ga4.requests)
    assert len(ga4.requests) <= 20
    assert ga4.faults == []
    reader = rig.reader()
    assert reader.counts(0, 1 << 40)["dropped", TAG] == 1
    reader.close()


def test_validation_makes_dead_letters_in_googles_words(rig: Delivered, ga4: FakeGa4) -> None:
    # Google's list of reserved names is longer than the tag's.
    found = rig.use(validate=True, reserved_events=[])
    rig.receive(*map(visit, range(5)), {"event_name": "session_start", "event_id": "bad", "client_id": "1.7"})

    async def work() -> None:
        async with rig.router(found) as router:
            router.wake()
            await until(lambda: router.upto() == 6)

    run(work())
    assert ga4.events == []
    assert {request.path for request in ga4.requests} == {"/debug/mp/collect"}
    reader = rig.reader()
    assert [reader.fate(seq, 0, TAG) for seq in range(1, 7)] == ["delivered"] * 5 + ["dead"]
    dead = reader.dead_letters(tag=TAG)[0].row
    assert re.fullmatch(r"NAME_RESERVED events\[\d\]\.name: session_start is reserved", dead.reason)
    reader.close()


def test_a_visitor_who_denied_at_the_edge_is_denied_to_google_whatever_the_event_claims(
    rig: Delivered, ga4: FakeGa4
) -> None:
    found = rig.use()
    claimed = visit(1) | {"consent_state": {"ad_user_data": True}, "user_data": {"email_address": "a@b.yz"}}
    rig.receive(claimed, consent=GRANTED | {"ad_user_data": False})

    async def work() -> None:
        async with rig.router(found) as router:
            router.wake()
            await until(lambda: router.upto() == 1)

    run(work())
    body = ga4.requests[0].json()
    assert body["consent"]["ad_user_data"] == "DENIED"
    assert "user_data" not in body
