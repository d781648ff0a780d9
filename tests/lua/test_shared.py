"""Shared modules: seen by the scripts that list them, and made anew for every call."""

from __future__ import annotations

import pytest

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Sandbox
from tests.lua.calls import AT_US

WORDS = """
local LIST = {first = "a", nested = {1, 2, 3}}
local function join(t) return table.concat(t, ",") end
return {LIST = LIST, join = join, upper = function(s) return text.upper(s) end}
"""
COUNTER = """
local count, seen = 0, {}
return {
  seen = seen,
  add = function(value)
    count = count + 1
    seen[count] = value
    return {count, table.unpack(seen)}
  end,
}
"""
USER = "return {both = function(t) return words.join(t) .. text.trim(' !') end}"


def call(sandbox: Sandbox, body: str, *shared: str) -> object:
    script = sandbox.script("test", f"return {{map = function()\n{body}\nend}}", shared=shared)
    return sandbox.call(script, "map", at_us=AT_US, seed="").values[0]


@pytest.fixture
def shared() -> Sandbox:
    sources = {
        "words": WORDS,
        "user": USER,
        "counter": COUNTER,
        "broken": "return nil + 1",
        "loop": "while true do end",
        "a": "b.x()\nreturn {}",
        "b": "a.x()\nreturn {}",
        "bad": "return {",
        "five": "return 5",
        "global": "count = 1\nreturn {}",
        "costly": "local x = " + "a or " * 40_000 + "a return {}",
    }
    return Sandbox(shared=sources)


def test_functions_and_constants_are_seen(shared: Sandbox) -> None:
    assert call(
        shared, "return {words.join({1, 2}), words.LIST.first, #words.LIST.nested, words.upper('ä')}", "words"
    ) == [
        "1,2",
        "a",
        3,
        "Ä",
    ]


def test_constants_can_be_gone_through(shared: Sandbox) -> None:
    body = """
    local sum = 0
    for _, n in pairs(words.LIST.nested) do sum = sum + n end
    for _, n in ipairs(words.LIST.nested) do sum = sum + n end
    return sum
    """
    assert call(shared, body, "words") == 12


def test_a_module_can_use_another(shared: Sandbox) -> None:
    assert call(shared, "return user.both({1, 2})", "user") == "1,2!"


def test_a_script_sees_only_the_modules_it_lists(shared: Sandbox) -> None:
    assert call(shared, "return type(words)") == "nil"
    assert call(shared, "return type(words) .. type(user)", "words") == "tablenil"


@pytest.mark.parametrize(
    "body",
    [
        "return counter.add(1)",
        "counter.seen[7] = 1 return counter.add(1)",
        "counter.add = counter.add return counter.add(1)",
        "rawset(counter, 'add', counter.add) return counter.add(1)",
        "setmetatable(counter.seen, {__call = function() return 5 end}) return counter.add(1)",
        "_G.counter = counter return counter.add(1)",
    ],
)
def test_a_module_keeps_nothing_for_the_next_call(shared: Sandbox, body: str) -> None:
    for _ in range(3):
        assert call(shared, body, "counter") == [1, 1]


def test_a_module_is_made_once_in_a_call(shared: Sandbox) -> None:
    assert call(shared, "counter.add(1) return counter.add(2)", "counter") == [2, 1, 2]
    assert call(shared, "return rawequal(counter, counter) and rawequal(_G.counter, counter)", "counter") is True


def test_constants_of_a_module_are_plain_tables(shared: Sandbox) -> None:
    body = (
        "return {words.LIST, table.concat(words.LIST.nested), next(words.LIST.nested), json.encode(words.LIST.nested)}"
    )
    assert call(shared, body, "words") == [{"first": "a", "nested": [1, 2, 3]}, "123", 1, "[1,2,3]"]


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("broken", "error", "shared/broken:1: attempt to perform arithmetic"),
        ("loop", "cpu", "instructions"),
        ("a", "error", "needs itself"),
        ("bad", "error", "shared/bad:1:"),
        ("five", "error", "shared module `five` returns no table of functions"),
        ("global", "error", "read-only"),
        ("costly", "error", "more than 6000"),
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
    assert call(shared, "return words.join({1})", "words") == "1"


def test_a_module_must_not_take_the_kits_name() -> None:
    with pytest.raises(ValueError, match="`json`"):
        Sandbox(shared={"json": "return {}"})


def test_modules_follow_a_discarded_runtime(shared: Sandbox) -> None:
    script = shared.script("test", "return {map = function() return words.join({1}) end}", shared=["words"])
    shared.discard()
    assert shared.call(script, "map", at_us=AT_US, seed="").values == ("1",)


@pytest.mark.parametrize(
    "body", ["words.x = 1", "words.LIST.first = 'b'", "rawset(words, 'x', 1)", "table.insert(words.LIST.nested, 4)"]
)
def test_a_module_that_is_kept_is_frozen(body: str) -> None:
    sandbox = Sandbox(shared={"words": WORDS}, kept=["words"])
    with pytest.raises(ScriptFault, match=r"read-only|without __len"):
        call(sandbox, body, "words")
    assert call(sandbox, "return {words.LIST.first, #words.LIST.nested}", "words") == ["a", 3]


def test_a_module_that_is_kept_is_made_once() -> None:
    sandbox = Sandbox(shared={"counter": COUNTER}, kept=["counter"])
    assert [call(sandbox, "return counter.add(1)[1]", "counter") for _ in range(3)] == [1, 2, 3]


def test_a_module_that_is_kept_sees_none_that_is_not() -> None:
    sources = {"theirs": "return {}", "ours": "return {seen = function() return type(theirs) .. type(words) end}"}
    sandbox = Sandbox(shared=sources | {"words": WORDS}, kept=["ours", "words"])
    assert call(sandbox, "return ours.seen()", "ours") == "niltable"
