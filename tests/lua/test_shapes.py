"""Results that are made flat come back as those that are walked do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Sandbox
from runtime.lua.shapes import Shapes
from tests.lua.calls import AT_US, script_of, value

SANDBOX = Sandbox()
ECHO = SANDBOX.script("echo", script_of("return event.a, event.b, event.c"))

names = st.sampled_from(["a", "b", "", "{", "}", "[", "s", "n", "-", "\x1f", "a\x1fs", "é"])
leaves = (
    st.sampled_from(["", "x", "\x1f", "}", "ü", "\0"]) | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.just(0.5)
)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), trees))
def test_every_tree_comes_back(event: dict[str, Any]) -> None:
    for _ in range(2):  # Its form is read at first and remembered afterwards.
        found = SANDBOX.call(ECHO, "map", SANDBOX.push(event), at_us=AT_US, seed="1").values
        assert (*found, None, None, None)[:3] == (event.get("a"), event.get("b"), event.get("c"))
        assert not found or found[-1] is not None


def test_names_are_sorted_at_every_level() -> None:
    found = value(SANDBOX, "return {z = 1, a = {y = 1, b = 'x'}, m = {{d = 1, c = 2}}}")

    assert list(found) == ["a", "m", "z"]
    assert list(found["a"]) == ["b", "y"]
    assert list(found["m"][0]) == ["c", "d"]


@pytest.mark.parametrize("size", [199, 201, 400, 1001])
def test_many_values_come_back_too(size: int) -> None:
    assert value(SANDBOX, f"local t = {{}} for i = 1, {size} do t[i] = i end return t") == list(range(1, size + 1))
    texts = value(SANDBOX, f"local t = {{}} for i = 1, {size} do t['k' .. i] = 'v' .. i end return t")
    assert texts == {f"k{place}": f"v{place}" for place in range(1, size + 1)}


def test_long_texts_come_back() -> None:
    assert value(SANDBOX, "return {a = ('x'):rep(70000), b = 'y'}") == {"a": "x" * 70000, "b": "y"}


def test_names_that_hold_the_separator_are_never_taken_for_a_remembered_form() -> None:
    assert value(SANDBOX, "return {a = '1', b = '2'}") == {"a": "1", "b": "2"}
    assert value(SANDBOX, "return {['a\\31s\\31b'] = '1\\0312'}") == {"a\x1fs\x1fb": "1\x1f2"}


def test_a_form_of_another_length_is_refused() -> None:
    shapes = Shapes()

    assert shapes.restore(5, "{\x1fs\x1fa\x1f}\x1f-\x1f-", "1", ()) is None
    assert shapes.restore(6, "{\x1fs\x1fa\x1f}\x1f-\x1f-", "1", ()) == ({"a": "1"},)
    assert shapes.restore(6, "{\x1fs\x1fa\x1f}\x1f-\x1f-", "1\x1f2", ()) is None


def test_no_number_of_json_is_refused() -> None:
    with pytest.raises(ScriptFault, match="NaN"):
        value(SANDBOX, "return {a = {0/0}}")


def test_memory_of_forms_is_bounded() -> None:
    shapes = Shapes()
    for place in range(2000):
        assert shapes.restore(6, f"{{\x1fs\x1f{place}\x1f}}\x1f-\x1f-", "1", ()) == ({str(place): "1"},)

    assert len(shapes._known) <= 512


@pytest.mark.parametrize("result", ["{a = 1, t = t}", "{a = 1, f = function() return t end}", "t"])
def test_a_large_result_does_not_cost_the_next_call_its_runtime(sandbox: Sandbox, result: str) -> None:
    five_megabytes = "local t = {} for i = 1, 6 do t[i] = ('x'):rep(900000) .. i end"
    script = sandbox.script("big", script_of(f"{five_megabytes} return {result}"))
    engine = sandbox._engine
    for _ in range(5):
        sandbox.call(script, "map", sandbox.push({}), at_us=AT_US, seed="1")

    assert sandbox._engine is engine
