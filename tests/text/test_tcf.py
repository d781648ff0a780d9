"""Strings of the Transparency and Consent Framework: a published one, those of another encoder, thousands of random
ones, and broken ones."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.text.tcf import TcfString, read_tcf
from tests.text.consent_encoder import Tcf, number, text_of

VECTORS = json.loads((Path(__file__).parent / "consent_strings.json").read_text("utf-8"))
"""Made with IAB Tech Lab's own encoders (@iabtcf/core 1.5.6, @iabgpp/cmpapi 3.2.0; 2026-11) of random fields."""

PUBLISHED = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"
"""The example in the specification of the Global Privacy Platform."""

# 6 + 36 + 36 + 12 + 12 + 6 + 12 + 12 + 6 + 1 + 1 + 12 bits come before the purposes.
FIRST_PURPOSE = 152


def members(found: int) -> list[int]:
    return [place for place in range(found.bit_length()) if found >> place & 1]


def plain(found: TcfString) -> dict[str, Any]:
    return {
        "created_ms": found.created_ms,
        "policy": found.policy,
        "service_specific": found.is_service_specific,
        "features": members(found.features),
        "consents": members(found.consents),
        "interests": members(found.interests),
        "vendor_consents": members(found.vendor_consents),
        "vendor_interests": members(found.vendor_interests),
        "restrictions": sorted([purpose, kind, members(who)] for (purpose, kind), who in found.restrictions.items()),
    }


@pytest.mark.parametrize("vector", VECTORS["tcf"], ids=range(len(VECTORS["tcf"])))
def test_what_another_encoder_wrote_is_read_alike(vector: dict[str, Any]) -> None:
    expected = {name: value for name, value in vector.items() if name != "text"}
    expected["restrictions"] = sorted([purpose, kind, sorted(who)] for purpose, kind, who in vector["restrictions"])
    assert plain(read_tcf(vector["text"])) == expected


def test_the_published_example_is_read() -> None:
    found = read_tcf(PUBLISHED)
    assert (found.policy, found.is_service_specific, found.vendor_consents) == (2, True, 0)
    assert found.created_ms == 1_650_492_000_000  # 2022-04-20 22:00 UTC
    assert members(found.consents) == []
    assert members(found.interests) == []


def test_an_older_example_has_vendors_in_ranges_and_fields() -> None:
    """From the first version of the specification; its authors' own reader finds the same."""
    found = read_tcf("COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA")
    assert members(found.consents) == [1, 2, 3]
    assert members(found.vendor_consents) == members(found.vendor_interests) == [2, 6, 8]


purposes = st.sets(st.integers(1, 24))
vendors = st.sets(st.integers(1, 400), max_size=60) | st.sets(st.integers(1, 12))
strings = st.builds(
    Tcf,
    created_ds=st.integers(0, 2**36 - 1),
    policy=st.integers(0, 63),
    service_specific=st.booleans(),
    features=st.sets(st.integers(1, 12)),
    consents=purposes,
    interests=purposes,
    vendor_consents=vendors,
    vendor_interests=vendors,
    restrictions=st.dictionaries(
        st.tuples(st.integers(1, 24), st.integers(0, 3)),
        st.sets(st.integers(1, 90), min_size=1, max_size=6),
        max_size=3,
    ),
    ranges=st.booleans(),
)


@settings(max_examples=2000, deadline=None)
@given(string=strings)
def test_a_string_comes_back_as_it_was_written(string: Tcf) -> None:
    assert plain(read_tcf(string.text())) == {
        "created_ms": string.created_ds * 100,
        "policy": string.policy,
        "service_specific": string.service_specific,
        "features": sorted(string.features),
        "consents": sorted(string.consents),
        "interests": sorted(string.interests),
        "vendor_consents": sorted(string.vendor_consents),
        "vendor_interests": sorted(string.vendor_interests),
        "restrictions": sorted([purpose, kind, sorted(who)] for (purpose, kind), who in string.restrictions.items()),
    }


