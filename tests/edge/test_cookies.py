from __future__ import annotations

import re
from http.cookies import SimpleCookie

import pytest

from tests.support.edge import NOW_US, Got, edge
from tests.support.snapshots import SHOP, snapshot

NOW_MS = NOW_US // 1000
TODAY = NOW_US // 86_400_000_000
CLICK = "/tr?dl=https%3A%2F%2Fshop.example%2F%3Ffbclid%3DIwAR_abc"
FBP, FBC = "fb.1.1790000000000.1234567890", "fb.1.1790000000000.IwAR_abc"
VISITOR = "1.abcdefghijklmnopqrstuv."


def names(got: Got) -> list[str]:
    return [cookie.partition("=")[0] for cookie in got.cookies]


def cookie(**sent: str) -> dict[str, str]:
    return {"cookie": "; ".join(f"{name}={value}" for name, value in sent.items())}


def test_a_new_visitor_gets_all_three() -> None:
    app = edge()
    got = app.request("GET", CLICK)
    fhid, fbp, fbc = got.cookies
    shared = r"; Path=/; Domain=shop\.example; Max-Age={}; SameSite=Lax; Secure"
    assert re.fullmatch(rf"_fhid=1\.[A-Za-z0-9_-]{{22}}\.{TODAY}" + shared.format(34560000) + "; HttpOnly", fhid)
    assert re.fullmatch(rf"_fbp=fb\.1\.{NOW_MS}\.[0-9]+" + shared.format(7776000), fbp)
    assert re.fullmatch(rf"_fbc=fb\.1\.{NOW_MS}\.IwAR_abc" + shared.format(7776000), fbc)
    assert app.hit.issued == ("_fhid", "_fbp", "_fbc")
    assert f"_fbp={app.hit.fbp};" in fbp
    assert f"_fbc={app.hit.fbc};" in fbc
    assert f"1.{app.hit.visitor_id}.{TODAY}" in fhid
    assert app.hit.cookies == {}


@pytest.mark.parametrize(
    ("host", "domain", "index"),
    [
        ("t.shop.example", "shop.example", 1),
        ("shop.example", "shop.example", 1),
        ("a.b.shop.example:8443", "shop.example", 1),
        ("T.SHOP.EXAMPLE", "shop.example", 1),
        ("t.shop.example.", "shop.example", 1),
        ("t.uk.shop.co.uk", "uk.shop.co.uk", 3),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", 1),
        ("evilshop.example", "", 1),
        ("other.example", "", 1),
        ("www.other.example", "", 2),
        ("sub.co.uk", "", 2),
        ("127.0.0.1:8080", "", 0),
        ("localhost", "", 0),
        ("shop.localhost", "shop.localhost", 1),
        ("[::1]:8080", "", 0),
        ("203.0.113.5", "", 0),
    ],
)
def test_domain_and_index_follow_the_host(host: str, domain: str, index: int) -> None:
    domains = "[shop.example, uk.shop.co.uk, co.uk, bücher.example, 127.0.0.1, localhost, shop.localhost]"
    app = edge(snapshot(SHOP.replace("[shop.example, 127.0.0.1, localhost]", domains)))
    got = app.request("GET", CLICK, headers={"host": host})
    assert got.status == 200
    for text in got.cookies:
        morsel = next(iter(SimpleCookie(text).values()))
        assert morsel["domain"] == domain
        assert morsel["path"] == "/"
    assert app.hit.fbp.startswith(f"fb.{index}.")
    assert app.hit.fbc.startswith(f"fb.{index}.")


@pytest.mark.parametrize(
    ("scheme", "host", "secure"),
    [
        ("https", "t.shop.example", True),
        ("http", "t.shop.example", False),
        ("http", "localhost:8080", True),
        ("http", "shop.localhost", True),
        ("http", "127.0.0.1:8080", True),
        ("http", "127.9.9.9", True),
        ("http", "[::1]:8080", True),
        ("http", "203.0.113.5", False),
        ("http", "localhost.evil.example", False),
        ("http", "notlocalhost", False),
    ],
)
def test_secure_follows_the_scheme_and_loopback_is_secure(scheme: str, host: str, secure: bool) -> None:
    got = edge().request("GET", "/tr", headers={"host": host}, scheme=scheme)
    assert len(got.cookies) == 2
    assert [("; Secure" in text) for text in got.cookies] == [secure, secure]


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        ([], []),
        (["ad_storage"], ["_fbp", "_fbc"]),
        (["analytics_storage"], ["_fhid"]),
        (["ad_user_data", "ad_personalization"], []),
        (["ad_storage", "analytics_storage"], ["_fhid", "_fbp", "_fbc"]),
    ],
)
def test_no_cookie_and_no_identifier_without_consent(granted: list[str], expected: list[str]) -> None:
    rule = "{" + ", ".join(f"{purpose}: granted" for purpose in granted) + "}"
    app = edge(snapshot(SHOP.replace("{default: granted}", f"{{default: {rule}}}")))
    sent = cookie(_fbp=FBP, _fbc=FBC, _fhid=f"{VISITOR}{TODAY - 1}")
    assert names(app.request("GET", CLICK)) == expected
    app.request("GET", CLICK, headers=sent)
    assert bool(app.hit.fbp) is bool(app.hit.fbc) is ("ad_storage" in granted)
    assert bool(app.hit.visitor_id) is ("analytics_storage" in granted)
    assert [purpose for purpose, given in app.hit.consent.items() if given] == [
        purpose
        for purpose in ("ad_storage", "ad_user_data", "ad_personalization", "analytics_storage")
        if purpose in granted
    ]


