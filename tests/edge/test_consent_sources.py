"""Consent as platforms write it down: cookies, headers and members of the body, read by the container's rule.

Values are made up in the platforms' forms; ids and times in them are nobody's.
"""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import quote

import pytest

from runtime.edge.incoming import Incoming
from runtime.model.consent import PURPOSES
from runtime.model.hit import Hit
from tests.support.edge import edge
from tests.support.snapshots import SETS_COOKIES, SHOP, snapshot
from tests.text.consent_encoder import Tcf, gpp, text_of, us_section
from tests.text.test_gpp import CALIFORNIA
from tests.text.test_tcf import mutated

ADS = ("ad_storage", "ad_user_data", "ad_personalization")
ALL, NONE = dict.fromkeys(PURPOSES, True), dict.fromkeys(PURPOSES, False)
CLIENT = SETS_COOKIES + "\nmethods: [GET, POST]\npaths: [/x]\ndecode: auto\nfacts: {consent: [{query: gcs}]}\n"
MAP = "map: {marketing: [ad_storage, ad_user_data, ad_personalization], statistics: [analytics_storage]}"
SHORT = MAP.replace("marketing", "m").replace("statistics", "a")


def consent(ads: bool | None, analytics: bool | None, default: bool) -> dict[str, bool]:
    said = dict.fromkeys(ADS, ads) | {"analytics_storage": analytics}
    return {purpose: default if said[purpose] is None else bool(said[purpose]) for purpose in PURPOSES}


def taken(
    rule: str, *, query: str = "", headers: dict[str, str] | None = None, body: bytes = b"", default: str = "denied"
) -> Hit:
    """Returns the hit of a container whose rule is this beside its default."""
    container = SHOP.replace("{default: granted}", f"{{default: {default}, {rule}}}") + "  x: {template: x}\n"
    app = edge(snapshot(container, x=CLIENT))
    got = app.request("POST" if body else "GET", f"/x?{query}", headers=headers or {}, body=body)
    assert got.status == 200
    cookies = {cookie.partition("=")[0] for cookie in got.cookies}
    assert cookies == set(app.hit.issued)
    assert ("_fbp" in cookies) == bool(app.hit.fbp) == app.hit.consent["ad_storage"]
    assert ("_fhid" in cookies) == bool(app.hit.visitor_id) == app.hit.consent["analytics_storage"]
    return app.hit


def with_cookie(rule: str, name: str, value: str, default: str = "denied") -> Hit:
    return taken(f"sources: [{rule}]", headers={"cookie": f"other=1; {name}={value}"}, default=default)


COOKIEBOT = (
    "{{stamp:'bm9ib2R5+/==',necessary:true,preferences:{},statistics:{},marketing:{},"
    "method:'explicit',ver:1,utc:1790000000000,region:'de'}}"
)
ONETRUST = (
    "isGpcEnabled=0&datestamp=Mon+Sep+21+2026+14%3A13%3A20+GMT%2B0000&version=202409.1.0&hosts=&landingPath={}"
    "&groups={}&AwaitingReconsent=false"
)
COOKIEYES = (
    "consentid:bm9ib2R5bm9ib2R5,consent:yes,action:yes,necessary:yes,functional:no,analytics:{},"
    "performance:no,advertisement:{},other:no"
)


@pytest.mark.parametrize("default", ["granted", "denied"])
@pytest.mark.parametrize("ads", [True, False])
@pytest.mark.parametrize("analytics", [True, False])
def test_platforms_are_known_by_name(default: str, ads: bool, analytics: bool) -> None:
    word, yes = {True: "true", False: "false"}, {True: "yes", False: "no"}
    expected = consent(ads, analytics, default == "granted")
    bot = quote(COOKIEBOT.format("false", word[analytics], word[ads]), safe="'")
    hit = with_cookie("{platform: cookiebot}", "CookieConsent", bot, default)
    assert hit.consent == expected
    assert hit.consent_from["ad_storage"] == f"cookie CookieConsent: marketing {word[ads]}"
    groups = quote(f"C0001:1,C0002:{int(analytics)},C0003:0,C0004:{int(ads)}")
    hit = with_cookie("{platform: onetrust}", "OptanonConsent", ONETRUST.format("NotLandingPage", groups), default)
    assert hit.consent == expected
    assert hit.consent_from["ad_user_data"] == f"cookie OptanonConsent: C0004 {word[ads]}"
    value = COOKIEYES.format(yes[analytics], yes[ads])
    assert with_cookie("{platform: cookieyes}", "cookieyes-consent", value, default).consent == expected
    pair = f"{'allow' if ads else 'deny'}; cmplz_statistics={'allow' if analytics else 'deny'}"
    assert with_cookie("{platform: complianz}", "cmplz_marketing", pair, default).consent == expected
    tcf = Tcf(consents=({1, 3, 4, 7} if ads else {1} if analytics else set()) | ({8} if analytics else set()))
    hit = with_cookie("{platform: didomi}", "euconsent-v2", tcf.text(), default)
    assert hit.consent["analytics_storage"] == analytics
    assert hit.consent["ad_personalization"] == ads


