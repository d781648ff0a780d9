"""YAML as it is written: it reads back as exactly the same data, and looks as a person would write it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.containers.interchange import parse_document
from runtime.containers.yaml_text import yaml_text
from tests.containers.random_containers import TEXTS, VALUES


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_it_reads_back_as_the_same_data(data: dict[str, Any]) -> None:
    text = yaml_text(data)
    again, problems = parse_document(text.encode())
    assert problems == []
    assert repr(again) == repr(data), "order and types of numbers included"
    assert yaml_text(again) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain words", "plain words"),
        ("secret:META_TOKEN", "secret:META_TOKEN"),
        ("https://erp.shop.example/hook", "https://erp.shop.example/hook"),
        ("{{word}}", '"{{word}}"'),
        ("012", '"012"'),
        ("no", '"no"'),
        ("a\u202eb\u200b", '"a\\u202eb\\u200b"'),
        ("größer", '"größer"'),
        (1.0, "1.0"),
        (None, "null"),
        ([], "[]"),
        ({}, "{}"),
        ([{"a": 1}, [2]], "[{a: 1}, [2]]"),
    ],
)
def test_a_value_is_written_as_short_as_it_may(value: Any, text: str) -> None:
    assert yaml_text({"x": value}) == f"x: {text}\n"


def test_what_is_long_or_deep_stands_on_lines_of_its_own() -> None:
    data = {
        "note": "one\n\n  two\n",
        "short": {"a": 1},
        "deep": [{"a": {"b": ["c"]}}, [1]],
        "long": ["x" * 60, "y" * 60],
    }
    assert yaml_text(data).splitlines() == [
        "note: |",
        "  one",
        "",
        "    two",
        "short:",
        "  a: 1",
        "deep:",
        "  - a: {b: [c]}",
        "  - [1]",
        "long:",
        f"  - {'x' * 60}",
        f"  - {'y' * 60}",
    ]
