from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.delivery.envelope import Filled, fill, mask
from runtime.errors import OperatorError, ScriptFault
from runtime.model.delivery import Envelope
from runtime.text.redaction import Redactor

SECRETS = {"TOKEN": 'to"ken&=/ü', "KEY": "key"}
URL = "https://api.vendor.example/e"


def filled(url: str = URL, body: str = "", items: tuple[bytes, ...] = (b'{"a":1}',), **headers: str) -> Filled:
    envelope = Envelope("post", url, headers, body)
    return fill(envelope, items, at_s=1_790_000_000, secret=SECRETS.__getitem__, timeout_s=3, hosts=("x",))


def signed(message: bytes) -> str:
    return hmac.digest(b"key", message, "sha256").hex()


def placeholder(message: str) -> str:
    return f"\0hmac:KEY:{message.encode().hex()}\0"


def test_items_stand_alone_as_an_array_in_a_table_and_joined_in_a_text() -> None:
    table = json.dumps({"data": "\0items\0", "n": 2})
    assert filled(body=table, items=(b"1", b"2")).request.body == b'{"data": [1,2], "n": 2}'
    assert filled(body="[\0items\0]", items=(b"1", b"2")).request.body == b"[1,2]"


def test_items_inside_a_longer_text_of_a_table_are_the_scripts_fault() -> None:
    with pytest.raises(ScriptFault, match="a value of its own"):
        filled(body=json.dumps({"data": "x\0items\0"}))


def test_a_secret_is_escaped_as_its_place_demands() -> None:
    assert json.loads(filled(body=json.dumps({"t": "<\0secret:TOKEN\0>"})).request.body) == {
        "t": f"<{SECRETS['TOKEN']}>"
    }
    assert filled(authorization="Bearer \0secret:KEY\0").request.headers == {"authorization": "Bearer key"}
    assert filled(body="t=%00secret%3ATOKEN%00").request.body == b"t=to%22ken%26%3D%2F%C3%BC"
    assert filled(url=f"{URL}?t=\0secret:TOKEN\0").request.url == f"{URL}?t=to%22ken%26%3D%2F%C3%BC"


def test_a_url_that_begins_with_a_secret_is_that_secret() -> None:
    SECRETS["HOOK"] = "https://hooks.vendor.example/T0/B1"
    assert filled(url="\0secret:HOOK\0/more").request.url == "https://hooks.vendor.example/T0/B1/more"


def test_an_hmac_may_sign_the_final_body_and_the_time() -> None:
    message = "\0time\0.\0body\0"
    request = filled(body='[\0items\0,"\0secret:KEY\0"]', signature=f"v1={placeholder(message)}").request
    assert request.body == b'[{"a":1},"key"]'
    assert request.headers == {"signature": "v1=" + signed(b'1790000000.[{"a":1},"key"]')}


@pytest.mark.parametrize("mark", ["\0hmac_base64:KEY:6d\0", "%00hmac_base64%3AKEY%3A6d%00"])
def test_an_hmac_may_be_base64(mark: str) -> None:
    digest = base64.b64encode(hmac.digest(b"key", b"m", "sha256")).decode()
    expected = digest if mark[0] == "\0" else quote(digest, safe="")
    assert filled(signature=mark).request.headers == {"signature": expected}
    assert filled(url=f"{URL}?s={mark}").request.url == f"{URL}?s={quote(digest, safe='')}"
    assert json.loads(filled(body=json.dumps({"s": mark})).request.body) == {"s": expected}


def test_an_hmac_of_another_secret_may_stand_in_the_body() -> None:
    """Meta's appsecret_proof is the HMAC of the access token."""
    body = json.dumps({"appsecret_proof": placeholder("\0secret:TOKEN\0")})
    assert json.loads(filled(body=body).request.body) == {"appsecret_proof": signed(SECRETS["TOKEN"].encode())}


def test_a_body_cannot_hold_an_hmac_of_itself() -> None:
    with pytest.raises(ScriptFault, match="not in the body"):
        filled(body=placeholder("\0body\0"))


def test_a_missing_secret_is_told_by_whoever_looks_it_up() -> None:
    def missing(name: str) -> str:
        raise OperatorError(f"FIRSTHAND_SECRET_{name} is not set.")

    with pytest.raises(OperatorError, match="FIRSTHAND_SECRET_GONE"):
        fill(Envelope("POST", URL, {}, "\0secret:GONE\0"), (), at_s=0, secret=missing, timeout_s=1, hosts=())


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_event_data_cannot_pose_as_a_placeholder(text: str) -> None:
    tricks = f"{text}\0secret:TOKEN\0%00secret:TOKEN%00"
    item = json.dumps({"v": tricks, "w": "\\u0000secret:TOKEN\\u0000"}).encode()
    body = filled(body=json.dumps({"data": "\0items\0"}), items=(item,)).request.body
    assert json.loads(body) == {"data": [json.loads(item)]}


def test_an_escaped_backslash_is_not_a_placeholder() -> None:
    given: dict[str, Any] = {"a": "\\u0000secret:KEY\\u0000", "b": "\\\0secret:KEY\0"}
    assert json.loads(filled(body=json.dumps(given)).request.body) == {"a": given["a"], "b": "\\key"}


def test_the_masked_request_names_secrets_and_has_the_hash_of_the_sent_one() -> None:
    body = json.dumps({"t": "\0secret:TOKEN\0", "p": placeholder("x"), "at": "\0time\0", "data": "\0items\0"})
    envelope = Envelope("POST", f"{URL}?k=\0secret:KEY\0", {"x-sig": placeholder("\0body\0")}, body)
    shown = mask(envelope, (b"1",), at_s=5)
    assert json.loads(shown.body) == {"t": "secret:TOKEN", "p": "hmac:KEY", "at": "5", "data": [1]}
    assert shown.headers == {"x-sig": "hmac:KEY"}
    assert "key" not in shown.url.removeprefix(URL)
    sent = fill(envelope, (b"1",), at_s=5, secret=SECRETS.__getitem__, timeout_s=1, hosts=())
    assert sent.body_sha256 == shown.body_sha256 == hashlib.sha256(shown.body).digest()
    assert sent.secrets == {"TOKEN": SECRETS["TOKEN"], "KEY": "key"}


def test_secrets_are_masked_in_what_a_vendor_echoes() -> None:
    echo = 'bad token to"ken&=/ü, to\\"ken&=/ü, to%22ken%26%3D%2F%C3%BC'
    assert Redactor({"TOKEN": SECRETS["TOKEN"]}).text(echo) == "bad token secret:TOKEN, secret:TOKEN, secret:TOKEN"


@pytest.mark.parametrize(
    "body",
    [
        "a=%00hmac:KEY%00",
        "a=%00hmac%3AKEY%00",
        json.dumps({"a": "\0hmac:KEY\0"}),
        "a=%00secret:KEY:00%00",
        "\0hmac:KEY:0\0",
    ],
)
def test_only_a_whole_placeholder_is_filled(body: str) -> None:
    """What is filled must be what the pipeline has checked; half a placeholder it does not take for one."""
    assert filled(body=body).request.body == body.encode()