@pytest.mark.parametrize("platform", ["cookiebot", "onetrust", "cookieyes", "complianz", "didomi", "gpc"])
@pytest.mark.parametrize("default", ["granted", "denied"])
def test_a_platform_that_wrote_nothing_leaves_the_default(platform: str, default: str) -> None:
    hit = taken(f"sources: [{{platform: {platform}}}]", default=default)
    assert hit.consent == (ALL if default == "granted" else NONE)
    assert hit.consent_from == {}


@pytest.mark.parametrize("value", ["0", "-1"])
def test_cookiebot_may_have_no_answer(value: str) -> None:
    assert with_cookie("{platform: cookiebot}", "CookieConsent", value, "granted").consent == ALL


@pytest.mark.parametrize(
    ("platform", "cookie", "value"),
    [
        ("cookiebot", "CookieConsent", "{marketing:true"),
        ("cookiebot", "CookieConsent", "{marketing:true,statistics:true}x"),
        ("cookiebot", "CookieConsent", "{marketing:true,marketing:true,statistics:true}"),
        ("cookiebot", "CookieConsent", "marketing:true,statistics:true"),
        ("cookiebot", "CookieConsent", "{stamp:'marketing:true',statistics:maybe}"),
        ("cookiebot", "CookieConsent", "{Marketing:true,Statistics:true}"),
        ("cookiebot", "CookieConsent", "[true]"),
        ("onetrust", "OptanonConsent", "isGpcEnabled=0"),
        ("onetrust", "OptanonConsent", "groups=C0004:1,C0004:0,C0002:1"),
        ("onetrust", "OptanonConsent", "groups="),
        ("onetrust", "OptanonConsent", "groups=C0004:yes%20please,C0002:2"),
        ("cookieyes", "cookieyes-consent", "consent:yes"),
        ("didomi", "euconsent-v2", "not-a-string"),
        ("didomi", "euconsent-v2", Tcf(consents=set(range(1, 25))).text()[:-8]),
        ("didomi", "euconsent-v2", "granted"),
    ],
)
def test_what_cannot_be_read_denies(platform: str, cookie: str, value: str) -> None:
    hit = with_cookie(f"{{platform: {platform}}}", cookie, value, "granted")
    assert hit.consent == NONE
    assert set(hit.consent_from) == set(PURPOSES)


def test_an_address_within_a_cookie_adds_no_group() -> None:
    landing = quote("https://shop.example/?a=1&groups=C0004:1,C0002:1", safe="")
    value = ONETRUST.format(landing, quote("C0001:1,C0002:0,C0004:0"))
    assert with_cookie("{platform: onetrust}", "OptanonConsent", value, "granted").consent == NONE


