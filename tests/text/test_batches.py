from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from runtime.text.batches import DECODERS, Batch, decode_json_events, decode_meta_data
from runtime.text.malformed import Malformed

URLENCODED = "application/x-www-form-urlencoded"
EVENT = {"event_name": "Lead", "event_time": 1790000000, "user_data": {"em": ["62a1"]}}


def part(name: str, value: str) -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


FORMS: dict[str, tuple[bytes, str]] = {
    "json": (json.dumps({"data": [EVENT], "test_event_code": "T1"}).encode(), "application/json"),
    "json, data as text": (json.dumps({"data": json.dumps([EVENT]), "test_event_code": "T1"}).encode(), "text/json"),
    "json, called a form": (json.dumps({"data": [EVENT], "test_event_code": "T1"}).encode(), URLENCODED),
    "form, list of objects": (
        urlencode({"data": json.dumps([EVENT]), "test_event_code": "T1", "access_token": "S"}).encode(),
        URLENCODED,
    ),
    "form, list of texts": (
        urlencode({"data": json.dumps([json.dumps(EVENT)]), "test_event_code": "T1"}).encode(),
        URLENCODED,
    ),
    "multipart": (
        part("data", json.dumps([EVENT])) + part("test_event_code", "T1") + part("appsecret_proof", "S") + b"--b--\r\n",
        "multipart/form-data; boundary=b",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_meta_request_holds_the_same_events(form: str) -> None:
    body, content_type = FORMS[form]

    batch = decode_meta_data(b"access_token=S&appsecret_proof=P", body, content_type, maximum=1000)

    assert batch == Batch([EVENT], {"test_event_code": "T1"})


def test_fields_of_the_query_count_and_the_body_comes_first() -> None:
    batch = decode_meta_data(b"partner_agent=q&upload_id=7", b'{"data": [], "partner_agent": "b"}', "", maximum=1)

    assert batch == Batch([], {"partner_agent": "b", "upload_id": "7"})


@pytest.mark.parametrize("element", [5, None, "no json", "[1]", '{"a": NaN}', ["x"]])
def test_an_element_that_is_no_object_stays_as_it_is(element: Any) -> None:
    body = json.dumps({"data": [element, EVENT]}).encode()

    assert decode_meta_data(b"", body, "application/json", maximum=2).events == [element, EVENT]


def test_nuls_inside_nested_texts_are_removed_too() -> None:
    body = json.dumps({"data": [json.dumps({"event_name": "\0secret:X\0"})]}).encode()

    assert decode_meta_data(b"", body, "application/json", maximum=1).events == [{"event_name": "secret:X"}]


def test_a_whole_list_in_one_long_text_is_read() -> None:
    events = [EVENT | {"event_id": str(n)} for n in range(1000)]

    body = urlencode({"data": json.dumps([json.dumps(event) for event in events])}).encode()

    assert decode_meta_data(b"", body, URLENCODED, maximum=1000).events == events


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"", URLENCODED, "data_missing"),
        (b"", "application/json", "empty_body"),
        (b"test_event_code=T", URLENCODED, "data_missing"),
        (b"{}", "application/json", "data_missing"),
        (b"[]", "application/json", "data_missing"),
        (b'{"data": {}}', "application/json", "not_a_list"),
        (b'{"data": null}', "application/json", "not_a_list"),
        (b"data={}", URLENCODED, "not_a_list"),
        (b"data=[", URLENCODED, "invalid_json"),
        (b"data=", URLENCODED, "empty_body"),
        (b'{"data": [1,2,3]}', "application/json", "too_many_events"),
        (b"--b", "multipart/form-data; boundary=b", "invalid_multipart"),
        (json.dumps({"data": [{"a": "x" * 70_000}]}).encode(), "application/json", "text_too_long"),
        (b'{"data": ' + b"[" * 40 + b"]" * 40 + b"}", "application/json", "too_deep"),
    ],
)
def test_an_unreadable_request_is_refused_with_a_reason(body: bytes, content_type: str, reason: str) -> None:
    with pytest.raises(Malformed) as refused:
        DECODERS["meta_data"](b"", body, content_type, 2)
    assert refused.value.reason == reason


def test_json_events_are_one_object_or_a_list() -> None:
    assert decode_json_events(b'{"event_name": "a"}', maximum=1).events == [{"event_name": "a"}]
    assert DECODERS["json_events"](b"x=1", b'[{"event_name": "a"}, 5]', "", 2) == Batch([{"event_name": "a"}, 5])


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"", "empty_body"), (b"5", "not_a_list"), (b"[1,2,3]", "too_many_events"), (b"{", "invalid_json")],
)
def test_unreadable_json_events_are_refused(body: bytes, reason: str) -> None:
    with pytest.raises(Malformed) as refused:
        decode_json_events(body, maximum=2)
    assert refused.value.reason == reason
