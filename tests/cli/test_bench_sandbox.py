"""`firsthand bench --sandbox`: what its figures are made of. How large they are is no matter of a test."""

from __future__ import annotations

import orjson

from runtime.cli.benchmark.sandbox import REFERENCE, YARDSTICKS, as_table, sandbox_figures
from runtime.cli.benchmark.sandbox_case import EVENT, TAG


def test_each_figure_that_has_a_reference_is_measured_and_compared() -> None:
    figures = sandbox_figures(rounds=1)
    measured = figures["cpu_us"]
    assert set(measured) == {*REFERENCE, *YARDSTICKS, "bare_empty_call"}
    assert measured["full_event"] > measured["table_in"]
    for yardstick, usual in YARDSTICKS.items():
        ratios = figures["ratio_to_reference"][yardstick]
        assert set(ratios) == set(REFERENCE)
        expected = measured["full_event"] / measured[yardstick] * usual / REFERENCE["full_event"]
        assert abs(ratios["full_event"] - expected) < 0.05 + 0.02 * expected
    orjson.dumps(figures)


def test_the_table_has_a_line_for_each_figure() -> None:
    measured = dict.fromkeys([*YARDSTICKS, *REFERENCE], 1.0)
    ratios = {yardstick: dict.fromkeys(REFERENCE, 2.0) for yardstick in YARDSTICKS}
    table = as_table({"cpu_us": measured, "ratio_to_reference": ratios})
    assert ["full", "event", "1.00", "2.00!", "2.00!"] in [line.split() for line in table.splitlines()]
    assert len(table.splitlines()) == len(measured) + 2


def test_the_case_is_what_it_is_said_to_be() -> None:
    assert len(EVENT) == 30
    assert len(EVENT["items"]) == 5
    assert 1400 < len(orjson.dumps(EVENT)) < 1700
    assert TAG.count("hashed(") == 9
    assert 35 <= len([line for line in TAG.splitlines() if line.strip()]) <= 45