def test_segments_behind_the_core_change_nothing() -> None:
    core = Tcf(consents={1, 7}).text()
    assert read_tcf(f"{core}.YAAAAAAAAAAA.QAAAAAAAAAAA") == read_tcf(core)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "ends too early"),
        ("B" + PUBLISHED[1:], "version 1"),
        ("D" + PUBLISHED[1:], "version 3"),
        (PUBLISHED[:40], "ends too early"),
        (PUBLISHED[:-6] + "=====!", "other signs"),
        (f" {PUBLISHED}", "other signs"),
        (f"{PUBLISHED}.ü", "other signs"),
        ("C" + "A" * 5000, "too long"),
    ],
)
def test_a_broken_string_says_why(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_tcf(text)


@pytest.mark.parametrize("entry", ["1" + number(5, 16) + number(4, 16), "0" + number(0, 16), "0" + number(9, 16)])
def test_ranges_that_are_none_break_a_string(entry: str) -> None:
    bits = Tcf().bits()[:-46] + number(8, 16) + "1" + number(1, 12) + entry + number(0, 17) + number(0, 12)
    with pytest.raises(ValueError, match=r"range that is none|beyond the greatest"):
        read_tcf(text_of(bits))


def test_cut_anywhere_a_string_is_broken() -> None:
    string = Tcf(consents=set(range(1, 25)), vendor_consents={2, 30}, restrictions={(2, 1): {7}}).text()
    for size in range(len(string)):
        with pytest.raises(ValueError, match="it "):
            read_tcf(string[:size])


def test_no_mutation_raises_anything_else_and_none_adds_a_purpose_from_elsewhere() -> None:
    """What is granted is what the purposes' own bits say, whatever happened to the rest of the string."""
    draw, readable = random.Random(5), 0
    for _ in range(10_000):
        good = Tcf(consents={3, 9}, vendor_consents={1, 755}, ranges=draw.random() < 0.5).text()
        text = mutated(good, draw)
        try:
            found = read_tcf(text)
        except ValueError:
            continue
        readable += 1
        bits = "".join(number("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".index(sign), 6)
                       for sign in text.partition(".")[0].replace("+", "-").replace("/", "_"))  # fmt: skip
        own = bits[FIRST_PURPOSE : FIRST_PURPOSE + 24]
        assert members(found.consents) == [place + 1 for place, bit in enumerate(own) if bit == "1"]
    assert 500 < readable < 9500


def mutated(text: str, draw: random.Random) -> str:
    """Returns the text with one to three things done to it."""
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(text) + 1)
        sign = draw.choice("ACDZ09-_+/=.~ %\0üÿ" + text)
        text = draw.choice([
            text[:at] + sign + text[at + 1 :], text[:at] + sign + text[at:], text[:at] + text[at + 1 :], text[:at],
            text + text[:at], text[at:] + text[:at],
        ])  # fmt: skip
    return text


def test_a_vendor_needs_its_own_consent() -> None:
    found = read_tcf(Tcf(consents={1, 2}, vendor_consents={755}).text())
    assert found.allows(1)
    assert found.allows(1, 755)
    assert not found.allows(1, 754)
    assert not found.allows(3, 755)
    assert not found.allows(25)


def test_a_legitimate_interest_counts_where_it_is_asked_for() -> None:
    found = read_tcf(Tcf(interests={7}, vendor_interests={755}).text())
    assert not found.allows(7)
    assert found.allows(7, by_interest=True)
    assert found.allows(7, 755, by_interest=True)
    assert not found.allows(7, 1, by_interest=True)


@pytest.mark.parametrize(("kind", "by_consent", "by_interest"), [(0, False, False), (1, True, False), (2, False, True)])
def test_a_publisher_restricts_a_vendors_purpose(kind: int, by_consent: bool, by_interest: bool) -> None:
    restrictions = {(7, kind): {755}}
    consent = read_tcf(Tcf(consents={7}, vendor_consents={755, 2}, restrictions=restrictions).text())
    interest = read_tcf(Tcf(interests={7}, vendor_interests={755, 2}, restrictions=restrictions).text())
    assert consent.allows(7, 755) is by_consent
    assert interest.allows(7, 755, by_interest=True) is by_interest
    assert consent.allows(7, 2)
    assert interest.allows(7, 2, by_interest=True)
