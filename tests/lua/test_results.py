"""What a script returns becomes plain JSON data, or a fault of kind `result`."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.lua.sandbox import Limits, Sandbox
from tests.lua.calls import fault, value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{}", {}),
        ("{1, 2, 3}", [1, 2, 3]),
        ("{[2] = 'b', [1] = 'a'}", ["a", "b"]),
        ("{a = 1, b = {c = true}}", {"a": 1, "b": {"c": True}}),
        ("10 / 2", 5),
        ("{10 / 2, 2.5, -0.0}", [5, 2.5, 0]),
        ("2^53", 2**53),
        ("2^60", float(2**60)),
        ("math.maxinteger", 2**63 - 1),
        ("'ä€𝄞'", "ä€𝄞"),
        ("'a\\0b'", "a\0b"),
        ("{a = map, b = coroutine.create(map), c = 1}", {"c": 1}),
        ("map", None),
        ("false", False),
    ],
)
def test_values_become_plain_data(sandbox: Sandbox, expression: str, expected: Any) -> None:
    found = value(sandbox, f"return {expression}")
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("{1, 2, a = 3}", "names and places"),
        ("{[1] = 1, [3] = 3}", "a list with holes"),
        ("{[0] = 1}", "a list with holes"),
        ("{[1.5] = 1}", "neither names nor places"),
        ("{[true] = 1}", "neither names nor places"),
        ("{[{}] = 1}", "neither names nor places"),
        ("{[{}] = 1, a = 2}", "neither names nor places"),
        ("0 / 0", "NaN"),
        ("{a = 1 / 0}", "NaN or infinity"),
        ("'\\xff'", "UTF-8"),
        ("{a = {'\\xff'}}", "UTF-8"),
        ("{['\\xff'] = 1}", "UTF-8"),
        ("'\\u{D800}'", "UTF-8"),
    ],
)
def test_what_json_cannot_hold_is_a_result_fault(sandbox: Sandbox, expression: str, message: str) -> None:
    problem = fault(sandbox, f"return {expression}")
    assert problem.kind == "result"
    assert problem.script == "test"
    assert message in problem.message


def test_depth_is_capped_which_ends_cycles_too(sandbox: Sandbox) -> None:
    nested = "local t = 1 for i = 1, {} do t = {{t}} end return t"
    assert value(sandbox, nested.format(32)) is not None
    assert "more than 32 levels" in fault(sandbox, nested.format(33)).message
    assert fault(sandbox, "local t = {} t.a = {b = t} return t").kind == "result"


def test_deep_data_comes_in_but_not_out(sandbox: Sandbox) -> None:
    data: list[Any] = []
    for _ in range(200):
        data = [data]
    assert value(sandbox, "return #event", data) == 1
    assert fault(sandbox, "return event", data).kind == "result"


def test_size_is_capped() -> None:
    sandbox = Sandbox(limits=Limits(max_nodes=100))
    assert len(value(sandbox, "local t = {} for i = 1, 99 do t[i] = i end return t")) == 99
    assert "more than 100 values" in fault(sandbox, "local t = {} for i = 1, 100 do t[i] = i end return t").message
    assert fault(sandbox, "local t = {} for i = 1, 60 do t[i] = {} end return t").kind == "result"


def test_keys_are_sorted_at_every_level(sandbox: Sandbox) -> None:
    found = value(sandbox, "return {z = {b = 1, a = 2, ['ä'] = 3}, a = 1, m = 2}")
    assert list(found) == ["a", "m", "z"]
    assert list(found["z"]) == ["a", "b", "ä"]