@pytest.mark.parametrize(
    ("source", "value", "ads", "analytics"),
    [
        ('{cookie: c, map: {mkt: [ad_storage], "2": [analytics_storage]}}', '{"mkt":true,"2":1}', True, True),
        ("{cookie: c, format: object, path: /con/CMP, " + SHORT + "}",
         '{"con":{"CMP":{"a":"1","m":"0","p":""}},"v":"2.1"}', False, True),
        ("{cookie: c, format: object, path: /con/CMP, " + SHORT + "}",
         '{"con":{"CMP":{"a":"","m":"","p":""}},"v":"2.1"}', None, None),
        ("{cookie: c, format: object, path: /not/there, " + MAP + "}", '{"con":{}}', False, False),
        ("{cookie: c, format: list, " + MAP + "}", "necessary|statistics", False, True),
        ("{cookie: c, format: list, " + MAP + "}", '["marketing", "statistics"]', True, True),
        ("{cookie: c, format: list, " + MAP + "}", "none", False, False),
        ("{cookie: c, format: list}", "ad_storage,ad_user_data", True, False),
        ("{cookie: c, " + MAP + "}", "marketing=1;statistics=0", True, False),
        ("{cookie: c, " + MAP + "}", "marketing statistics", True, True),
        ("{cookie: c, path: analytics}", "ads=0&analytics=granted", True, True),
        ("{cookie: c}", "denied", False, False),
        ("{cookie: c}", '{"ad_storage":"granted"}', True, None),
        ("{cookie: c, format: google_mode}", "G101", False, True),
        ("{cookie: c, format: google_mode}", "granted", False, False),
        ("{cookie: c, format: us_privacy}", "1YYN", False, None),
        ("{cookie: c, format: us_privacy}", "1YNN", True, None),
        ("{cookie: c, format: us_privacy}", "1Y", False, False),
        ("{cookie: c, format: gpp}", gpp({8: us_section(CALIFORNIA, {"sale": 1})}), False, None),
        ("{cookie: c, format: gpp}", gpp({8: us_section(CALIFORNIA, {"sale": 2}) + "." + text_of("011")}), False, None),
        ("{cookie: c, format: gpp}", "DBABM", False, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("default", ["granted", "denied"])
def test_formats(source: str, value: str, ads: bool | None, analytics: bool | None, default: str) -> None:
    hit = with_cookie(source, "c", quote(value, safe="=&|,:"), default)
    expected = consent(ads, analytics, default == "granted")
    assert {purpose: hit.consent[purpose] for purpose in ("ad_storage", "analytics_storage")} == {
        purpose: expected[purpose] for purpose in ("ad_storage", "analytics_storage")
    }


@pytest.mark.parametrize(
    ("source", "sent", "why"),
    [
        ("{header: X-Consent}", {"headers": {"x-consent": "granted"}}, "header X-Consent"),
        ("{query: ok}", {"query": "ok=granted"}, "ok"),
        ("{form: ok}", {"body": b"ok=granted"}, "ok"),
        ("{json: /privacy/ok}", {"body": b'{"privacy": {"ok": "granted"}}'}, "privacy.ok"),
        ("{json: /privacy}", {"body": b'{"privacy": {"ad_storage": true}}'}, "privacy"),
        ("{platform: gpc}, {query: ok}", {"query": "ok=granted", "headers": {"sec-gpc": "0"}}, "ok"),
    ],
)
def test_places(source: str, sent: dict[str, Any], why: str) -> None:
    hit = taken(f"sources: [{source}]", **sent)
    assert hit.consent["ad_storage"] is True
    assert hit.consent_from["ad_storage"] == why


def test_global_privacy_control_denies_what_is_for_ads() -> None:
    hit = taken("sources: [{platform: gpc}]", headers={"sec-gpc": "1"}, default="granted")
    assert hit.consent == consent(False, True, True)
    assert hit.consent_from == dict.fromkeys(ADS, "header Sec-GPC: Global Privacy Control")


def test_the_clients_own_word_comes_first_then_the_sources_in_order() -> None:
    rule = "sources: [{cookie: a}, {cookie: b}]"
    headers = {"cookie": 'a={"ad_storage":false,"ad_user_data":true}; b=granted'}
    assert taken(rule, headers=headers).consent == ALL | {"ad_storage": False}
    hit = taken(rule, headers=headers, query="gcs=G110")
    assert hit.consent == ALL | {"analytics_storage": False}
    assert hit.consent_from == {
        "ad_storage": "gcs", "analytics_storage": "gcs", "ad_user_data": "cookie a", "ad_personalization": "cookie b",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("tcf", "string", "expected"),
    [
        ("{vendors: [755]}", Tcf(consents={1, 3, 4, 7, 8}), NONE),
        ("{vendors: [755]}", Tcf(consents={1, 3, 4, 7, 8}, vendor_consents={755}), ALL),
        ("{vendors: [755, 2]}", Tcf(consents={1, 3, 4, 7, 8}, vendor_consents={755}), NONE),
        ("{legitimate_interest: [7]}", Tcf(consents={1}, interests={7}),
         NONE | {"ad_storage": True, "ad_user_data": True}),
        ("{purposes: {analytics_storage: [9]}}", Tcf(consents={9}), NONE | {"analytics_storage": True}),
        ("{purposes: {ad_storage: []}}", Tcf(), NONE),
        ("{policy: 4}", Tcf(consents={1}, policy=2), NONE),
        ("{policy: 4}", Tcf(consents={1}, policy=4, service_specific=False), NONE),
        ("{policy: 4}", Tcf(consents={1}, policy=5), NONE | {"ad_storage": True}),
    ],
)  # fmt: skip
def test_the_rule_says_how_strings_are_read(tcf: str, string: Tcf, expected: dict[str, bool]) -> None:
    rule = f"tcf: {tcf}, sources: [{{platform: didomi}}]"
    assert taken(rule, headers={"cookie": f"euconsent-v2={string.text()}"}).consent == expected


def test_of_a_purpose_without_any_of_the_frameworks_a_string_says_nothing() -> None:
    rule = "tcf: {purposes: {analytics_storage: []}}, sources: [{platform: didomi}]"
    hit = taken(rule, headers={"cookie": f"euconsent-v2={Tcf().text()}"}, default="granted")
    assert hit.consent == NONE | {"analytics_storage": True}
    assert "analytics_storage" not in hit.consent_from


@pytest.mark.parametrize("default", ["granted", "denied"])
@pytest.mark.parametrize(
    ("sent", "is_limited"),
    [
        ({"query": "dpo=LDU"}, True),
        ({"query": "dpo="}, False),
        ({"query": "dpo=ldu&gcs=G111"}, True),
        ({"body": b"dpo=LDU&dpoco=0&dpost=0"}, True),
        ({"body": b'{"data_processing_options": ["LDU"]}'}, True),
        ({"body": b'{"data_processing_options": []}'}, False),
        ({"body": b'[{"dpo": "LDU"}, {}]'}, True),
        ({}, False),
    ],
)
def test_limited_data_use_denies_what_the_rule_names(default: str, sent: dict[str, Any], is_limited: bool) -> None:
    plain = taken("sources: []", **sent, default=default)
    hit = taken("ldu: [ad_storage, ad_personalization]", **sent, default=default)
    named = ("ad_storage", "ad_personalization")
    assert hit.consent == plain.consent | (dict.fromkeys(named, False) if is_limited else {})
    assert [purpose for purpose, why in hit.consent_from.items() if why == "limited data use"] == (
        list(named) if is_limited else []
    )


def test_several_events_have_the_tightest_of_what_they_say() -> None:
    rule = "sources: [{json: /ok}]"
    body = json.dumps([{"ok": "granted"}, {"ok": {"ad_storage": False}}, {}]).encode()
    hit = taken(rule, body=body, default="granted")
    assert hit.consent == ALL | {"ad_storage": False}
    assert hit.consent_from["ad_storage"] == "ok"
    assert taken(rule, body=body, default="denied").consent == NONE


def test_the_rest_of_a_list_too_long_to_look_through_is_denied() -> None:
    body = json.dumps([{"ok": "granted"}] * 1001).encode()
    hit = taken("sources: [{json: /ok}]", body=body, default="granted")
    assert hit.consent == NONE
    assert hit.consent_from["ad_storage"] == "the hit has more events than are looked at"


def test_ten_thousand_mutated_values_never_fail_and_never_grant_what_no_value_said() -> None:
    """Each platform's value denies everything; whatever is done to it, purposes are granted by plain words alone."""
    draw = random.Random(11)
    container = SHOP.replace(
        "{default: granted}",
        "{default: denied, sources: ["
        + ", ".join(f"{{platform: {each}}}" for each in ("cookiebot", "onetrust", "cookieyes", "complianz", "didomi"))
        + "]}",
    )
    claim = edge(snapshot(container)).collector.config.claims.find("GET", "t.shop.example", "/tr")
    assert claim is not None
    values = [
        ("CookieConsent", quote(COOKIEBOT.format("false", "false", "false"), safe="'{}:,")),
        ("OptanonConsent", ONETRUST.format("x", "C0001%3A1%2CC0002%3A0%2CC0004%3A0")),
        ("cookieyes-consent", COOKIEYES.format("no", "no")),
        ("euconsent-v2", Tcf().text()),
        ("euconsent-v2", gpp({2: Tcf().text(), 6: "1YYY"})),
        ("cmplz_marketing", "deny"),
    ]
    granted = 0
    for _ in range(10_000):
        name, value = draw.choice(values)
        broken = mutated(value, draw).replace(";", "").encode("utf-8", "replace").decode("latin-1")
        facts = claim.client.facts(incoming(f"{name}={broken}"))
        assert set(facts.consent) == set(PURPOSES)
        granted += any(facts.consent.values())
        if name not in ("euconsent-v2", "OptanonConsent"):
            assert not any(facts.consent.values()), broken
    assert granted < 400


def incoming(cookie: str) -> Incoming:
    headers = [(b"host", b"t.shop.example"), (b"cookie", cookie.encode("latin-1"))]
    return Incoming({
        "type": "http", "method": "GET", "path": "/tr", "query_string": b"id=1&ev=x", "headers": headers,
        "client": ("203.0.113.9", 1), "scheme": "https",
    })  # fmt: skip
