from __future__ import annotations

from urllib.parse import parse_qsl, quote, quote_plus, unquote_to_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.text.forms import PAIRS_LIMIT, Pairs, decode_form, decode_multipart, decode_pairs, nest, unquote_value
from runtime.text.malformed import Malformed

URLENCODED = "application/x-www-form-urlencoded"
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
pieces = st.sampled_from("aZ9&&==+[];é%\x1e\x1f\n") | st.sampled_from(["%41", "%C3%A9", "%c3", "%FF", "%2"])
escapes = st.sampled_from(["%26", "%3d", "%25", "%1e", "%1F", "%0A"])


@given(st.lists(st.tuples(texts, texts), max_size=12), st.sampled_from([quote, quote_plus]))
def test_what_was_encoded_comes_back(pairs: list[tuple[str, str]], encode) -> None:
    raw = "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs).encode()

    decoded = decode_pairs(raw)

    assert decoded.items == pairs
    assert decoded.repairs == {}


@settings(max_examples=400)
@given(st.lists(pieces | escapes, max_size=40).map("".join))
def test_any_query_reads_as_the_standard_library_reads_it(query: str) -> None:
    assert decode_pairs(query.encode()).items == parse_qsl(query, keep_blank_values=True)


form_names = st.sampled_from(
    ["a", "b", "", "cd[a]", "cd%5Bb%5D", "cd", "a[]", "a[b]", "[x]", "cd[a][]", "n" * 70 + "[a]"]
)
form_pairs = st.tuples(form_names, st.sampled_from(["", "1", "x+y", "%C3%A9", "%FF", "%00", "a=b", "%3D", "%"]))


