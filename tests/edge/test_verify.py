"""Credentials: who is let in, and that none of them is left in what is stored."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import msgspec
import pytest

from runtime.edge.config import EdgeConfig
from runtime.edge.verify import Credential, accepted_tokens
from runtime.errors import OperatorError
from runtime.model.hit import Hit
from runtime.text.batches import decode_meta_data
from tests.support.edge import GOOD, LATIN_GOOD, TOKENS, Edge, edge, secret
from tests.support.snapshots import INTAKE, SETS_COOKIES, SHOP, snapshot

PATH = "/v25.0/42/events"
EVENTS = [{"event_name": "Lead", "user_data": {"em": ["62a1"]}}]
ID = "secret:INTAKE"


def multipart(**fields: str) -> bytes:
    parts = [
        f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    return "".join([*parts, "--B--\r\n"]).encode()


FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=B"}
DATA = json.dumps(EVENTS)
WAYS: dict[str, tuple[str, bytes, dict[str, str]]] = {
    "query": (f"{PATH}?access_token={quote(GOOD)}", json.dumps({"data": EVENTS}).encode(), {}),
    "query, plus": (f"{PATH}?a=1&access_token={quote_plus(GOOD)}&b=2", json.dumps({"data": EVENTS}).encode(), {}),
    "query, all escaped": (
        PATH + "?access_token=" + "".join(f"%{byte:02x}" for byte in GOOD.encode()),
        json.dumps({"data": EVENTS}).encode(),
        {},
    ),
    "query, escaped name": (
        f"{PATH}?access%5Ftoken=other&access_token={quote(GOOD)}",
        json.dumps({"data": EVENTS}).encode(),
        {},
    ),
    "form": (PATH, urlencode({"data": DATA, "access_token": GOOD, "x": "1"}).encode(), FORM),
    "form, in brackets too": (
        PATH,
        urlencode([("data", DATA), ("access_token", GOOD), ("access_token[]", GOOD)]).encode(),
        FORM,
    ),
    "multipart": (PATH, multipart(data=DATA, access_token=GOOD, x="1"), MULTIPART),
    "json": (PATH, json.dumps({"data": EVENTS, "access_token": GOOD}).encode(), {}),
    "json, UTF-8": (PATH, json.dumps({"data": EVENTS, "access_token": GOOD}, ensure_ascii=False).encode(), {}),
    "json, escaped": (
        PATH,
        b'{"data": [{"event_name": "Lead"}], "access\\u005ftoken": "%b"}'
        % "".join(f"\\u{ord(letter):04X}" for letter in GOOD).encode(),
        {},
    ),
    "json, under a wrong type": (PATH, json.dumps({"data": EVENTS, "access_token": GOOD}).encode(), FORM),
    "bearer": (PATH, json.dumps({"data": EVENTS}).encode(), {"authorization": f"Bearer {LATIN_GOOD}"}),
    "everywhere else too": (
        f"{PATH}?access_token={quote(GOOD)}&next=https://a.example/?t={quote(quote(GOOD))}",
        json.dumps(
            {"data": [{"event_name": "Lead", "note": f"my token is {GOOD}", "deep": json.dumps([GOOD])}]}
        ).encode(),
        {
            "referer": f"https://a.example/?t={quote(GOOD)}",
            "user-agent": f"curl {LATIN_GOOD}",
            "cookie": f"_ga={quote(GOOD)}",
        },
    ),
}


def forms_of(token: str) -> list[bytes]:
    """Returns the token in the encodings that a record could hold it in, in lower case."""
    escaped = json.dumps(token)[1:-1]
    texts = {token, escaped, escaped.replace("/", "\\/"), "".join(f"\\u{ord(letter):04x}" for letter in token)}
    texts |= {quote(text, safe="") for text in texts} | {quote_plus(token), quote(token)}
    texts |= {quote(text, safe="") for text in texts} | {"".join(f"%{byte:02x}" for byte in token.encode())}
    return [text.lower().encode() for text in texts]


def assert_clean(hit: Hit) -> None:
    """Fails where any token is left in the record, in any of those encodings."""
    record = msgspec.json.encode(hit) + hit.query + hit.body
    texts = [*hit.headers.values(), *hit.cookies.values(), hit.path, hit.page_url, hit.referrer, *hit.route.values()]
    stored = (record + "\n".join(texts).encode()).lower()
    for token in TOKENS.values():
        assert not [form for form in forms_of(token) if form in stored]


@pytest.mark.parametrize("way", WAYS)
def test_a_credential_is_taken_from_each_source_and_left_nowhere(way: str) -> None:
    target, body, headers = WAYS[way]
    app = edge()
    got = app.request("POST", target, body=body, headers=headers)
    assert got.status == 200, got.body
    assert (app.hit.trust, app.hit.verified) == ("server", ID)
    assert_clean(app.hit)
    events = decode_meta_data(app.hit.query, app.hit.body, app.hit.headers.get("content-type", ""), maximum=10).events
    assert events[0]["event_name"] == "Lead"


def test_the_stored_parts_hold_the_credentials_id_in_its_place_and_keep_the_rest() -> None:
    app = edge()
    app.request(
        "POST", f"{PATH}?a=%41&access_token={quote(GOOD)}&b=", body=b'{"data": [{"event_name":  "Lead"}], "x": 1}'
    )
    assert app.hit.query == b"a=%41&access_token=secret%3AINTAKE&b="
    assert app.hit.body == b'{"data": [{"event_name":  "Lead"}], "x": 1}'
    app.request("POST", PATH, body=json.dumps({"access_token": GOOD, "data": EVENTS}).encode())
    assert json.loads(app.hit.body) == {"access_token": ID, "data": EVENTS}
    app.request("POST", PATH, body=multipart(data=DATA, access_token=GOOD, x="1"), headers=MULTIPART)
    assert app.hit.body == multipart(data=DATA, access_token=ID, x="1")


def test_other_credentials_leave_nothing() -> None:
    app = edge()
    proof = "appsecret_proof=abcdef"
    app.request("POST", f"{PATH}?{proof}&access_token=wrong&access_token={quote(GOOD)}", body=b'{"data": []}')
    assert app.hit.query == b"access_token=secret%3AINTAKE"
    head = {"authorization": f"Bearer {LATIN_GOOD}"}
    app.request("POST", PATH, body=b'{"data": [], "appsecret_proof": "abcdef", "access_token": ["x"]}', headers=head)
    assert app.hit.body == b'{"data": []}'
    app.request("POST", PATH, body=multipart(data="[]", appsecret_proof="abcdef"), headers=head | MULTIPART)
    assert app.hit.body == multipart(data="[]")


@pytest.mark.parametrize(
    ("headers", "target", "reason"),
    [
        ({}, PATH, "token_missing"),
        ({"authorization": "Bearer"}, PATH, "token_missing"),
        ({"authorization": "Basic the-old-token"}, PATH, "token_missing"),
        ({"authorization": "Bearer the-old-toke"}, PATH, "token_wrong"),
        ({"authorization": "Bearer the-old-token2"}, PATH, "token_wrong"),
        ({"authorization": "Bearer secret:INTAKE"}, PATH, "token_wrong"),
        ({"authorization": "Bearer the-old-token"}, f"{PATH}?access_token=wrong", "token_wrong"),
        ({}, f"{PATH}?access_token=%ff%00", "token_wrong"),
    ],
)
def test_a_sender_without_a_good_credential_is_refused(headers: dict[str, str], target: str, reason: str) -> None:
    app = edge()
    got = app.request("POST", target, headers=headers, body=b'{"data": []}')
    assert got.status == 401
    assert json.loads(got.body)["error"]["code"] == 190
    assert app.writer.counts["refused", reason] == 1
    assert not app.writer.hits
    assert "wrong" not in json.dumps(app.writer.examples).replace("token_wrong", "")


OPEN = SETS_COOKIES + INTAKE.replace("setting: tokens", "setting: tokens\n  optional: true")


def open_edge(tokens: str = "[]") -> Edge:
    client = f"  open: {{template: open, settings: {{tokens: {tokens}}}}}\n"
    return edge(snapshot(SHOP + client, open=OPEN.replace("/capi/", "/open/").replace("/v{", "/w{")))


def test_where_tokens_are_optional_an_empty_list_lets_everybody_in_without_trust() -> None:
    app = open_edge()
    body = urlencode({"data": DATA, "access_token": "whatever"}).encode()
    assert app.request("POST", "/open/1/events", body=body, headers=FORM).status == 200
    assert (app.hit.trust, app.hit.verified) == ("browser", "")
    assert b"whatever" not in app.hit.body
    assert app.hit.visitor_id


def test_where_tokens_are_optional_and_given_they_must_be_right() -> None:
    app = open_edge('["secret:OLD"]')
    assert app.request("POST", "/open/1/events", body=b'{"data": []}').status == 401
    got = app.request("POST", "/open/1/events?access_token=the-old-token", body=b'{"data": []}')
    assert got.status == 200
    assert app.hit.trust == "server"


def test_a_body_that_cannot_be_read_keeps_no_credential_either() -> None:
    spec = OPEN.replace("count: {decoder: meta_data, max: 1000}", "").replace("/capi/", "/open/").replace("/v{", "/w{")
    app = edge(snapshot(SHOP + "  open: {template: open}\n", open=spec))
    for body, headers in [
        (b'{"access_token": "whatever-1", broken', {}),
        (b'[{"access_token" :"whatever-1"', {}),
        (b"--B\r\nname=access_token\r\n\r\nwhatever-1", MULTIPART),
        (b"whatever-1", {"content-type": "multipart/form-data"}),
        (b'[{"access_token": "whatever-1"}, 5, [{"a": 1}]]', {}),
        (b"access_token=whatever-1&access_token[a]=whatever-1", FORM),
    ]:
        assert app.request("POST", "/open/1/events", body=body, headers=headers).status == 200
        assert b"whatever-1" not in app.hit.body


def test_a_short_token_is_taken_from_its_own_place_alone() -> None:
    app = open_edge('["ab"]')
    app.request("POST", "/open/1/events?access_token=ab", body=b'{"data": [], "note": "about"}')
    assert (app.hit.query, app.hit.body) == (b"access_token=tokens.0", b'{"data": [], "note": "about"}')


def test_an_empty_or_missing_token_is_the_operators_mistake() -> None:
    with pytest.raises(OperatorError, match=r"secret:EMPTY.*empty"):
        accepted_tokens("tokens", ["secret:EMPTY"], lambda name: "")
    with pytest.raises(KeyError):
        EdgeConfig.build(snapshot(SHOP.replace("secret:OLD", "secret:GONE")), secret)
    assert accepted_tokens("tokens", None, secret) == {}
    assert accepted_tokens("tokens", "plain", secret) == {"tokens.0": b"plain"}


def test_a_credential_does_not_print_itself() -> None:
    shown: Any = Credential(ID, GOOD)
    assert GOOD not in f"{shown!r} {shown}"
