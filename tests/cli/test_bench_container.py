"""`firsthand bench --container`: what its figures are made of. How large they are is no matter of a test."""

from __future__ import annotations

import orjson

from runtime.cli.benchmark.container import LIMIT_US, container_figures


def test_both_are_measured_and_compared() -> None:
    figures = container_figures(30)
    assert figures["container"] == {"tags": 200, "triggers": 300, "variables": 200}
    assert (figures["firing"], figures["hits"]) == (5, 30)
    assert set(figures["cpu_us_per_hit"]) == {"whole", "alone", "difference"}
    for found in figures["cpu_us_per_hit"].values():
        assert found["p50"] <= found["p99"]
    assert figures["ratio_to_limit"] == round(figures["cpu_us_per_hit"]["difference"]["p99"] / LIMIT_US, 3)
    orjson.dumps(figures)