@settings(max_examples=400)
@given(st.lists(form_pairs, max_size=8))
def test_the_short_way_for_usual_queries_changes_nothing(pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={value}" for name, value in pairs).encode()
    slow = decode_pairs(query)

    assert decode_form(query, b"", URLENCODED) == (nest(slow), slow.repairs)


@pytest.mark.parametrize(
    ("raw", "items", "repairs"),
    [
        (b"", [], {}),
        (b"a=1&&b&c=", [("a", "1"), ("b", ""), ("c", "")], {}),
        (b"a=1=2&b=x+y", [("a", "1=2"), ("b", "x y")], {}),
        (b"cd%5Bvalue%5D=12%2E5", [("cd[value]", "12.5")], {}),
        (b"a=100%&b=%zz", [("a", "100%"), ("b", "%zz")], {"bad_percent": 2}),
        (b"a=%FFx%C3", [("a", "\ufffdx\ufffd")], {"invalid_utf8": 2}),
        (b"a=%EF%BF%BD%FF", [("a", "\ufffd\ufffd")], {"invalid_utf8": 1}),
        (b"a=\xff", [("a", "\ufffd")], {"invalid_utf8": 1}),
        (b"a%00=1%00%00", [("a", "1")], {"control_chars": 3}),
        (b"a=%00%1e\x00", [("a", "\x1e")], {"control_chars": 2}),
        (b"a=%1E%1F&\x1f=\x1e", [("a", "\x1e\x1f"), ("\x1f", "\x1e")], {}),
    ],
)
def test_bad_input_is_mended_and_counted(raw: bytes, items: list[tuple[str, str]], repairs: dict[str, int]) -> None:
    assert decode_pairs(raw) == Pairs(items, repairs)


@pytest.mark.parametrize("extra", [b"", b"&z=%"])
def test_pairs_past_the_limit_are_dropped_and_counted(extra: bytes) -> None:
    decoded = decode_pairs(b"&".join(b"p=%d" % n for n in range(600)) + extra)

    assert [value for _, value in decoded.items] == [str(n) for n in range(PAIRS_LIMIT)]
    assert decoded.repairs == {"too_many_pairs": 600 - PAIRS_LIMIT + bool(extra)}


@given(st.lists(pieces | escapes, max_size=12).map("".join).map(str.encode) | st.binary(max_size=12))
@settings(max_examples=500)
def test_one_value_reads_as_the_standard_library_reads_it(raw: bytes) -> None:
    assert unquote_value(raw) == unquote_to_bytes(raw.replace(b"+", b" "))


def test_brackets_nest_one_level_and_are_otherwise_literal() -> None:
    pairs = decode_pairs(b"id=1&cd[value]=2&cd[a.b[c]]=3&ud[em]=x&expv2[]=p&expv2[]=q&cd[ids][]=7&cd[]=8&a[b]c=9&[x]=0")

    assert nest(pairs) == {
        "id": "1",
        "cd": {"value": "2", "a.b[c]": "3", "ids": ["7"]},
        "ud": {"em": "x"},
        "expv2": ["p", "q"],
        "a[b]c": "9",
        "[x]": "0",
    }
    assert pairs.repairs == {"name_collision": 1}


@pytest.mark.parametrize(
    ("query", "tree", "collisions"),
    [
        (b"a=1&a=2", {"a": "2"}, 0),
        (b"cd=1&cd[x]=2", {"cd": {"x": "2"}}, 1),
        (b"cd[x]=2&cd=1", {"cd": {"x": "2"}}, 1),
        (b"a=1&a[]=2", {"a": ["2"]}, 1),
        (b"a[]=2&a=1", {"a": ["2"]}, 1),
        (b"a[]=1&a[x]=2", {"a": {"x": "2"}}, 1),
    ],
)
def test_a_name_used_in_two_ways_keeps_the_richer_value(query: bytes, tree: dict, collisions: int) -> None:
    pairs = decode_pairs(query)

    assert nest(pairs) == tree
    assert pairs.repairs.get("name_collision", 0) == collisions


def test_the_body_replaces_equal_names_of_the_query() -> None:
    decoded, repairs = decode_form(b"id=1&ev=A&x[]=1&q=%", b"ev=B&x[]=2&cd[v]=%00", URLENCODED)

    assert decoded == {"id": "1", "ev": "B", "x": ["2"], "cd": {"v": ""}, "q": "%"}
    assert repairs == {"bad_percent": 1, "control_chars": 1}


def test_query_and_body_share_the_limit() -> None:
    decoded, repairs = decode_form(
        b"&".join(b"q%d=1" % n for n in range(300)), b"&".join(b"b%d=1" % n for n in range(300)), URLENCODED
    )

    assert len(decoded) == PAIRS_LIMIT
    assert repairs == {"too_many_pairs": 88}


@pytest.mark.parametrize("content_type", ["", "text/plain;charset=UTF-8", f"{URLENCODED}; charset=utf-8"])
def test_beacons_may_call_a_form_plain_text(content_type: str) -> None:
    assert decode_form(b"", b"ev=B", content_type) == ({"ev": "B"}, {})


def test_a_body_that_is_no_form_is_ignored_and_counted() -> None:
    assert decode_form(b"ev=A", b"\x89PNG", "image/png") == ({"ev": "A"}, {"body_ignored": 1})


def multipart(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


def field(name: bytes, value: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value


TYPE = "multipart/form-data; boundary=b"


def test_multipart_fields_are_read_and_files_counted() -> None:
    upload = b'content-disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nsecret'
    body = multipart(field(b"cd[value]", b"12.5\r\n--x"), upload, field("é".encode(), b"\xff\x00"))

    decoded = decode_multipart(body, TYPE)

    assert decoded.items == [("cd[value]", "12.5\r\n--x"), ("é", "\ufffd")]
    assert decoded.repairs == {"file_part": 1, "invalid_utf8": 1, "control_chars": 1}
    assert decode_form(b"", body, TYPE)[0] == {"cd": {"value": "12.5\r\n--x"}, "é": "\ufffd"}


def test_multipart_parts_past_the_limit_are_counted() -> None:
    assert decode_multipart(multipart(field(b"a", b"1"), field(b"b", b"2")), TYPE, limit=1) == Pairs(
        [("a", "1")], {"too_many_pairs": 1}
    )


def test_a_part_without_a_name_is_passed_over_and_counted() -> None:
    decoded = decode_multipart(multipart(b"X: y\r\n\r\n1", field(b"a", b"1")), TYPE)

    assert decoded == Pairs([("a", "1")], {"nameless_part": 1})


def test_a_broken_frame_writes_nothing_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Malformed):
        decode_multipart(b"nothing of the kind", TYPE)
    assert capfd.readouterr().err == ""


def test_a_name_given_again_is_counted_but_not_where_the_body_replaces_the_query() -> None:
    assert decode_form(b"a=1&a=2&a=3", b"", "") == ({"a": "3"}, {"duplicate_name": 2})
    assert decode_form(b"a=1&b[]=1&b[]=2", b"a=2", URLENCODED) == ({"a": "2", "b": ["1", "2"]}, {})


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (multipart(field(b"a", b"1")), "multipart/form-data", "boundary"),
        (multipart(field(b"a", b"1"), end=b""), TYPE, "closing boundary"),
        (b"nothing of the kind", TYPE, "not well formed"),
        (multipart(field(b"a", b"1")), "multipart/form-data; boundary=" + "b" * 300, "not well formed"),
        (b"", TYPE, "closing boundary"),
    ],
)
def test_a_broken_frame_is_refused(body: bytes, content_type: str, words: str) -> None:
    with pytest.raises(Malformed, match=words) as refused:
        decode_multipart(body, content_type)
    assert refused.value.reason == "invalid_multipart"
