"""A variable's format: what becomes of each kind of value, and where its result is seen."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.model.container import Format
from runtime.pipeline.format import compile_format
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace
from tests.support.programs import hit, program, tag, template

NUMBER: dict[str, Any] = {"number": True}
COMMA: dict[str, Any] = {"number": True, "decimal": ","}
WORDS: dict[str, Any] = {"true_as": "yes", "false_as": 0, "null_as": ""}


def formatted(format: dict[str, Any], value: Any) -> Any:
    run = compile_format(Format.model_validate(format))
    assert run is not None
    return run(value)


@pytest.mark.parametrize(
    ("format", "value", "expected"),
    [
        ({"case": "lower"}, "ÄB c", "äb c"),
        ({"case": "upper"}, "äb", "ÄB"),
        ({"case": "upper"}, 5, 5),
        ({"case": "upper"}, ["a", 1, {"b": "c"}], ["A", 1, {"b": "c"}]),
        ({"case": "upper"}, {"a": "b"}, {"a": "b"}),
        ({"case": "lower"}, None, None),
        (NUMBER, "12.50", 12.5),
        (NUMBER, " 12 ", 12),
        (NUMBER, "-1,234,567.5", -1234567.5),
        (NUMBER, "1 234.5", 1234.5),
        (NUMBER, "1\u00a0234", 1234),
        (NUMBER, "1'234'567", 1234567),
        (NUMBER, "12,5", None),
        (NUMBER, "1,23", None),
        (NUMBER, "1,234'567", None),
        (NUMBER, "007", 7),
        (NUMBER, "+3", 3),
        (NUMBER, "-0.5", -0.5),
        (NUMBER, "1e3", 1000.0),
        (NUMBER, "1e999", None),
        (NUMBER, "NaN", None),
        (NUMBER, "", None),
        (NUMBER, "12 EUR", None),
        (NUMBER, "1" * 65, None),
        (NUMBER, 12.5, 12.5),
        (NUMBER, float("inf"), None),
        (NUMBER, True, True),
        (NUMBER, {"a": 1}, None),
        (NUMBER, ["1", "x", 2, True], [1, 2, True]),
        (COMMA, "1.234,56", 1234.56),
        (COMMA, "12,5", 12.5),
        (COMMA, "12", 12),
        (COMMA, "1.5", None),
        (COMMA, "1.234", 1234),
        (COMMA, "-1.234.567", -1234567),
        ({"boolean": True}, "True", True),
        ({"boolean": True}, " 0 ", False),
        ({"boolean": True}, 1, True),
        ({"boolean": True}, 0.0, False),
        ({"boolean": True}, False, False),
        ({"boolean": True}, 2, None),
        ({"boolean": True}, "yes", None),
        ({"boolean": True}, [], []),
        ({"boolean": True}, {"a": 1}, None),
        (WORDS, True, "yes"),
        (WORDS, False, 0),
        (WORDS, None, ""),
        (WORDS, 1, 1),
        (WORDS, 0, 0),
        (WORDS, [True, "a", False], ["yes", "a", 0]),
        ({"boolean": True, "true_as": "on", "null_as": "unknown"}, "true", "on"),
        ({"boolean": True, "true_as": "on", "null_as": "unknown"}, "maybe", "unknown"),
        ({"number": True, "null_as": 0}, "free", 0),
        ({"case": "lower", "null_as": "NONE"}, None, "NONE"),
        ({"null_as": False}, None, False),
    ],
)
def test_values(format: dict[str, Any], value: Any, expected: Any) -> None:
    found = formatted(format, value)
    assert (found, type(found)) == (expected, type(expected))


def test_a_format_that_changes_nothing_costs_nothing() -> None:
    assert compile_format(Format()) is None
    assert compile_format(Format(decimal=".", number=False)) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FORMATS = st.sampled_from([NUMBER, COMMA, WORDS, {"case": "upper"}, {"boolean": True}])


@given(FORMATS, JSON)
def test_no_value_breaks_a_format_and_twice_is_as_good_as_once(format: dict[str, Any], value: Any) -> None:
    once = formatted(format, value)
    if format is not COMMA:  # what it reads is written with a point afterwards, which only numbers are
        assert repr(formatted(format, once)) == repr(once)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_what_is_written_as_a_number_is_read_as_it(number: float) -> None:
    assert formatted(NUMBER, str(number)) == number
    assert formatted(COMMA, str(number).replace(".", ",")) == number


FIELD = template(
    "variable",
    "field",
    "return { resolve = function(event) if event.word == 'boom' then error('boom') end return event.word end }",
)


def text_of(word: Any, format: dict[str, Any], trace: Trace | None = None) -> tuple[dict[str, Any], bool]:
    """Returns a tag's settings as `map` saw them, and whether a trigger saw the value `A`."""
    container = {
        "tags": {"a": tag(settings={"text": "{{word}}"}), "b": tag(triggers=["is_a"])},
        "variables": {"word": {"template": "field", "format": format}},
        "triggers": {"is_a": {"all": [{"variable": "word", "is": "equals", "value": "A"}]}},
    }
    (event,) = run(hit({"event_name": "x", "word": word}), program(container, FIELD), trace=trace).events
    return orjson.loads(event.tags[0].item)["settings"], event.tags[1].state == "fired"


def test_settings_conditions_and_the_trace_see_the_formatted_value() -> None:
    trace = Trace()
    assert text_of("a", {"case": "upper"}, trace) == ({"text": "A"}, True)
    assert trace.as_dict()["events"][0]["variables"]["word"]["value"] == "A"
    assert text_of("a", {}) == ({"text": "a"}, False)


def test_what_stands_for_no_value_stands_for_a_failed_script_too() -> None:
    trace = Trace()
    assert text_of(None, {"null_as": "A"}) == ({"text": "A"}, True)
    assert text_of("boom", {"null_as": "A"}, trace) == ({"text": "A"}, True)
    shown = trace.as_dict()["events"][0]["variables"]["word"]
    assert (shown["fault"].partition(":")[0], shown["value"]) == ("error", "A")
    assert text_of("boom", {}) == ({}, False)
