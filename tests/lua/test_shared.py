"""Shared modules: made once, seen by the scripts that list them, changed by nobody."""

from __future__ import annotations

import pytest

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Sandbox
from tests.lua.calls import AT_US

NAMES = """
local LIST = {first = "a", nested = {1, 2, 3}}
local function join(t) return table.concat(t, ",") end
return {LIST = LIST, join = join, upper = function(s) return text.upper(s) end}
"""
USER = "return {both = function(t) return names.join(t) .. text.trim(' !') end}"


def call(sandbox: Sandbox, body: str, *shared: str) -> object:
    script = sandbox.script("test", f"return {{map = function()\n{body}\nend}}", shared=shared)
    return sandbox.call(script, "map", at_us=AT_US, seed="").values[0]


@pytest.fixture
def shared() -> Sandbox:
    return Sandbox(shared={"names": NAMES, "user": USER, "broken": "return nil + 1", "loop": "while true do end",
                           "a": "b.x()\nreturn {}", "b": "a.x()\nreturn {}", "bad": "return {", "five": "return 5",
                           "global": "count = 1\nreturn {}"})  # fmt: skip


def test_functions_and_constants_are_seen(shared: Sandbox) -> None:
    assert call(
        shared, "return {names.join({1, 2}), names.LIST.first, #names.LIST.nested, names.upper('ä')}", "names"
    ) == [
        "1,2",
        "a",
        3,
        "Ä",
    ]


def test_constants_can_be_gone_through(shared: Sandbox) -> None:
    body = """
    local sum = 0
    for _, n in pairs(names.LIST.nested) do sum = sum + n end
    for _, n in ipairs(names.LIST.nested) do sum = sum + n end
    return sum
    """
    assert call(shared, body, "names") == 12


def test_a_module_can_use_another(shared: Sandbox) -> None:
    assert call(shared, "return user.both({1, 2})", "user") == "1,2!"


def test_a_script_sees_only_the_modules_it_lists(shared: Sandbox) -> None:
    assert call(shared, "return type(names)") == "nil"
    assert call(shared, "return type(names) .. type(user)", "names") == "tablenil"


@pytest.mark.parametrize(
    "body", ["names.x = 1", "names.LIST.first = 'b'", "rawset(names, 'x', 1)", "table.insert(names.LIST.nested, 4)"]
)
def test_modules_are_frozen(shared: Sandbox, body: str) -> None:
    with pytest.raises(ScriptFault, match=r"read-only|without __len"):
        call(shared, body, "names")


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("broken", "error", "shared/broken:1: attempt to perform arithmetic"),
        ("loop", "cpu", "instructions"),
        ("a", "error", "needs itself"),
        ("bad", "error", "shared/bad:1:"),
        ("five", "error", "shared module `five` returns no table of functions"),
        ("global", "error", "read-only"),
        ("missing", "error", "there is no shared module `missing`"),
    ],
)
def test_a_module_that_cannot_be_made_is_a_fault_of_the_script_that_lists_it(
    shared: Sandbox, name: str, kind: str, message: str
) -> None:
    for _ in range(2):
        with pytest.raises(ScriptFault) as caught:
            call(shared, "return 1", name)
        assert caught.value.kind == kind
        assert message in caught.value.message
    assert call(shared, "return names.join({1})", "names") == "1"


def test_a_module_must_not_take_the_kits_name() -> None:
    with pytest.raises(ValueError, match="`json`"):
        Sandbox(shared={"json": "return {}"})


def test_modules_follow_a_discarded_runtime(shared: Sandbox) -> None:
    script = shared.script("test", "return {map = function() return names.join({1}) end}", shared=["names"])
    shared.discard()
    assert shared.call(script, "map", at_us=AT_US, seed="").values == ("1",)
