from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.text.jsons import check_limits, decode_json
from runtime.text.malformed import Malformed

plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain, inner, max_size=4),
    max_leaves=15,
)


@given(values)
def test_valid_json_comes_back(value: object) -> None:
    text = json.dumps(value)

    assert decode_json(text) == value
    assert decode_json(b"\xef\xbb\xbf" + text.encode()) == value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty_body"),
        (b" \n", "empty_body"),
        (b"{", "invalid_json"),
        (b"NaN", "invalid_json"),
        (b"[Infinity]", "invalid_json"),
        (b"1e999", "invalid_json"),
        (b'"\xff"', "invalid_json"),
        (b'"\\ud800"', "invalid_json"),
        (b'"\\ud800x"', "invalid_json"),
        ('"\ud800"', "invalid_json"),
        (b'"\x00"', "invalid_json"),
        (b"1" * 5000, "invalid_json"),
        (b"{} {}", "invalid_json"),
        (b"{'a': 1}", "invalid_json"),
        (b"[" * 33 + b"]" * 33, "too_deep"),
        (b"[" * 100_000, "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        (json.dumps({str(n): 1 for n in range(1001)}), "too_many_keys"),
        (json.dumps(["x" * 65537]), "text_too_long"),
        (json.dumps({"x" * 65537: 1}), "text_too_long"),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_a_reason(body: bytes | str, reason: str) -> None:
    with pytest.raises(Malformed) as refused:
        decode_json(body)
    assert refused.value.reason == reason
    assert refused.value.message


def test_the_limits_themselves_are_allowed() -> None:
    decode_json(b"[" * 32 + b"]" * 32)
    decode_json(json.dumps([{str(n): 1 for n in range(1000)}] * 3))
    decode_json(json.dumps(["x" * 65536, "y" * 65536]))
    decode_json(json.dumps([[]] * 200))


def test_depth_counts_levels_of_containers_only() -> None:
    check_limits({"a": [1, "x"]}, max_depth=2)
    with pytest.raises(Malformed, match="more than 1 level"):
        check_limits({"a": []}, max_depth=1)


def test_nuls_are_removed_from_texts_and_keys() -> None:
    assert decode_json(r'{"a\u0000": ["\u0000secret:X\u0000", 1, {"\u0000": null}], "b": "\\u0000"}') == {
        "a": ["secret:X", 1, {"": None}],
        "b": "\\u0000",
    }


def test_the_last_of_equal_keys_counts() -> None:
    assert decode_json(b'{"a": 1, "a": 2}') == {"a": 2}


def test_what_is_mended_is_counted() -> None:
    repairs = {"control_chars": 1}

    assert decode_json(b"\xef\xbb\xbf" + rb'{"a\u0000": ["\u0000\u0000", "\\u0000"]}', repairs=repairs) == {
        "a": ["", "\\u0000"]
    }
    assert repairs == {"control_chars": 3, "byte_order_mark": 1}
