"""Towards the destination: plans, described requests and what is refused in them, verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.errors import ScriptFault
from runtime.model.delivery import Batch, Disposition, Envelope, Response, Verdict
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.tag import describe_request, judge, plan
from tests.support.programs import hit, program, template

HOSTS = {"names": ["api.vendor.example", "*.regions.example", "{setting: region}"], "why": "a test"}
FIELDS = [
    {"id": id, "type": type, "label": "l", "help": "h"}
    for id, type in (("endpoint", "url"), ("region", "url"), ("token", "secret"), ("key", "secret"), ("text", "text"))
]
SETTINGS = {"token": "secret:TOKEN", "key": "secret:KEY"}
MAP = "map = function(event) return { id = event.event_id } end"


def built(
    functions: str, settings: dict[str, Any] | None = None, container: dict[str, Any] | None = None, **manifest: Any
) -> Program:
    permissions = {"hosts": HOSTS, "secrets": {"fields": ["token", "key"], "why": "a test"}}
    source = f"return {{ {MAP}, {functions} }}"
    destination = template("destination", "d", source, **{"fields": FIELDS, "permissions": permissions, **manifest})
    tags = {"a": {"template": "d", "triggers": ["everything"], "settings": settings or SETTINGS}}
    return program({"tags": tags, **(container or {})}, destination)


def described(body: str, *, settings: dict[str, Any] | None = None, key: str = "", count: int = 2) -> Envelope:
    """Returns the envelope of a `request` with that body."""
    compiled = built(f"request = function(batch, settings) {body} end", settings)
    return describe_request(compiled, "a", Batch(key, count, 1))


URL = 'url = "https://api.vendor.example/v1"'


def test_table_becomes_json_with_sorted_keys() -> None:
    made = described(
        f"return {{ {URL}, body = {{ token = settings.token, data = batch.items, at = batch.attempt_time }} }}"
    )
    assert made == Envelope(
        "POST",
        "https://api.vendor.example/v1",
        {"content-type": "application/json"},
        '{"at":"\\u0000time\\u0000","data":"\\u0000items\\u0000","token":"\\u0000secret:TOKEN\\u0000"}',
    )


def test_text_body_and_headers_stay_as_they_are() -> None:
    made = described(
        f"""return {{ method = "PUT", {URL}, headers = {{ ["X-Key"] = settings.token, ["X-Count"] = batch.count }},
        body = "[" .. batch.items .. "]" }}"""
    )
    assert made.method == "PUT"
    assert made.headers == {"x-key": "\0secret:TOKEN\0", "x-count": "2"}
    assert made.body == "[\0items\0]"


def test_signature_over_body_and_time() -> None:
    made = described(
        f"""local sign = function(message) return crypto.hmac_sha256(settings.key, message) end
        return {{ {URL} .. "?proof=" .. sign(settings.token), body = batch.items,
          headers = {{ ["X-Signature"] = sign(batch.attempt_time .. "." .. batch.body) }} }}"""
    )
    message = b"\0time\0.\0body\0".hex()
    assert made.headers == {"x-signature": f"\0hmac:KEY:{message}\0"}
    assert made.url.endswith("?proof=\0hmac:KEY:" + b"\0secret:TOKEN\0".hex() + "\0")


def test_letters_that_no_header_carries_are_escaped() -> None:
    assert described(f'return {{ {URL}, headers = {{ a = "5 € ü" .. settings.token }} }}').headers == {
        "a": "5 %E2%82%AC %C3%BC\0secret:TOKEN\0"
    }


def test_request_without_a_body() -> None:
    assert described(f'return {{ method = "GET", {URL} }}') == Envelope("GET", "https://api.vendor.example/v1", {}, "")


def test_key_and_settings_of_the_items() -> None:
    variable = template("variable", "text", "return { resolve = function(event) return event.event_name end }")
    compiled_settings = {**SETTINGS, "text": "{{name}}"}
    source = f"request = function(batch, s) return {{ {URL}, body = {{ key = batch.key, text = s.text }} }} end"
    permissions = {"hosts": HOSTS, "secrets": {"fields": ["token", "key"], "why": "a test"}}
    both = f'return {{ map = function() return {{}}, {{ key = "eu" }} end, {source} }}'
    destination = template("destination", "d", both, fields=FIELDS, permissions=permissions)
    tags = {"a": {"template": "d", "triggers": ["everything"], "settings": compiled_settings}}
    compiled = program({"tags": tags, "variables": {"name": {"template": "text"}}}, destination, variable)
    (event,) = run(hit({"event_name": "purchase"}), compiled).events
    made = describe_request(compiled, "a", Batch(event.tags[0].key, 1, 1))
    assert made.body == '{"key":"eu","text":"purchase"}'


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("https://api.vendor.example/x?y=1#z", {}),
        ("https://API.vendor.example./x", {}),
        ("https://eu.regions.example", {}),
        ("https://a.b.regions.example", {}),
        ("https://own.example:8443/x", {"endpoint": "https://own.example"}),
        ("http://127.0.0.1:9000/x", {"endpoint": "http://127.0.0.1:9000"}),
        ("https://r1.example", {"region": "https://r1.example/base"}),
    ],
)
def test_host_that_is_allowed(url: str, settings: dict[str, Any]) -> None:
    assert described(f'return {{ url = "{url}" }}', settings={**SETTINGS, **settings}).url == url


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "https://regions.example/",
        "https://eu.regions.example.evil.example/",
        "https://xregions.example/",
        "https://api.vendor.example@evil.example/",
        "https://user:pw@api.vendor.example/",
        "https://\\0secret:TOKEN\\0.regions.example/",
        "\\0secret:TOKEN\\0",
        "https://api.vendor.example:\\0secret:TOKEN\\0/",
        "https://api.vendor.example%00secret:TOKEN%00/",
        "https://api.vendor.example:99999/",
        "http://api.vendor.example/",
        "ftp://api.vendor.example/",
        "//api.vendor.example/",
        "/v1",
        "https://[::1",
    ],
)
def test_host_that_is_refused(url: str) -> None:
    with pytest.raises(ScriptFault) as caught:
        described(f'return {{ url = "{url}" }}')
    assert caught.value.kind == "permission"


@pytest.mark.parametrize(
    "request_table",
    [
        "5",
        "{}",
        '{ url = "https://api.vendor.example/a b" }',
        '{ url = "https://api.vendor.example/a\\r\\nx: y" }',
        '{ url = "https://api.vendor.example\\\\@evil.example/" }',
        '{ url = "https://api.vendor.example/ü" }',
        '{ url = "https://api.vendor.example/\\0other\\0" }',
        f'{{ {URL}, method = "CONNECT" }}',
        f'{{ {URL}, headers = "x" }}',
        f'{{ {URL}, headers = {{ a = "x\\r\\nb: c" }} }}',
        f'{{ {URL}, headers = {{ a = "x\\0" }} }}',
        f"{{ {URL}, headers = {{ a = {{}} }} }}",
        f'{{ {URL}, headers = {{ ["a b"] = "x" }} }}',
        f'{{ {URL}, headers = {{ ["a\\r\\nb"] = "x" }} }}',
        f'{{ {URL}, headers = {{ ["X-A"] = "x", ["x-a"] = "y" }} }}',
        f'{{ {URL}, headers = {{ Host = "evil.example" }} }}',
        f'{{ {URL}, headers = {{ ["Content-Length"] = "5" }} }}',
        f"{{ {URL}, body = true }}",
        f'{{ {URL}, body = "a\\0b" }}',
        f"{{ {URL}, body = {{ a = {{ {{ [batch.items] = 1 }} }} }} }}",
    ],
)
def test_what_is_no_request(request_table: str) -> None:
    with pytest.raises(ScriptFault) as caught:
        described(f"return {request_table}")
    assert caught.value.kind == "result"


@pytest.mark.parametrize(
    "request_table",
    [
        f'{{ {URL}, body = "\\0secret:OTHER\\0" }}',
        f'{{ {URL}, body = {{ a = {{ "x\\0secret:OTHER\\0" }} }} }}',
        f'{{ {URL}, headers = {{ a = "\\0secret:OTHER\\0" }} }}',
        f'{{ {URL} .. "?a=\\0secret:OTHER\\0" }}',
        f'{{ {URL} .. "?a=%00secret%3AOTHER%00" }}',
        f'{{ {URL}, body = "\\\\u0000secret:OTHER\\\\u0000" }}',
        f'{{ {URL}, body = "\\0hmac:OTHER:00\\0" }}',
        f'{{ {URL}, body = crypto.hmac_sha256(settings.key, "\\0secret:OTHER\\0") }}',
        f'{{ {URL}, body = crypto.hmac_sha256(settings.key, crypto.hmac_sha256(settings.key, "\\0secret:OTHER\\0")) }}',
    ],
)
def test_secret_of_somebody_else(request_table: str) -> None:
    with pytest.raises(ScriptFault) as caught:
        described(f"return {request_table}")
    assert (caught.value.kind, "OTHER" in caught.value.message) == ("permission", True)


def test_fault_of_the_script() -> None:
    with pytest.raises(ScriptFault) as caught:
        described('error("boom")')
    assert caught.value.kind == "error"


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Response:
    return Response(status, headers, body, 1.0)


def judged(verdict: str, response: Response, *, count: int = 3) -> Verdict:
    return judge(built(f"verdict = function(response, batch) {verdict} end"), "a", response, Batch("", count, 1))


def test_verdict_sees_the_answer() -> None:
    source = """local said = response.json.error .. response.headers.via
      return { disposition = "reject", reason = said .. batch.count .. response.body }"""
    assert judged(source, answer(400, b'{"error":"bad"}', via="x")).reason == 'badx3{"error":"bad"}'
    assert (
        judged('return { disposition = "retry", reason = tostring(response.json) }', answer(502, b"<html>")).reason
        == "nil"
    )


def test_verdict_in_full() -> None:
    source = """return { disposition = "retry", reason = "later", retry_after = 30, stop = true,
      items = {
        { index = 1, disposition = "delivered" },
        { index = 3, disposition = "reject", reason = "bad", final = true },
      } }"""
    assert judged(source, answer()) == Verdict(
        Disposition.RETRY,
        "later",
        30.0,
        stop=True,
        items={0: Verdict(Disposition.DELIVERED), 2: Verdict(Disposition.REJECT, "bad", final=True)},
    )


@pytest.mark.parametrize(
    "source",
    [
        'error("boom")',
        "return nil",
        "return {}",
        'return { disposition = "maybe" }',
        'return { disposition = "delivered", items = { { index = 0, disposition = "reject" } } }',
        'return { disposition = "delivered", items = { { index = 4, disposition = "reject" } } }',
        'return { disposition = "delivered", items = { { disposition = "reject" } } }',
        'return { disposition = "delivered", items = { a = 1 } }',
    ],
)
def test_faulty_verdict_stops_the_tag_and_loses_nothing(source: str) -> None:
    verdict = judged(source, answer())
    assert (verdict.disposition, verdict.stop) == (Disposition.RETRY, True)
    assert verdict.reason.startswith("script_")


@pytest.mark.parametrize(
    ("status", "disposition"),
    [
        (200, Disposition.DELIVERED),
        (204, Disposition.DELIVERED),
        (301, Disposition.RETRY),
        (404, Disposition.RETRY),
        (400, Disposition.REJECT),
        (408, Disposition.RETRY),
        (429, Disposition.RETRY),
        (500, Disposition.RETRY),
        (599, Disposition.RETRY),
        (418, Disposition.RETRY),
    ],
)
def test_status_decides_where_the_script_has_no_verdict(status: int, disposition: Disposition) -> None:
    spec = {"consent": [], "retry_statuses": [408, 418, 429]}
    verdict = judge(built("", destination=spec), "a", answer(status), Batch("", 1, 1))
    assert verdict.disposition is disposition
    assert verdict.reason == ("" if disposition is Disposition.DELIVERED else f"http_{status}")


def test_plan() -> None:
    spec = {
        "consent": [],
        "batch": {"max_items": {"setting": "size"}, "max_bytes": 5000, "linger_ms": {"setting": "wait"}},
        "concurrency": 2,
        "timeout_s": 3.5,
        "age": {"time": "t", "limit_days": 2},
    }
    fields = [*FIELDS, *({"id": id, "type": "integer", "label": "l", "help": "h"} for id in ("size", "wait"))]
    made = plan(
        built("", {**SETTINGS, "size": 40, "endpoint": "https://proxy.example/x"}, destination=spec, fields=fields), "a"
    )
    assert (made.tag, made.template, made.max_items, made.max_bytes, made.linger_ms) == ("a", "d", 40, 5000, 50)
    assert (made.concurrency, made.timeout_s, made.backlog_age_s, made.dry_run, made.paused) == (
        2,
        3.5,
        2 * 86400,
        False,
        False,
    )
    assert made.hosts == ("api.vendor.example", "*.regions.example", "proxy.example")
    assert made.settings["token"] == "secret:TOKEN"