def test_known_cookies_are_kept_and_sent_again_once_a_day() -> None:
    app = edge()
    today = cookie(_fbp=FBP, _fbc=FBC, _fhid=f"{VISITOR}{TODAY}")
    got = app.request("GET", CLICK, headers=today)
    assert got.cookies == []
    assert (app.hit.fbp, app.hit.fbc, app.hit.visitor_id) == (FBP, FBC, "abcdefghijklmnopqrstuv")
    assert app.hit.issued == ()
    yesterday = cookie(_fbp=FBP, _fbc=FBC, _fhid=f"{VISITOR}{TODAY - 1}")
    got = app.request("GET", "/tr", headers=yesterday)
    assert names(got) == ["_fhid", "_fbp", "_fbc"]
    assert got.cookies[0].startswith(f"_fhid={VISITOR}{TODAY};")
    assert got.cookies[1].startswith(f"_fbp={FBP};")
    assert got.cookies[2].startswith(f"_fbc={FBC};")


def test_percent_encoded_cookies_are_read_and_stored_as_sent() -> None:
    app = edge()
    app.request("GET", "/tr", headers=cookie(_fbp=FBP.replace(".", "%2E"), _fhid=f"{VISITOR}{TODAY}"))
    assert app.hit.fbp == FBP
    assert app.hit.cookies["_fbp"] == FBP.replace(".", "%2E")


@pytest.mark.parametrize(
    "value", ["fb.1.1790000000000.1%0D%0ASet-Cookie:a=b", "fb.1.1790000000000.1%3B Domain=evil", "a" * 9000, "", "fb"]
)
def test_a_value_of_another_form_is_replaced_and_never_echoed(value: str) -> None:
    app = edge()
    got = app.request("GET", "/tr", headers=cookie(_fbp=value))
    assert [text for text in got.cookies if text.startswith(f"_fbp=fb.1.{NOW_MS}.")]
    assert "evil" not in "".join(got.cookies)
    assert len(app.hit.cookies.get("_fbp", "")) < 4096


def test_the_pages_own_value_counts_where_no_cookie_came() -> None:
    app = edge()
    got = app.request("GET", f"/tr?fbp={FBP}&fbc={FBC}")
    assert (app.hit.fbp, app.hit.fbc) == (FBP, FBC)
    assert names(got) == ["_fhid", "_fbp", "_fbc"]


def test_the_click_comes_from_the_page_and_not_from_the_endpoints_own_url() -> None:
    app = edge()
    app.request("GET", "/tr?fbclid=Endpoint&dl=https%3A%2F%2Fshop.example%2F")
    assert app.hit.fbc == ""


def test_a_client_that_sets_none_still_recognises_what_came() -> None:
    spec = "{methods: [GET], paths: [/x], decode: form, facts: {page_url: [{query: dl}]}}"
    app = edge(snapshot(SHOP + "  x: {template: x}\n", x=spec))
    got = app.request("GET", CLICK.replace("/tr", "/x"), headers=cookie(_fhid=f"{VISITOR}{TODAY - 1}"))
    assert got.cookies == []
    assert (app.hit.fbp, app.hit.visitor_id) == ("", "abcdefghijklmnopqrstuv")
    assert app.hit.fbc == f"fb.1.{NOW_MS}.IwAR_abc"
    app.request("GET", "/x", headers=cookie(_fbp=FBP, _fhid="other"))
    assert (app.hit.fbp, app.hit.visitor_id, app.hit.issued) == (FBP, "", ())


def test_only_cookies_that_the_host_knows_are_stored() -> None:
    app = edge()
    sent = cookie(_fbp=FBP, _ga="GA1.1.1.1", _gcl_aw="GCL.1.a", session="secret", consent="granted")
    app.request("POST", "/e", headers=sent, body=b"{}")
    assert app.hit.cookies == {"_fbp": FBP, "_ga": "GA1.1.1.1", "_gcl_aw": "GCL.1.a", "consent": "granted"}
    app.request("GET", "/tr", headers=sent)
    assert app.hit.cookies == {"_fbp": FBP, "_ga": "GA1.1.1.1", "_gcl_aw": "GCL.1.a"}


def test_of_equal_cookies_the_first_counts() -> None:
    app = edge()
    app.request("GET", "/tr", headers={"cookie": f"_fbp={FBP};_fbp=fb.1.1790000000000.2"})
    assert app.hit.fbp == FBP
