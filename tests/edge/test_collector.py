from __future__ import annotations

import asyncio
import base64
import gzip
import zlib

import pytest

from runtime.edge.answers import PIXEL
from runtime.edge.config import EdgeConfig
from runtime.edge.served import ServedFile
from runtime.errors import LogUnavailable
from runtime.settings import Settings
from tests.support.edge import GOOD, NOW_US, call, edge, secret, serving
from tests.support.snapshots import SHOP, snapshot

QUERY = "/tr/?id=111&ev=Purchase&dl=https%3A%2F%2Fshop.example%2Fthanks&rl=&fbp=fb.1.1790000000000.1234567890"


def test_a_get_is_logged_and_gets_the_pixel() -> None:
    app = edge()
    got = app.request("GET", QUERY, headers={"user-agent": "Agent", "accept": "*/*", "accept-language": "de"})
    assert (got.status, got.body) == (200, PIXEL)
    assert base64.b64encode(got.body).startswith(b"R0lGODlhAQABAIAAAP")
    assert len(got.body) == 43
    assert got.headers["content-type"] == "image/gif"
    assert got.headers["cache-control"] == "no-store"
    hit = app.hit
    assert (hit.client, hit.version, hit.received_us, hit.method) == ("pixel", 7, NOW_US, "GET")
    assert (hit.scheme, hit.host, hit.path) == ("https", "t.shop.example", "/tr/")
    assert hit.query == QUERY.partition("?")[2].encode()
    assert hit.headers == {"user-agent": "Agent", "accept-language": "de"}
    assert (hit.page_url, hit.referrer) == ("https://shop.example/thanks", "")
    assert hit.fbp == "fb.1.1790000000000.1234567890"
    assert hit.client_ip == "203.0.113.9"
    assert (hit.trust, hit.verified, hit.body) == ("browser", "", b"")


def test_a_post_has_an_answer_of_its_own() -> None:
    app = edge()
    got = app.request("POST", "/tr", body=b"ev=A&dl=https://shop.example/p")
    assert (got.status, got.body) == (200, b"")
    assert "content-type" not in got.headers
    assert app.hit.body == b"ev=A&dl=https://shop.example/p"
    assert app.hit.page_url == "https://shop.example/p"


def test_every_answer_forbids_sniffing_scripts_and_storing() -> None:
    app = edge(served={"/p.js": ServedFile(b"1", "text/javascript")})
    for method, target in [("GET", QUERY), ("GET", "/none"), ("PUT", "/tr"), ("OPTIONS", "/tr"), ("GET", "/readyz")]:
        got = app.request(method, target)
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert got.headers["cache-control"] == "no-store"


def test_placeholders_of_an_answer_keep_their_type_where_they_stand_alone() -> None:
    app = edge()
    got = app.request("POST", "/e", body=b'[{"event_name": "a"}, {"event_name": "b"}]')
    assert got.body == b'{"accepted":2,"id":"3.1"}'


def test_placeholders_within_a_text_are_escaped() -> None:
    refused = "{kind: json, json: {e: 'say {reason}: {hint}'}}"
    spec = f"{{methods: [POST], paths: [/x], decode: none, answers: {{refused: {refused}}}}}"
    app = edge(snapshot(SHOP + "  x: {template: x}\n", x=spec))
    got = app.request("POST", "/x", body=b"a" * 300_000)
    assert got.status == 413
    assert got.body == b'{"e":"say body_too_large: Send at most 262144 bytes."}'


def test_a_log_that_cannot_be_written_is_503_in_the_clients_own_shape() -> None:
    app = edge()
    app.writer.error = LogUnavailable()
    body = b'{"data": [{"event_name": "Lead"}]}'
    got = app.request("POST", "/capi/1/events", body=body, headers={"authorization": "Bearer the-old-token"})
    assert got.status == 503
    assert got.headers["retry-after"] == "5"
    assert b'"code":2,"is_transient":true' in got.body
    assert app.writer.counts["unavailable", "log_unavailable"] == 1
    assert app.request("GET", QUERY).status == 503


