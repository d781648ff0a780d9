"""The words that hits have for consent, and what several sources say together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.model.consent import PURPOSES
from runtime.model.consent_rule import TcfRule
from runtime.text.consent_statement import Statement
from runtime.text.consent_words import WordReader
from tests.support.edge import edge
from tests.support.snapshots import SHOP, snapshot
from tests.text.consent_encoder import Tcf, gpp

ALL, NONE = dict.fromkeys(PURPOSES, True), dict.fromkeys(PURPOSES, False)
TCF_ALL = Tcf(consents={1, 3, 4, 7, 8}).text()
TCF_NONE = Tcf().text()


def answers(statement: Statement) -> dict[str, bool]:
    return {purpose: answer.granted for purpose, answer in statement.items()}


def read(said: Any) -> dict[str, bool]:
    return answers(WordReader(TcfRule()).read(said))


def signs(text: str) -> dict[str, bool]:
    """Returns the statement that `10-1` stands for: storage for ads, for analytics, user data, personalisation."""
    order = ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization")
    return {purpose: sign == "1" for purpose, sign in zip(order, text, strict=False) if sign != "-"}


@pytest.mark.parametrize("ads", "01-")
@pytest.mark.parametrize("analytics", "01-")
def test_gcs_says_two_purposes_at_most(ads: str, analytics: str) -> None:
    assert read(f"G1{ads}{analytics}") == signs(ads + analytics)


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
    assert read(text) == signs(expected)


GARBAGE = [
    "G1", "G11", "G1111", "G101-", "G121", "G211", "g111", "G1 11", "G111 ", "\nG111", "G111\n", "G1١١", "GG111",
    "13r3r3r3", "13r3r3r3r", "23r3r3r3r5", "1r3r3r3r5", "113r3r3r3r5", "13rr3r3r5", "13r3r3r3r5-1", "13r3r3r3r5 ",
    "13r3r3r3r5" + "1" * 33, "1٣r3r3r3r5", "rrrr", "13", "1", "111", "yes", "tru", "Granted!", "[true]", '"granted"',
    TCF_ALL[:30], TCF_ALL + " ", "B" + TCF_ALL[1:], f"DBABM~{TCF_ALL[:20]}", f"DBABM~{TCF_ALL}~{TCF_ALL}", "DBABM~",
]  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_never_grants(text: str) -> None:
    assert not any(read(text).values())


@given(text=st.text(max_size=16) | st.from_regex(r"G?1?[0-9a-z-]{0,12}", fullmatch=True))
def test_only_the_letters_of_grants_grant(text: str) -> None:
    if not set("rntv1") & set(text[2:]) and text.strip().lower() not in ("granted", "true"):
        assert not any(read(text).values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TCF_ALL, ALL),
        (TCF_NONE, NONE),
        (TCF_ALL + ".YAAAAAAAAAAA", ALL),
        (Tcf(consents={1}).text(), NONE | {"ad_storage": True}),
        (Tcf(consents={1, 7}).text(), NONE | {"ad_storage": True, "ad_user_data": True}),
        (Tcf(consents={3}).text(), NONE),
        (Tcf(consents={3, 4}).text(), NONE | {"ad_personalization": True}),
        (Tcf(consents={8}).text(), NONE),
        (Tcf(consents={1, 8}, policy=2).text(), NONE | {"ad_storage": True, "analytics_storage": True}),
        (Tcf(interests=set(range(1, 25))).text(), NONE),
        (gpp({2: TCF_ALL}), ALL),
        (gpp({2: TCF_ALL, 6: "1YNN"}), ALL),
        (gpp({2: TCF_ALL, 6: "1YYN"}), NONE | {"analytics_storage": True}),
        (gpp({6: "1YYN"}), dict.fromkeys(("ad_storage", "ad_user_data", "ad_personalization"), False)),
        (gpp({6: "1YNN"}), dict.fromkeys(("ad_storage", "ad_user_data", "ad_personalization"), True)),
        (gpp({6: "1---"}), {}),
        (gpp({5: TCF_ALL}), NONE),
    ],
)
def test_the_strings_of_the_iab_are_known_by_their_look(text: str, expected: dict[str, bool]) -> None:
    assert read(text) == expected


SOURCES = "{methods: [GET], paths: [/x], decode: none, facts: {consent: [{query: gcs}, {query: gcd}, {query: tc}]}}"


@pytest.mark.parametrize(
    ("query", "default", "expected", "why"),
    [
        ("", "granted", ALL, {}),
        ("gcs=G100", "granted", ALL | signs("00"), dict.fromkeys(signs("00"), "gcs")),
        ("gcs=G111", "denied", NONE | signs("11"), dict.fromkeys(signs("11"), "gcs")),
        (
            "gcs=G111&gcd=13q3q3r3q5",
            "denied",
            signs("1110"),
            dict.fromkeys(signs("11"), "gcs") | {"ad_user_data": "gcd", "ad_personalization": "gcd"},
        ),
        ("gcs=G1-1&gcd=13q3q3l3r5", "granted", signs("0111"), {
            "ad_storage": "gcd", "analytics_storage": "gcs", "ad_personalization": "gcd"}),
        ("gcd=13l3l3l3l1l1", "granted", ALL, {}),
        ("gcd=13l3l3l3l1l1", "denied", NONE, {}),
        ("gcs=&gcd=", "granted", ALL, {}),
        ("gcs=%zz", "granted", NONE, dict.fromkeys(PURPOSES, "gcs: cannot be read")),
        ("gcs=broken&gcd=13r3r3r3r5", "granted", NONE, dict.fromkeys(PURPOSES, "gcs: cannot be read")),
        ("gcs=G111&gcd=broken", "granted", signs("1100"), dict.fromkeys(signs("11"), "gcs") | {
            "ad_user_data": "gcd: cannot be read", "ad_personalization": "gcd: cannot be read"}),
        ("gcs=denied&gcd=13r3r3r3r5", "granted", NONE, dict.fromkeys(PURPOSES, "gcs")),
        (f"gcs=G1--&tc={Tcf(consents={1, 7}).text()}", "granted",
         NONE | {"ad_storage": True, "ad_user_data": True},
         {"ad_storage": "tc: tcf: purpose 1 granted", "ad_user_data": "tc: tcf: purpose 1 and 7 granted",
          "ad_personalization": "tc: tcf: purpose 3 not granted",
          "analytics_storage": "tc: tcf: purpose 8 not granted"}),
    ],
)  # fmt: skip
def test_of_each_purpose_the_first_word_counts_and_the_hit_says_why(
    query: str, default: str, expected: dict[str, bool], why: dict[str, str]
) -> None:
    container = SHOP.replace("{default: granted}", f"{{default: {default}}}") + "  x: {template: x}\n"
    app = edge(snapshot(container, x=SOURCES))
    assert app.request("GET", f"/x?{query}").status == 200
    assert app.hit.consent == expected
    assert app.hit.consent_from == why
