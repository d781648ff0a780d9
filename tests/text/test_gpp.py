"""Strings of the Global Privacy Platform: published headers, those of another encoder, random ones, broken ones."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.text.gpp import NAMES, STATES, OptOut, read_gpp, read_us_privacy, read_us_section
from tests.text.consent_encoder import fibonacci, gpp, number, text_of, us_section
from tests.text.test_tcf import PUBLISHED, mutated

VECTORS = json.loads((Path(__file__).parent / "consent_strings.json").read_text("utf-8"))["gpp"]

# Fields of sections in the order of their specifications, with their bits; the first is the version.
CALIFORNIA = [
    ("sale_notice", 2), ("sharing_notice", 2), ("limit_notice", 2), ("sale", 2), ("sharing", 2), ("sensitive", 18),
    ("child", 4), ("personal", 2), ("covered", 2), ("opt_out_mode", 2), ("provider_mode", 2),
]  # fmt: skip
NATIONAL = [
    ("notice", 2), ("sale_notice", 2), ("sharing_notice", 2), ("targeted_notice", 2), ("sensitive_notice", 2),
    ("limit_notice", 2), ("sale", 2), ("sharing", 2), ("targeted", 2), ("sensitive", 32), ("child", 6),
    ("personal", 2), ("covered", 2), ("opt_out_mode", 2), ("provider_mode", 2),
]  # fmt: skip
COLORADO = [
    ("notice", 2), ("sale_notice", 2), ("targeted_notice", 2), ("sale", 2), ("targeted", 2), ("sensitive", 14),
    ("child", 2), ("covered", 2), ("opt_out_mode", 2), ("provider_mode", 2),
]  # fmt: skip
GPC, NO_GPC = text_of("011"), text_of("010")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (f"DBABM~{PUBLISHED}", [2]),
        (f"DBACNY~{PUBLISHED}~1YNN", [2, 6]),
        (f"DBABjw~{PUBLISHED}~1YNN", [5, 6]),
        ("DBABBg~BVqqqqpY.YA", [8]),
        ("DBABVg~BVVVVVVg.YA", [12]),
        ("DBAA", []),
    ],
)
def test_published_headers_are_read(text: str, numbers: list[int]) -> None:
    assert [each for each, _ in read_gpp(text)] == numbers


@pytest.mark.parametrize("value", range(1, 200))
def test_fibonacci_coding_of_the_encoder_is_the_published_one(value: int) -> None:
    published = {1: "11", 2: "011", 3: "0011", 4: "1011", 5: "00011", 6: "10011", 7: "01011"}
    coded = fibonacci(value)
    assert coded == published.get(value, coded)
    assert coded.endswith("11")
    assert "11" not in coded[:-1]


@settings(max_examples=1000, deadline=None)
@given(numbers=st.sets(st.integers(1, 60), max_size=12))
def test_sections_come_back_as_they_were_written(numbers: set[int]) -> None:
    sections = {each: f"s{each}" for each in sorted(numbers)}
    assert read_gpp(gpp(sections)) == list(sections.items())


@pytest.mark.parametrize("vector", VECTORS, ids=range(len(VECTORS)))
def test_what_another_encoder_wrote_is_read_alike(vector: dict[str, Any]) -> None:
    sections = dict(read_gpp(vector["text"]))
    for name, said in vector["sections"].items():
        assert NAMES[said["number"]] == name
        answers = [said["sale"], said["sharing"], said["targeted"]]
        expected = True if said["gpc"] or 1 in answers else False if 2 in answers else None
        assert read_us_section(said["number"], sections[said["number"]]).opted_out is expected, name


def test_every_section_of_the_united_states_is_among_the_vectors() -> None:
    assert {name for vector in VECTORS for name in vector["sections"]} == set(NAMES.values())


@pytest.mark.parametrize(
    ("section", "layout", "version", "values", "expected"),
    [
        (8, CALIFORNIA, 1, {}, OptOut(None)),
        (8, CALIFORNIA, 1, {"sale": 2, "sharing": 2}, OptOut(False)),
        (8, CALIFORNIA, 1, {"sale": 2, "sharing": 1}, OptOut(True, "sharing")),
        (8, CALIFORNIA, 1, {"sale": 1, "sharing": 1}, OptOut(True, "sale")),
        (8, CALIFORNIA, 1, {"sensitive": 1, "child": 5}, OptOut(None)),
        (7, NATIONAL, 2, {"targeted": 1, "sale": 2}, OptOut(True, "targeted advertising")),
        (7, NATIONAL, 2, {"sharing": 1}, OptOut(True, "sharing")),
        (7, NATIONAL, 2, {"sale": 2}, OptOut(False)),
        (10, COLORADO, 1, {"targeted": 1}, OptOut(True, "targeted advertising")),
        (10, COLORADO, 1, {"targeted": 2}, OptOut(False)),
    ],
)
def test_opt_outs_are_where_the_specification_has_them(
    section: int, layout: list[tuple[str, int]], version: int, values: dict[str, int], expected: OptOut
) -> None:
    text = us_section(layout, values, version=version)
    assert read_us_section(section, text) == expected
    assert read_us_section(section, f"{text}.{NO_GPC}") == expected
    assert read_us_section(section, f"{text}.{GPC}") == OptOut(True, "Global Privacy Control")


@pytest.mark.parametrize("section", [24, 25, 26, 27])
@pytest.mark.parametrize("answer", [0, 1, 2])
def test_the_newest_states_may_begin_with_a_header(section: int, answer: int) -> None:
    core = text_of(number(1, 6) + "01" + "00" + "010101" + number(answer, 2) + "10" + "0000")
    header = text_of(number(section, 6) + number(1, 6) + number(1, 12) + "0" + fibonacci(1))
    assert read_us_section(section, f"{header}.{core}") == read_us_section(section, core)
    assert read_us_section(section, core).opted_out is (answer == 1)


def test_sensitive_data_behind_a_core_is_no_signal() -> None:
    core = text_of(number(1, 6) + "01" + "00" + "010101" + "10" + "10" + "0000")
    assert read_us_section(25, f"{core}.{text_of('011' + '0' * 13)}").opted_out is False
    assert read_us_section(24, f"{core}.{text_of('011')}").opted_out is True


@pytest.mark.parametrize(
    ("section", "text", "says"),
    [
        (8, us_section(CALIFORNIA, {"sale": 3}), "none of the three"),
        (8, us_section(CALIFORNIA, {}, version=2), "version 2"),
        (7, us_section(NATIONAL, {}, version=3), "version 3"),
        (8, us_section(CALIFORNIA, {})[:-1], "too early"),
        (8, "", "too early"),
        (8, "B!", "other signs"),
        (8, us_section(CALIFORNIA, {}) + ".!", "other signs"),
    ],
)
def test_a_broken_section_says_why(section: int, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_us_section(section, text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "too early"),
        ("CBABM~x", "does not begin"),
        ("DCABM~x", "does not begin"),
        ("DBABM", "names 1 sections, 0 follow"),
        ("DBABM~x~y", "names 1 sections, 2 follow"),
        ("DBAB~x", "too early"),
        ("DBABAAAA~x", "too early"),
        (text_of(number(3, 6) + number(1, 6) + number(1, 12) + "1" + "11" + fibonacci(5000)) + "~x", "more sections"),
        ("DBABM~" + "x" * 5000, "too long"),
    ],
)
def test_a_broken_string_says_why(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_gpp(text)


@pytest.mark.parametrize(
    ("text", "opted_out"), [("1YNN", False), ("1YYN", True), ("1YyN", True), ("1---", None), ("1N-Y", None)]
)
def test_the_older_string_of_four_signs(text: str, opted_out: bool | None) -> None:
    assert read_us_privacy(text).opted_out is opted_out


@pytest.mark.parametrize("text", ["", "2YNN", "1YN", "1YNNN", "1YXN", "1YNN\n"])
def test_anything_else_is_no_such_string(text: str) -> None:
    with pytest.raises(ValueError, match="no US Privacy"):
        read_us_privacy(text)


def test_no_mutation_raises_anything_else() -> None:
    draw, readable = random.Random(7), 0
    good = gpp({2: PUBLISHED, 7: us_section(NATIONAL, {"sale": 1}, version=2) + ".YA", 24: "BQVQ.YA"})
    for _ in range(10_000):
        text = mutated(good, draw)
        try:
            for section, part in read_gpp(text):
                if section in NAMES:
                    read_us_section(section, part)
            readable += 1
        except ValueError:
            continue
    assert 500 < readable < 9500


def test_every_layout_has_its_answers_inside_of_its_core() -> None:
    for layout in STATES.values():
        assert max(layout.answers.values()) + 2 <= layout.size
