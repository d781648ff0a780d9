"""The texts of Google's consent mode, and what several sources say together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.edge.consent import join_statements, read_statement
from runtime.model.consent import PURPOSES
from tests.support.edge import edge
from tests.support.snapshots import SHOP, snapshot

ALL, NONE = dict.fromkeys(PURPOSES, True), dict.fromkeys(PURPOSES, False)


def signs(text: str) -> dict[str, bool]:
    """Returns the statement that `10-1` stands for: storage for ads, for analytics, user data, personalisation."""
    order = ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization")
    return {purpose: sign == "1" for purpose, sign in zip(order, text, strict=False) if sign != "-"}


@pytest.mark.parametrize("ads", "01-")
@pytest.mark.parametrize("analytics", "01-")
def test_gcs_says_two_purposes_at_most(ads: str, analytics: str) -> None:
    assert read_statement(f"G1{ads}{analytics}") == signs(ads + analytics)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11l1l1l1l1", "----"),
        ("13l3l3l3l1l1", "----"),
        ("13p3p3p3p5", "0000"),
        ("13q3q3q3q5", "0000"),
        ("13m3m3m3m5", "0000"),
        ("13u3u3u3u5", "0000"),
        ("13t3t3t3t5", "1111"),
        ("13r3r3r3r5", "1111"),
        ("13n3n3n3n5", "1111"),
        ("13v3v3v3v5l1", "1111"),
        ("13r3q3t2p5", "1010"),
        ("11l1r1q1l5", "-10-"),
        ("13l3l3r3r1", "--11"),
        ("13w3R3r3z5", "--1-"),
        ("19r3r3r3r5l1abcXYZ9", "1111"),
    ],
)
def test_gcd_has_a_letter_for_each_purpose(text: str, expected: str) -> None:
    assert read_statement(text) == signs(expected)


GARBAGE = [
    "G1", "G11", "G1111", "G101-", "G121", "G211", "g111", "G1 11", "G111 ", "\nG111", "G111\n", "G1١١", "GG111",
    "13r3r3r3", "13r3r3r3r", "23r3r3r3r5", "1r3r3r3r5", "113r3r3r3r5", "13rr3r3r5", "13r3r3r3r5-1", "13r3r3r3r5 ",
    "13r3r3r3r5" + "1" * 33, "1٣r3r3r3r5", "rrrr", "13", "1", "111", "yes", "tru", "Granted!", "[true]", '"granted"',
]  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_never_grants(text: str) -> None:
    assert not any(read_statement(text).values())


@given(text=st.text(max_size=16) | st.from_regex(r"G?1?[0-9a-z-]{0,12}", fullmatch=True))
def test_only_the_letters_of_grants_grant(text: str) -> None:
    if not set("rntv1") & set(text[2:]) and text.strip().lower() not in ("granted", "true"):
        assert not any(read_statement(text).values())


@pytest.mark.parametrize(
    ("said", "joined"),
    [
        ([], {}),
        (["", None, ""], {}),
        (["G1--", "13l3l3l3l1l1"], {}),
        (["G100", "13r3r3r3r5"], signs("0011")),
        (["G111", "13q3q3q3q5"], signs("1100")),
        (["G1-1", "13q3q3l3r5"], signs("01-1")),
        (["", "13r3r3r3r5"], ALL),
        ([None, "denied"], NONE),
        (["broken", "13r3r3r3r5"], NONE),
        (["G111", "broken"], signs("1100")),
        ([{"ad_storage": False}, "granted"], ALL | {"ad_storage": False}),
        (["granted", "broken"], ALL),
    ],
)
def test_of_each_purpose_the_first_word_counts(said: list[Any], joined: dict[str, bool]) -> None:
    assert join_statements(said) == joined


SOURCES = "{methods: [GET], paths: [/x], decode: none, facts: {consent: [{query: gcs}, {query: gcd}]}}"


@pytest.mark.parametrize(
    ("query", "default", "expected"),
    [
        ("", "granted", ALL),
        ("gcs=G100", "granted", ALL | signs("00")),
        ("gcs=G111", "denied", NONE | signs("11")),
        ("gcs=G111&gcd=13r3r3r3r5", "denied", ALL),
        ("gcs=G100&gcd=13q3q3q3q5", "granted", NONE),
        ("gcd=13l3l3l3l1l1", "granted", ALL),
        ("gcd=13l3l3l3l1l1", "denied", NONE),
        ("gcs=&gcd=", "granted", ALL),
        ("gcs=%zz", "granted", NONE),
    ],
)
def test_a_hit_is_stored_with_what_both_say(query: str, default: str, expected: dict[str, bool]) -> None:
    container = SHOP.replace("{default: granted}", f"{{default: {default}}}") + "  x: {template: x}\n"
    app = edge(snapshot(container, x=SOURCES))
    assert app.request("GET", f"/x?{query}").status == 200
    assert app.hit.consent == expected
