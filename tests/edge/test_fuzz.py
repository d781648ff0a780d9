"""Whatever is sent gets one of the declared outcomes, and never a 500 or a failure of ours."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.edge.redact import spellings
from tests.support.edge import GOOD, LATIN_GOOD, assert_declared, edge

BYTES = st.binary(max_size=300)
TEXT = st.text(max_size=60)
LATIN = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=200)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
NAMES = st.sampled_from(["dl", "rl", "fbp", "fbc", "ev", "id", "access_token", "data", "cd[value]", "consent", "dl[]"])
PAIR = st.tuples(NAMES | TEXT, TEXT).map(lambda pair: f"{pair[0]}={pair[1]}".encode("utf-8", "replace"))
RAW_PAIRS = st.lists(PAIR | BYTES, max_size=12).map(b"&".join)
PATHS = st.sampled_from(["/tr", "/tr/", "/e", "/capi/1/events", "/v25.0/1/events", "/nobody", "/readyz"])
METHODS = st.sampled_from(["GET", "POST", "OPTIONS", "PUT", "HEAD", "DELETE"])
TYPES = st.sampled_from(
    ["", "application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=B"]
)
EVENTS = st.dictionaries(st.sampled_from(["event_name", "consent", "page_location", "data", "access_token"]), VALUES)
JSON = (EVENTS | st.lists(EVENTS | VALUES, max_size=5)).map(lambda value: json.dumps(value).encode())
CUT = st.tuples(JSON, st.integers(0, 200)).map(lambda cut: cut[0][: cut[1]])
PART = st.tuples(NAMES, BYTES).map(
    lambda p: b'--B\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (p[0].encode(), p[1])
)
MULTIPART = st.lists(PART | BYTES, max_size=4).map(lambda parts: b"".join(parts) + b"--B--\r\n")
BODIES = BYTES | RAW_PAIRS | JSON | CUT | MULTIPART
COOKIES = st.lists(st.tuples(st.sampled_from(["_fbp", "_fbc", "_fhid", "consent", "x", ""]), LATIN), max_size=6).map(
    lambda pairs: ";".join(f"{name}={value}" for name, value in pairs)
)

APP = edge()


@settings(max_examples=400, deadline=None)
@given(METHODS, PATHS, RAW_PAIRS, COOKIES, TYPES, BODIES, LATIN, st.booleans())
def test_any_request_has_a_declared_outcome(
    method: str, path: str, query: bytes, cookies: str, kind: str, body: bytes, origin: str, trusted: bool
) -> None:
    headers = {"cookie": cookies, "content-type": kind, "origin": origin, "referer": origin, "user-agent": origin}
    if trusted:
        headers["authorization"] = f"Bearer {LATIN_GOOD}"
    before = len(APP.writer.hits)
    got = APP.request(method, f"{path}?{query.decode('latin-1')}", headers=headers, body=body)
    assert_declared(APP, got, len(APP.writer.hits) - before)


@settings(max_examples=200, deadline=None)
@given(
    COOKIES, st.sampled_from(["t.shop.example", "shop.example:80", "127.0.0.1", "[::1]", "a/b", "", "..", "é"]), LATIN
)
def test_any_cookie_and_host_has_a_declared_outcome(cookies: str, host: str, forwarded: str) -> None:
    before = len(APP.writer.hits)
    headers = {"cookie": cookies, "host": host, "x-forwarded-for": forwarded, "if-none-match": forwarded}
    got = APP.request("GET", "/tr?dl=https://shop.example/?fbclid=" + "a" * 10, headers=headers)
    assert_declared(APP, got, len(APP.writer.hits) - before)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["gzip", "deflate", "br", "identity", "gzip, deflate"]), BYTES)
def test_any_compressed_body_has_a_declared_outcome(coding: str, body: bytes) -> None:
    before = len(APP.writer.hits)
    got = APP.request("POST", "/tr", headers={"content-encoding": coding}, body=body)
    assert got.status in (200, 400, 413, 415)
    assert_declared(APP, got, len(APP.writer.hits) - before)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(spellings(GOOD)), RAW_PAIRS, st.sampled_from(["query", "body", "referer"]))
def test_no_spelling_of_a_verified_credential_is_stored(spelling: bytes, pairs: bytes, place: str) -> None:
    headers = {"authorization": f"Bearer {LATIN_GOOD}"}
    query, body = b"", b'{"data": [{"event_name": "Lead"}], "a": "'
    if place == "query":
        query = pairs + b"&x=" + spelling
    elif place == "body":
        body += spelling.replace(b'"', b"'")
    else:
        headers["referer"] = spelling.decode("latin-1")
    got = APP.request("POST", f"/capi/1/events?{query.decode('latin-1')}", headers=headers, body=body + b'"}')
    if got.status == 200:
        hit = APP.hit
        stored = hit.query + hit.body + "".join(hit.headers.values()).encode()
        assert not [form for form in spellings(GOOD) if form in stored]
