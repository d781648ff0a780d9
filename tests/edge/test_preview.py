"""Previews at the edge: whose hits they take, what the page says and sets, and what is refused."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

import pytest

from runtime.edge.config import EdgeConfig, Placed
from runtime.edge.preview import COOKIE, KEPT, Draft, Previews
from runtime.errors import OperatorError, Overloaded, SenderError
from runtime.model.hit import Hit
from runtime.text.signed import Preview, new_key, sign
from tests.edge.test_wanted import READER, reader
from tests.support.edge import Edge, Got, edge, secret
from tests.support.snapshots import SHOP, snapshot

DRAFT = SHOP.replace("consent: {default: granted}", "consent: {default: denied}") + "  extra: {template: extra}\n"
EXTRA = """
methods: [POST]
paths: [/only-in-the-draft]
decode: json
answers:
  accepted: {kind: json, json: {accepted: "{count}", id: "{hit_id}"}}
"""
PAGE = "https://shop.example"
EVENT = b'{"event_name": "purchase"}'


@dataclass
class Bench:
    """A collector with previews, and the key that its links are signed with."""

    key: bytes = field(default_factory=new_key)
    loaded: list[int] = field(default_factory=list)
    error: Exception | None = None
    words: str = "revision 12 of the workspace checkout"

    def __post_init__(self) -> None:
        self.edge: Edge = edge(previews=Previews(lambda: self.key, self.load))

    def load(self, number: int) -> Draft:
        self.loaded.append(number)
        if self.error is not None:
            raise self.error
        return Draft(EdgeConfig.build(snapshot(DRAFT, number=number, extra=EXTRA), secret), self.words)

    def token(self, version: int = -12, *, life_s: int = 600, **changes: Any) -> str:
        given: dict[str, Any] = {
            "id": "session-1",
            "sends": False,
            "container": "shop",
            "expires": int(time.time()) + life_s,
        } | changes
        return sign(Preview(version=version, **given), self.key)

    def send(self, method: str = "GET", target: str = "/tr?ev=X", **options: Any) -> Got:
        return self.edge.request(method, target, **options)

    def cookie(self, token: str, **headers: str) -> dict[str, str]:
        return {"cookie": f"_ga=1; {COOKIE}={token}; other=2", **headers}

    @property
    def place(self) -> tuple[int, str, str, bool]:
        return place(self.edge.hit)


def place(hit: Hit) -> tuple[int, str, str, bool]:
    return hit.version, hit.environment, hit.preview, hit.sends


LIVE = (7, "live", "", True)
PREVIEWED = (-12, "preview", "session-1", False)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_only_who_carries_the_link_is_on_the_draft(bench: Bench) -> None:
    token = bench.token()
    bench.send()
    assert bench.place == LIVE
    bench.send(headers=bench.cookie(token))
    assert bench.place == PREVIEWED
    bench.send(headers={"x-firsthand-preview": token})
    assert bench.place == PREVIEWED
    bench.send(headers={"cookie": "_ga=1"})
    assert bench.place == LIVE
    assert bench.loaded == [-12]


def test_the_token_says_which_version_and_whether_it_sends(bench: Bench) -> None:
    bench.send(headers=bench.cookie(bench.token(3, sends=True)))
    assert bench.place == (3, "preview", "session-1", True)
    bench.send(headers=bench.cookie(bench.token(3)) | {"x-firsthand-preview": bench.token(-9, id="other")})
    assert bench.place == (-9, "preview", "other", False)


def test_the_draft_decides_all_of_the_hit(bench: Bench) -> None:
    bench.send("POST", "/e", headers=bench.cookie(bench.token()), body=EVENT)
    assert set(bench.edge.hit.consent.values()) == {False}
    assert bench.send("POST", "/only-in-the-draft", body=EVENT).status == 404
    got = bench.send("POST", "/only-in-the-draft", headers=bench.cookie(bench.token()), body=EVENT)
    assert got.status == 200
    assert bench.edge.hit.client == "extra"


def test_neither_cookie_nor_header_is_stored_whatever_a_template_may_read() -> None:
    bench = Bench()
    wide = reader(
        spec=READER.replace("[X-Shop-Id, x-country-*]", "[x-*]").replace("[_ttp, _ga_*]", "[firsthand_*, x*]")
    )
    bench.edge = edge(wide, previews=Previews(lambda: bench.key, lambda n: Draft(EdgeConfig.build(wide, secret), "")))
    token = bench.token(container=wide.container.container)
    sent = {"cookie": f"xa=1; {COOKIE}={token}", "x-firsthand-preview": token, "x-else": "2"}
    bench.send("POST", "/e", headers=sent, body=EVENT)
    assert bench.edge.hit.cookies == {"xa": "1"}
    assert bench.edge.hit.headers == {"x-else": "2"}
    bench.send("POST", "/e", headers={"cookie": f"xa=1; {COOKIE}=made-up"}, body=EVENT)
    assert bench.edge.hit.cookies == {"xa": "1"}


@pytest.mark.parametrize("kind", ["expired", "forged", "older key", "another container", "cut", "empty"])
def test_a_cookie_that_is_not_valid_is_taken_away_and_its_hit_is_an_ordinary_one(bench: Bench, kind: str) -> None:
    got = bench.send(headers=bench.cookie(invalid(bench, kind)))
    assert got.status == 200
    assert bench.place == LIVE
    assert [cookie for cookie in got.cookies if cookie.startswith(f"{COOKIE}=;")] == [
        f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=None; Secure"
    ]


@pytest.mark.parametrize("kind", ["expired", "forged", "older key", "another container", "cut", "empty"])
def test_a_header_that_is_not_valid_is_refused(bench: Bench, kind: str) -> None:
    sent = {"x-firsthand-preview": invalid(bench, kind), "origin": PAGE}
    got = bench.send("POST", "/e", headers=sent, body=EVENT)
    assert got.status == (410 if kind == "expired" else 403)
    assert got.headers["access-control-allow-origin"] == PAGE
    assert bench.edge.writer.hits == []


def invalid(bench: Bench, kind: str) -> str:
    if kind == "expired":
        return bench.token(life_s=-1)
    if kind == "another container":
        return bench.token(container="other")
    if kind == "older key":
        old = bench.token()
        bench.key = new_key()
        return old
    return {"forged": bench.token()[:-6] + "AAAAAA", "cut": bench.token()[:40], "empty": ""}[kind]


def test_a_draft_that_cannot_run_refuses_its_hits_and_nobody_elses(bench: Bench) -> None:
    bench.error = OperatorError("The secret INTAKE is not set.", hint="Set FIRSTHAND_SECRET_INTAKE.")
    for headers in (bench.cookie(bench.token(), origin=PAGE), {"x-firsthand-preview": bench.token(), "origin": PAGE}):
        got = bench.send("POST", "/e", headers=headers, body=EVENT)
        assert got.status == 409
        assert got.headers["access-control-allow-origin"] == PAGE
        assert "The secret INTAKE is not set." in got.body.decode()
        assert got.cookies == []
    assert bench.send("POST", "/e", body=EVENT).status == 200
    assert [place(hit) for hit in bench.edge.writer.hits] == [LIVE]
    refused = bench.send("POST", "/v1/capi", headers={"x-firsthand-preview": bench.token()}, body=EVENT)
    assert refused.status == 409


def test_the_refusal_has_the_shape_of_the_client(bench: Bench) -> None:
    bench.error = OperatorError("No.")
    target = "/v25.0/1234567890/events?access_token=x"
    got = bench.send("POST", target, headers={"x-firsthand-preview": bench.token()}, body=EVENT)
    assert b'"is_transient":false' in got.body.replace(b" ", b"")


def test_a_draft_that_cannot_be_read_now_asks_to_come_again(bench: Bench) -> None:
    bench.error = Overloaded()
    assert bench.send(headers={"x-firsthand-preview": bench.token()}).status == 503


def test_a_refused_draft_is_not_made_ready_for_every_hit(bench: Bench) -> None:
    bench.error = OperatorError("No.")
    for _ in range(5):
        bench.send(headers={"x-firsthand-preview": bench.token()})
    assert bench.loaded == [-12]


def test_drafts_are_kept_up_to_a_bound(bench: Bench) -> None:
    for version in [*range(1, KEPT + 2), 2, 1]:
        bench.send(headers={"x-firsthand-preview": bench.token(-version)})
    assert bench.loaded == [*range(-1, -KEPT - 2, -1), -1]


def test_hits_at_once_make_a_draft_ready_once(bench: Bench) -> None:
    async def work() -> None:
        previews = Previews(lambda: bench.key, bench.load)
        await asyncio.gather(*(previews.draft(-12) for _ in range(20)))

    asyncio.run(work())
    assert bench.loaded == [-12]


def test_previews_count_beside_the_figures(bench: Bench) -> None:
    bench.send(headers=bench.cookie(bench.token()))
    bench.send("POST", "/e", headers=bench.cookie(bench.token()), body=b"{")
    bench.send("GET", "/nowhere", headers=bench.cookie(bench.token()))
    bench.send(headers={"x-firsthand-preview": "x"})
    assert {name for name, _ in bench.edge.writer.counts} <= {
        "not_live", "not_live_refused", "not_live_unclaimed", "not_live_unavailable",
    }  # fmt: skip
    assert bench.edge.writer.counts["not_live", "preview"] >= 1
    assert not any(sum(parts) for parts in bench.edge.writer.tallies.values())
    bench.send()
    assert ("ack", "pixel") in bench.edge.writer.tallies


def test_a_preflight_for_a_path_of_a_draft_alone_is_answered_by_it(bench: Bench) -> None:
    asks = {"origin": PAGE, "access-control-request-method": "POST"}
    assert bench.send("OPTIONS", "/only-in-the-draft", headers=asks).status == 404
    bench.send(headers=bench.cookie(bench.token()))
    got = bench.send("OPTIONS", "/only-in-the-draft", headers=asks)
    assert got.status == 204
    assert got.headers["access-control-allow-origin"] == PAGE
    assert bench.send("POST", "/only-in-the-draft", body=EVENT).status == 404


# The page behind the link.


def test_the_page_says_what_runs_until_when_and_offers_the_way_out(bench: Bench) -> None:
    token = bench.token(life_s=3600)
    got = bench.send("GET", f"/_preview/{token}")
    text = got.body.decode()
    assert got.status == 200
    assert "revision 12 of the workspace checkout" in text
    assert re.search(r"until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", text)
    assert "Nothing is sent" in text
    assert 'action="/_preview/end"' in text
    assert token not in text
    assert "sent to the destinations, once" in bench.send("GET", f"/_preview/{bench.token(sends=True)}").body.decode()
    assert bench.edge.writer.hits == []
    assert bench.edge.writer.counts == {}


def test_the_page_is_private_and_loads_nothing(bench: Bench) -> None:
    for got in (bench.send("GET", f"/_preview/{bench.token()}"), bench.send("GET", "/_preview/x")):
        assert got.headers["cache-control"] == "no-store"
        assert got.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in got.headers["x-robots-tag"]
        assert got.headers["x-content-type-options"] == "nosniff"
        policy = got.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(rb"<script|<link|<img|src=|url\(|@import", got.body)


@pytest.mark.parametrize(
    ("host", "scheme", "domains", "attributes"),
    [
        ("t.shop.example", "https", "[shop.example]", "SameSite=Lax; Secure"),
        ("t.shop.example", "http", "[shop.example]", "SameSite=Lax"),
        ("t.shop.example", "https", "[shop.example, other.example]", "SameSite=None; Secure"),
        ("t.shop.example", "http", "[shop.example, other.example]", "SameSite=Lax"),
        ("metrics.shop.example", "https", "[shop.example, blog.shop.example]", "SameSite=Lax; Secure"),
        ("t.shop.co.uk", "https", "[shop.co.uk, else.co.uk]", "SameSite=None; Secure"),
        ("localhost:8080", "http", "[localhost]", "SameSite=Lax; Secure"),
        ("shop.localhost:8080", "http", "[shop.localhost]", "SameSite=Lax; Secure"),
        ("127.0.0.1:8080", "http", "[127.0.0.1, shop.example]", "SameSite=None; Secure"),
    ],
)
def test_the_cookie_fits_where_pages_and_collector_are(host: str, scheme: str, domains: str, attributes: str) -> None:
    bench = Bench()
    container = SHOP.replace("[shop.example, 127.0.0.1, localhost]", domains)
    bench.edge = edge(snapshot(container), previews=Previews(lambda: bench.key, bench.load))
    token = bench.token(life_s=600)
    (cookie,) = bench.send("GET", f"/_preview/{token}", headers={"host": host}, scheme=scheme).cookies
    value, path, age, rest = cookie.split("; ", 3)
    assert value == f"{COOKIE}={token}"
    assert path == "Path=/"
    assert 595 <= int(age.removeprefix("Max-Age=")) <= 600
    assert rest == f"HttpOnly; {attributes}"
    assert "Domain" not in cookie


@pytest.mark.parametrize(("kind", "status"), [("expired", 410), ("forged", 403), ("older key", 403), ("cut", 403),
                                              ("another container", 403), ("empty", 403)])  # fmt: skip
def test_a_link_that_is_not_valid_is_refused_in_plain_words(bench: Bench, kind: str, status: int) -> None:
    got = bench.send("GET", f"/_preview/{invalid(bench, kind)}")
    assert got.status == status
    assert got.cookies == []
    assert b"ask for a new link" in got.body.lower()


def test_a_link_to_what_cannot_run_sets_no_cookie_and_says_why(bench: Bench) -> None:
    bench.error = OperatorError("The secret INTAKE is not set.", hint="Set FIRSTHAND_SECRET_INTAKE.")
    got = bench.send("GET", f"/_preview/{bench.token()}")
    assert (got.status, got.cookies) == (409, [])
    assert b"The secret INTAKE is not set." in got.body


def test_only_a_person_who_opens_the_link_is_put_into_the_preview(bench: Bench) -> None:
    for dest in ("image", "iframe", "script", "empty"):
        got = bench.send("GET", f"/_preview/{bench.token()}", headers={"sec-fetch-dest": dest})
        assert (got.status, got.cookies) == (403, [])
    assert bench.send("GET", f"/_preview/{bench.token()}", headers={"sec-fetch-dest": "document"}).cookies
    for method in ("POST", "HEAD", "PUT", "OPTIONS"):
        assert bench.send(method, f"/_preview/{bench.token()}").status == 405


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_no_name_becomes_markup(bench: Bench) -> None:
    bench.words = "</p><script>alert(1)</script><img src=x onerror=alert(2)> \"quoted\" 'too' &amp;"
    token = bench.token(id='"><script>alert(3)</script>')
    text = bench.send("GET", f"/_preview/{token}?to={quote(PAGE + '/?q=' + chr(34) + '><b>')}").body.decode()
    tags = Tags(text).tags
    assert {tag for tag, _ in tags} <= {
        "html", "meta", "title", "style", "main", "h1", "p", "a", "form", "input", "button",
    }  # fmt: skip
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    assert "alert(1)" in text
    hosts = bench.send("GET", f"/_preview/{token}", headers={"host": '"><script>'})
    assert hosts.status == 400


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/", "//evil.example/", "https://shop.example.evil.example/", "javascript:alert(1)",
        "https://shop.example@evil.example/", "https://evil.example/https://shop.example", "http://shop.example/",
        "https://shop.example:444/", "https://evilshop.example/", "https://shop.example\\@evil.example/",
        "https:/evil.example", "/relative", "data:text/html,x", "https://shop.example\\.evil.example",
        " https://shop.example/", "https://shop.example/\r\nx", "https://shop.example./", "ftp://shop.example/",
    ],
)  # fmt: skip
def test_the_page_leads_to_nowhere_but_the_containers_own_pages(bench: Bench, to: str) -> None:
    got = bench.send("GET", f"/_preview/{bench.token()}?to={quote(to, safe='')}")
    assert got.status == 200
    assert not [tag for tag, _ in Tags(got.body.decode()).tags if tag == "a"]
    assert "location" not in got.headers
    assert "left out" in got.body.decode()


@pytest.mark.parametrize(
    "to", ["https://shop.example", "https://www.shop.example/cart?a=1#b", "http://localhost:3000/x"]
)
def test_the_page_leads_on_to_the_shop(bench: Bench, to: str) -> None:
    got = bench.send("GET", f"/_preview/{bench.token()}?to={quote(to, safe='')}")
    (link,) = [attributes for tag, attributes in Tags(got.body.decode()).tags if tag == "a"]
    assert link == {"rel": "noreferrer", "href": to}


def test_ending_takes_the_cookie_away(bench: Bench) -> None:
    sent = bench.cookie(bench.token()) | {"content-type": "application/x-www-form-urlencoded"}
    got = bench.send("POST", "/_preview/end", headers=sent, body=b"id=session-1")
    assert got.status == 200
    (cookie,) = got.cookies
    assert cookie.startswith(f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly")
    assert bench.send("POST", "/_preview/end", headers=sent, body=b"id=else").status == 403
    assert bench.send("GET", "/_preview/end", headers=sent).status == 405
    assert bench.send("POST", "/_preview/end", headers=sent, body=b"x" * 5000).status == 413
    over = bench.cookie(bench.token(life_s=-1))
    assert bench.send("POST", "/_preview/end", headers=over, body=b"id=session-1").status == 200
    assert bench.edge.writer.hits == []


def test_without_a_key_no_link_is_valid() -> None:
    app = edge()
    token = Bench().token()
    assert app.request("GET", f"/_preview/{token}").status == 403
    assert app.request("GET", "/tr?ev=X", headers={"x-firsthand-preview": token}).status == 403
    assert app.request("GET", "/tr?ev=X", headers={"cookie": f"{COOKIE}={token}"}).status == 200
    assert place(app.hit) == LIVE


# Environments beside live.


def test_an_environment_answers_on_its_own_hosts_alone(bench: Bench) -> None:
    config = EdgeConfig.build(snapshot(number=9), secret)
    bench.edge.collector.environments = {"staging.shop.example": Placed(config, "staging", sends=False)}
    bench.send(headers={"host": "staging.shop.example:8443"})
    assert bench.place == (9, "staging", "", False)
    bench.send(headers={"host": "Staging.Shop.Example."})
    assert bench.place == (9, "staging", "", False)
    bench.send()
    assert bench.place == LIVE
    bench.send(headers=bench.cookie(bench.token(), host="staging.shop.example"))
    assert bench.place == PREVIEWED
    bench.send(headers=bench.cookie("over", host="staging.shop.example"))
    assert bench.place == (9, "staging", "", False)


def test_an_environment_that_cannot_run_refuses_and_live_does_not_get_its_hits(bench: Bench) -> None:
    refusal = SenderError(409, "environment_unavailable", "The environment staging cannot take hits now: no secret.")
    bench.edge.collector.environments = {"staging.shop.example": refusal}
    for headers in ({"host": "staging.shop.example"}, bench.cookie("over", host="staging.shop.example")):
        got = bench.send("POST", "/e", headers=headers | {"origin": PAGE}, body=EVENT)
        assert got.status == 409
        assert got.headers["access-control-allow-origin"] == PAGE
    assert bench.edge.writer.hits == []
