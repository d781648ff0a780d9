"""No event breaks a built-in variable or transformation: with the settings of every example it gives a result."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.explain.example import Example
from runtime.explain.examples import ExampleRunner
from runtime.model.snapshot import Template
from runtime.pipeline.program import Program
from tests.contracts.support import FOLDERS, asking_all, examples_of, runner_of, template_of
from tests.support.templates import name_of

KINDS = ("variables", "transformations")
CASES = [
    (folder, name)
    for folder in FOLDERS
    if folder.parent.name in KINDS
    for name, example in examples_of(folder).items()
    if not example.expect.fault
]
NAMES = st.sampled_from(
    ["event_name", "value", "user_id", "user_agent", "page_location", "x-order", "currency", "tier"]
)
TEXTS = st.sampled_from(
    ["", "a", "5", "https://[::1", "a@b.example", '{"a": [1]}', "%40", "ß\u0301", "-0", "true", "*"]
)
PLAIN = TEXTS | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
PEOPLE = st.dictionaries(st.sampled_from(["email_address", "phone_number", "address"]), VALUES, max_size=3)
ITEM = st.dictionaries(st.sampled_from(["item_id", "sku", "price", "quantity", "coupon"]), PLAIN, max_size=4)
EVENTS = st.builds(
    lambda given, people, items: given | {"user_data": people, "items": items},
    st.dictionaries(NAMES, VALUES, max_size=6),
    PEOPLE | VALUES,
    st.lists(ITEM | VALUES, max_size=3) | VALUES,
)


@cache
def ready(index: int) -> tuple[ExampleRunner, Program, Template, Example]:
    folder, name = CASES[index]
    template, example = template_of(folder), asking_all(examples_of(folder)[name])
    runner = runner_of(template)
    return runner, runner.program(template, example), template, example


def test_there_are_cases() -> None:
    assert len(CASES) > 60


@pytest.mark.parametrize("index", range(len(CASES)), ids=[f"{name_of(folder)}/{name}" for folder, name in CASES])
@settings(max_examples=25)
@given(event=EVENTS)
def test_any_event_gives_a_result(index: int, event: dict[str, Any]) -> None:
    runner, program, template, example = ready(index)
    changed = example.model_copy(update={"event": {"event_name": "x"} | event})
    assert "fault" not in runner.outcome(program, template, changed)
