from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.edge.consent import default_statement
from runtime.edge.documents import parse_pointer, read_documents
from runtime.edge.pairs import PairText, name_marks
from runtime.model.consent import PURPOSES
from runtime.model.consent_rule import ConsentRule
from tests.edge.test_consent import read
from tests.support.edge import edge
from tests.support.snapshots import SHOP, snapshot

ALL, NONE = dict.fromkeys(PURPOSES, True), dict.fromkeys(PURPOSES, False)


@pytest.mark.parametrize(
    ("raw", "name", "value"),
    [
        (b"dl=a", "dl", "a"),
        (b"x=1&dl=a+b%2Bc%C3%A9", "dl", "a b+cé"),
        (b"dl=a&dl=b", "dl", "b"),
        (b"dl=", "dl", ""),
        (b"dl", "dl", ""),
        (b"xdl=a&dlx=b", "dl", ""),
        (b"cd[value]=1", "cd[value]", "1"),
        (b"cd%5Bvalue%5D=1", "cd[value]", "1"),
        (b"cd%5bvalue%5d=1", "cd[value]", "1"),
        (b"dl=%zz%&%", "dl", "%zz%"),
        (b"dl=\xff%00a", "dl", "\ufffda"),
        (b"dl=a=b", "dl", "a=b"),
    ],
)
def test_values_are_found_in_pairs(raw: bytes, name: str, value: str) -> None:
    assert PairText(raw).find(name, name_marks(name)) == value


@pytest.mark.parametrize(
    ("body", "pointer", "value"),
    [
        (b'{"a": {"b": [1, "x"]}}', "/a/b/1", "x"),
        (b'\xef\xbb\xbf {"fb.fbp": "v"}', "/fb.fbp", "v"),
        (b'{"a/b": {"c~d": 1}}', "/a~1b/c~0d", 1),
        (b'{"a": 1, "a": 2}', "/a", 2),
        (b'{"a": [1]}', "/a/1", None),
        (b'{"a": [1]}', "/a/x", None),
        (b'{"a": "x"}', "/a/0", None),
        (b'{"a": NaN}', "/a", None),
        (b'{"a": "\xff"}', "/a", None),
        (b"{", "/a", None),
        (b"[]", "/a", None),
        (b'"a"', "/a", None),
    ],
)
def test_pointers_lead_into_a_body(body: bytes, pointer: str, value: Any) -> None:
    found = [document.find(parse_pointer(pointer)) for document in read_documents(body).items]
    assert (found or [None]) == [value]


def test_a_deep_body_holds_no_text() -> None:
    """How deep the decoder goes differs between Python versions; what lies there is no fact either way."""
    documents = read_documents(b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}").items
    assert not any(isinstance(document.find(parse_pointer("/a/0")), str) for document in documents)


def test_a_pointer_that_begins_otherwise_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with"):
        parse_pointer("a/b")


def facts_of(sources: str, body: bytes = b"", target: str = "/x", **headers: str) -> Any:
    """Returns the hit of a client with these facts."""
    spec = f"{{methods: [GET, POST], paths: [/x], decode: auto, facts: {sources}}}"
    app = edge(snapshot(SHOP + "  x: {template: x}\n", x=spec))
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    assert app.request("POST", target, body=body, headers=sent).status == 200
    return app.hit


def test_the_first_source_that_holds_something_wins() -> None:
    sources = "{page_url: [{query: a}, {json: /u}, {cookie: c}, {header: Referer}, {bearer: true}]}"
    url = "https://shop.example/"
    json_body = b'{"u": "https://shop.example/json"}'
    all_headers = {"cookie": f"c={url}cookie", "referer": f"{url}header", "authorization": f"Bearer {url}bearer"}
    assert facts_of(sources, json_body, "/x?a=https://shop.example/query", **all_headers).page_url == url + "query"
    assert facts_of(sources, json_body, "/x?a=", **all_headers).page_url == url + "json"
    assert facts_of(sources, b"{}", **all_headers).page_url == url + "cookie"
    assert facts_of(sources, b"{broken", referer=f"{url}header", authorization="").page_url == url + "header"
    assert facts_of(sources, authorization=f"bearer {url}bearer").page_url == url + "bearer"
    assert facts_of(sources, authorization=f"Basic {url}").page_url == ""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"u=https://shop.example/p", "application/x-www-form-urlencoded"),
        (b"u=https://shop.example/p", "text/plain;charset=UTF-8"),
        (
            b'--B\r\nContent-Disposition: form-data; name="u"\r\n\r\nhttps://shop.example/p\r\n--B--\r\n',
            "multipart/form-data; boundary=B",
        ),
    ],
)
def test_forms_of_every_kind_are_read(body: bytes, kind: str) -> None:
    assert facts_of("{page_url: [{form: u}]}", body, content_type=kind).page_url == "https://shop.example/p"