def test_too_many_at_once_are_asked_to_come_again() -> None:
    app = edge(max_in_flight=1)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/tr",
        "query_string": b"",
        "headers": [(b"host", b"t.shop.example")],
        "client": None,
        "scheme": "http",
    }

    async def two() -> list[int]:
        app.writer.gate = asyncio.Event()
        first = asyncio.create_task(call(app.collector, scope))
        await asyncio.sleep(0)
        second = await call(app.collector, scope)
        app.writer.gate.set()
        return [(await first).status, second.status]

    assert asyncio.run(two()) == [200, 503]
    assert app.writer.counts["unavailable", "overload"] == 1


def test_a_fault_of_ours_is_503_and_tells_the_sender_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    app = edge()
    app.writer.error = RuntimeError("secret text of a fault")
    got = app.request("GET", QUERY)
    assert got.status == 503
    assert b"fault" not in got.body
    assert app.writer.counts["failed", "RuntimeError"] == 1
    logged = "".join(capsys.readouterr())
    assert "collector_failed" in logged
    assert "secret text" not in logged


def test_unclaimed_is_404_counted_and_kept_as_an_example_without_its_query() -> None:
    app = edge()
    got = app.request("GET", "/nobody?token=secret")
    assert got.status == 404
    assert app.writer.counts["unclaimed", ""] == 1
    assert app.writer.examples == [("unclaimed", {"method": "GET", "host": "t.shop.example", "path": "/nobody"})]


def test_another_method_on_a_claimed_path_is_405_with_the_ones_that_are_taken() -> None:
    app = edge()
    got = app.request("PUT", "/tr")
    assert got.status == 405
    assert got.headers["allow"] == "GET, POST, OPTIONS"
    assert app.writer.counts["refused", "method_not_allowed"] == 1
    assert app.writer.examples[0][1]["reason"] == "method_not_allowed"


def test_a_count_refuses_what_it_cannot_read_and_other_clients_do_not() -> None:
    app = edge()
    assert app.request("POST", "/e", body=b"{not json").status == 400
    assert b"invalid_json" in app.request("POST", "/e", body=b"{not json").body
    assert b"too_many_events" in app.request("POST", "/e", body=b"[" + b"{}," * 100 + b"{}]").body
    assert not app.writer.hits
    assert app.request("POST", "/tr", body=b"{not json").status == 200


def test_probes_answer_without_a_hit() -> None:
    reasons: list[str] = []
    app = edge(reasons=lambda: reasons)
    for path in ("/livez", "/readyz", "/healthz", "/healthy"):
        assert app.request("GET", path).status == 200
    reasons.append("the disk is full")
    got = app.request("GET", "/readyz")
    assert (got.status, got.body) == (503, b'{"status":"not ready","reasons":["the disk is full"]}')
    assert app.request("GET", "/livez").status == 200
    assert not app.writer.hits