def test_a_broken_multipart_holds_no_facts() -> None:
    hit = facts_of("{page_url: [{form: u}]}", b"--B\r\nbroken", content_type="multipart/form-data; boundary=B")
    assert hit.page_url == ""


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://a", "//shop.example", "x" * 10, "https://" + "a" * 9000])
def test_a_page_is_an_http_url_of_sane_length(url: str) -> None:
    assert facts_of("{page_url: [{query: u}]}", target=f"/x?u={url}").page_url == ""


def test_a_list_gives_the_first_element_that_holds_something() -> None:
    body = b'[1, {}, {"u": 5}, {"u": "https://shop.example/a"}, {"u": "https://shop.example/b"}]'
    assert facts_of("{page_url: [{json: /u}]}", body).page_url == "https://shop.example/a"
    assert facts_of("{page_url: [{json: /4/u}]}", body).page_url == "https://shop.example/b"
    assert facts_of("{page_url: [{json: /9/u}]}", body).page_url == ""
    assert facts_of("{page_url: [{json: /0/u}]}", b'{"u": "https://shop.example/a"}').page_url == ""


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, NONE),
        ({"default": "granted"}, ALL),
        ({"default": "denied"}, NONE),
        ({"default": {"ad_storage": "granted", "ad_user_data": "denied"}}, NONE | {"ad_storage": True}),
    ],
)
def test_what_the_container_does_not_say_is_denied(rule: Any, expected: dict[str, bool]) -> None:
    said = default_statement(ConsentRule.model_validate(rule).default)
    assert {purpose: answer.granted for purpose, answer in said.items()} == expected
    assert not any(answer.why for answer in said.values())


@pytest.mark.parametrize(
    ("said", "statement"),
    [
        (None, {}),
        ({}, {}),
        ({"ad_storage": True, "ad_user_data": False}, {"ad_storage": True, "ad_user_data": False}),
        ({"ad_storage": "granted", "ad_user_data": "Denied"}, {"ad_storage": True, "ad_user_data": False}),
        ({"ad_storage": "yes", "ad_user_data": 1}, {"ad_storage": False, "ad_user_data": False}),
        ({"functionality_storage": True}, {}),
        ("granted", ALL),
        (" DENIED ", NONE),
        (True, ALL),
        (False, NONE),
        ('{"ad_storage": "granted"}', {"ad_storage": True}),
        ("{broken", NONE),
        ("G1111", NONE),
        (["ad_storage"], NONE),
        (5, NONE),
        ("\ud800", NONE),
    ],
)
def test_what_cannot_be_understood_is_denied(said: Any, statement: dict[str, bool]) -> None:
    assert read(said) == statement


@pytest.mark.parametrize("default", ["granted", "denied"])
def test_a_hit_speaks_for_its_visitor_and_is_silent_for_the_default(default: str) -> None:
    app = edge(snapshot(SHOP.replace("{default: granted}", f"{{default: {default}}}")))
    app.request("POST", "/e", body=json.dumps({"consent": {"ad_storage": True, "ad_user_data": "denied"}}).encode())
    base = ALL if default == "granted" else NONE
    assert app.hit.consent == base | {"ad_storage": True, "ad_user_data": False}
    app.request("POST", "/e", body=b"{}")
    assert app.hit.consent == base
    app.request("POST", "/e", body=b"{}", headers={"cookie": "consent=%7B%22ad_storage%22%3A%22granted%22%7D"})
    assert app.hit.consent == base | {"ad_storage": True}
    app.request("POST", "/e", body=b'[{"consent": "granted"}, {}]')
    assert app.hit.consent == base


def test_a_list_too_long_to_look_through_is_denied() -> None:
    body = json.dumps([{"c": "granted"}] * 1001).encode()
    assert facts_of("{consent: [{json: /c}]}", body).consent == NONE
    assert facts_of("{consent: [{json: /c}]}", json.dumps([{"c": "granted"}] * 1000).encode()).consent == ALL