def test_served_files_have_policies_of_their_own_and_are_not_logged() -> None:
    file = ServedFile(b"var a = 1", "text/javascript; charset=utf-8", policy="default-src 'self'")
    app = edge(served={"/pixel.js": file})
    got = app.request("GET", "/pixel.js")
    assert (got.status, got.body) == (200, b"var a = 1")
    assert got.headers["content-security-policy"] == "default-src 'self'"
    assert got.headers["cache-control"] == "public, max-age=3600"
    again = app.request("GET", "/pixel.js", headers={"if-none-match": got.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert app.request("POST", "/pixel.js").status == 405
    assert not app.writer.hits
    assert not app.writer.counts


def test_a_new_version_holds_from_the_next_request() -> None:
    app = edge()
    app.request("GET", QUERY)
    app.collector.config = EdgeConfig.build(snapshot(SHOP.replace("granted", "denied"), number=8), secret)
    got = app.request("GET", QUERY)
    assert [hit.version for hit in app.writer.hits] == [7, 8]
    assert not got.cookies


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"ev=Lead")),
        ("x-gzip", gzip.compress(b"ev=Lead")),
        ("deflate", zlib.compress(b"ev=Lead")),
        ("deflate", zlib.compress(b"ev=Lead", wbits=-15)),
        ("Identity", b"ev=Lead"),
    ],
)
def test_compressed_bodies_are_stored_decompressed(coding: str, body: bytes) -> None:
    app = edge()
    assert app.request("POST", "/tr", body=body, headers={"content-encoding": coding}).status == 200
    assert app.hit.body == b"ev=Lead"


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        ("br", b"\x0b\x02\x80abc\x03", 415),
        ("zstd", b"a", 415),
        ("gzip, gzip", gzip.compress(b"a"), 415),
        ("gzip", b"not gzip", 400),
        ("gzip", gzip.compress(b"ev=Lead")[:-4], 400),
        ("gzip", gzip.compress(b"ev=Lead") + b"more", 400),
        ("gzip", gzip.compress(b"a") * 2, 400),
        ("deflate", zlib.compress(b"ev=Lead")[:-2], 400),
        ("gzip", gzip.compress(b"\0" * (4 * 262_144)), 200),
        ("gzip", gzip.compress(b"\0" * (4 * 262_144 + 1)), 413),
        ("gzip", gzip.compress(b"\0" * 100_000_000), 413),
    ],
)
def test_what_cannot_be_decompressed_within_the_limit_is_refused(coding: str, body: bytes, status: int) -> None:
    app = edge()
    got = app.request("POST", "/tr", body=body, headers={"content-encoding": coding})
    assert got.status == status
    assert len(app.writer.hits) == (status == 200)
    assert ("accept-encoding" in got.headers) == (status == 415)


def test_the_body_limit_is_the_manifests_under_the_operators_ceiling() -> None:
    big = b'{"data": [{"event_name": "' + b"a" * 50_000 + b'"}]}'
    head = {"authorization": "Bearer the-old-token"}
    assert edge().request("POST", "/capi/1/events", body=big, headers=head).status == 200
    tight = edge(settings=Settings(max_body_bytes=40_000, trusted_proxies=()))
    assert tight.request("POST", "/capi/1/events", body=big, headers=head).status == 413


def test_chunked_bodies_are_limited_as_they_come() -> None:
    app = edge()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/tr",
        "query_string": b"",
        "headers": [(b"host", b"t.shop.example"), (b"transfer-encoding", b"chunked")],
        "client": None,
        "scheme": "http",
    }
    assert asyncio.run(call(app.collector, scope, b"ev=", b"Le", b"ad")).status == 200
    assert app.hit.body == b"ev=Lead"
    assert asyncio.run(call(app.collector, scope, *[b"a" * 60_000] * 5)).status == 413


def test_a_sender_that_leaves_is_counted_and_not_logged() -> None:
    app = edge()
    with serving(app) as port:
        raw = b"POST /tr HTTP/1.1\r\nHost: t.shop.example\r\nContent-Length: 9\r\n\r\nev"
        port.hang_up_after(raw)
        port.exchange(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert app.writer.counts["disconnected", "pixel"] == 1
    assert not app.writer.hits


def test_good_credentials_make_a_trusted_hit_without_a_visitor() -> None:
    app = edge()
    body = b'{"data": [{"event_name": "Lead"}, {"event_name": "Lead"}]}'
    head = {
        "authorization": f"Bearer {GOOD.encode().decode('latin-1')}",
        "cookie": "_fbp=fb.1.1790000000000.1234567890",
    }
    got = app.request("POST", "/v25.0/42/events", body=body, headers=head)
    assert got.body == b'{"events_received":2,"fbtrace_id":"3.1"}'
    assert (app.hit.trust, app.hit.verified) == ("server", "secret:INTAKE")
    assert app.hit.route == {"version": "25.0", "pixel": "42"}
    assert (app.hit.fbp, app.hit.visitor_id, got.cookies) == ("", "", [])
