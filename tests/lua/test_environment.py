"""What a script sees, name by name, and how the functions that stand in for Lua's own behave."""

from __future__ import annotations

from typing import Any

import lupa.lua54 as lua
import pytest

from runtime.lua.kit.registry import namespaces
from runtime.lua.sandbox import Limits, Sandbox
from tests.lua.calls import fault, value

GLOBALS = """_G _VERSION assert error getmetatable ipairs next pairs pcall rawequal rawget rawlen rawset select
setmetatable tonumber tostring type xpcall string table utf8 os coroutine math"""
LIBRARIES = {
    "string": "byte char find format gmatch gsub len lower match rep reverse sub upper",
    "table": "concat insert move pack remove sort unpack",
    "utf8": "char charpattern codepoint codes len offset",
    "os": "date time",
    "coroutine": "close create isyieldable resume running status wrap yield",
    "math": """abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min mininteger modf pi rad random
    sin sqrt tan tointeger type ult""",
}


def native_names(library: str) -> set[str]:
    """Returns all names that plain Lua has there."""
    runtime = lua.LuaRuntime(register_eval=False)
    return set(runtime.eval(library).keys())


def seen(sandbox: Sandbox, library: str, names: set[str]) -> set[str]:
    body = f"local out = {{}} for i, name in ipairs(event.names) do out[name] = {library}[name] ~= nil end return out"
    return {name for name, found in value(sandbox, body, {"names": sorted(names)}).items() if found}


def test_of_luas_own_names_a_script_sees_these_and_no_others(sandbox: Sandbox) -> None:
    assert seen(sandbox, "_G", native_names("_G")) == set(GLOBALS.split())
    for library, names in LIBRARIES.items():
        assert seen(sandbox, library, native_names(library)) == set(names.split()), library


def test_the_kit_is_there_as_it_is_documented(sandbox: Sandbox) -> None:
    for namespace, functions in namespaces().items():
        body = (
            f"local out = {{}} for _, name in ipairs(event.names) do out[name] = type({namespace}[name]) end return out"
        )
        assert value(sandbox, body, {"names": list(functions)}) == dict.fromkeys(functions, "function"), namespace


@pytest.mark.parametrize("name", [*LIBRARIES, *namespaces()])
def test_libraries_are_frozen(sandbox: Sandbox, name: str) -> None:
    for body in (
        f"{name}.x = 1",
        f"rawset({name}, 'x', 1)",
        f"setmetatable({name}, {{}})",
        f"table.insert({name}, 1)",
        f"table.move({{1}}, 1, 1, 1, {name})",
        f"{name}[next(event)] = nil",
    ):
        assert fault(sandbox, body, {"a": 1}).kind == "error", body
    assert value(sandbox, f"return getmetatable({name}), next({name}), rawget({name}, 'format')") is False


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tostring({})", "table"),
        ("tostring(print)", "nil"),
        ("tostring(pairs)", "function"),
        ("tostring(setmetatable({}, {__tostring = function() return 'x' end}))", "x"),
        ("('%s %d %5.1f %q %%'):format({}, 3, 2.25, 'a')", 'table 3   2.2 "a" %'),
        ("('%s|%s'):format(nil, true)", "nil|true"),
        ("('%-5s|'):format('ab')", "ab   |"),
        ("('x'):rep(3, ',')", "x,x,x"),
        ("('x'):rep(-1)", ""),
        ("{('abc'):byte(1, -1)}", [97, 98, 99]),
        ("{('abc'):byte(-1)}", [99]),
        ("{('abc'):byte(10, 20)}", {}),
        ("tonumber('0x10'), 1", 16),
        ("tonumber('zz', 36)", 1295),
        ("tonumber('1e1')", 10),
        ("table.concat({1, 2, 3}, '-', 2)", "2-3"),
        ("{table.unpack({1, 2, 3}, 2)}", [2, 3]),
        ("table.move({1, 2, 3}, 1, 3, 2)", [1, 1, 2, 3]),
        ("select('#', table.unpack({}, 1, 3))", 3),
        ("{pcall(error, 'x')}", [False, "x"]),
        ("{xpcall(error, function(e) return e .. '!' end, 'x')}", [False, "x!"]),
        ("{xpcall(function(a) return a end, nil, 5)}", [True, 5]),
        ("{xpcall(error, error, 'x')}", [False, "x"]),
        ("utf8.len('äö')", 2),
        ("{utf8.codepoint('äö', 1, -1)}", [228, 246]),
        ("utf8.offset('äö', 2)", 3),
        ("math.type(math.tointeger(3.0))", "integer"),
        ("type(math.random)", "function"),
        ("getmetatable(setmetatable({}, {__metatable = 'mine'}))", "mine"),
        ("(function() local m = {} return getmetatable(setmetatable({}, m)) == m end)()", True),
        ("setmetatable({}, {__index = {a = 1}}).a", 1),
        ("#setmetatable({}, {__len = function() return 7 end})", 7),
        ("setmetatable({}, {__call = function(_, x) return x end})(3)", 3),
        ("coroutine.isyieldable()", False),
        ("select(2, coroutine.running())", True),
        ("_VERSION", "Lua 5.4"),
        ("_G == _ENV and _G._G == _G", True),
    ],
)
def test_the_stand_ins_do_what_lua_does(sandbox: Sandbox, expression: str, expected: Any) -> None:
    assert value(sandbox, f"return {expression}") == expected


def test_tables_work(sandbox: Sandbox) -> None:
    body = """
    local t = {5, 3, 1}
    table.sort(t)
    table.sort(t, function(a, b) return a > b end)
    table.insert(t, 0)
    table.insert(t, 1, 9)
    local last = table.remove(t)
    local first = table.remove(t, 1)
    return {t, last, first, table.pack(1, 2).n}
    """
    assert value(sandbox, body) == [[5, 3, 1], 0, 9, 2]


def test_coroutines_work(sandbox: Sandbox) -> None:
    body = """
    local co = coroutine.create(function(a) local b = coroutine.yield(a + 1) error('end ' .. b, 0) end)
    local out = {select(2, coroutine.resume(co, 1))}
    out[2] = coroutine.status(co)
    out[3] = select(2, coroutine.resume(co, 'x'))
    out[4] = coroutine.status(co)
    local closed = false
    local other = coroutine.create(function()
      local x <close> = setmetatable({}, {__close = function() closed = true end})
      coroutine.yield(coroutine.isyieldable())
    end)
    out[5] = select(2, coroutine.resume(other))
    out[6] = coroutine.close(other) and closed
    local sum = 0
    for n in coroutine.wrap(function() for i = 1, 4 do coroutine.yield(i) end end) do sum = sum + n end
    out[7] = sum
    return out
    """
    assert value(sandbox, body) == [2, "suspended", "end x", "dead", True, True, 10]


def test_metamethods_are_taken_when_the_metatable_is_set(sandbox: Sandbox) -> None:
    body = """
    local m = {}
    local t = setmetatable({}, m)
    m.__index = function() return 'late' end
    local before = t.x
    setmetatable(t, m)
    return {before == nil, t.x}
    """
    assert value(sandbox, body) == [True, "late"]


PATTERNS = """
local s = event.s
local out = {s:find('b', 3), s:match('(%a)(%d)'), s:match('^%s*(.-)%s*$'), s:match('()b()'), s:find('.', 2, true)}
out[#out + 1] = s:find('d.', nil, true)
out[#out + 1] = s:find('d.', nil, false)
out[#out + 1] = s:gsub('%a', {a = 'X'})
out[#out + 1] = s:gsub('(%a)(%d)', '%2%1', 1)
out[#out + 1] = s:gsub('%w+', function(w) return #w > 1 and '<' .. w .. '>' end)
for k, v in s:gmatch('(%a)=(%d)') do out[#out + 1] = k .. v end
for w in s:gmatch('%a+', -6) do out[#out + 1] = w end
out[#out + 1] = s:find('zzz') or 'none'
out[#out + 1] = s:find('b', 100) or 'past'
out[#out + 1] = select('#', s:find('(a)(b)()')) .. ''
out[#out + 1] = s:gsub('', '-')
out[#out + 1] = ('12345'):find(34)
return out
"""


def test_both_matchers_give_scripts_the_same() -> None:
    text = {"s": "  ab1 a=1&b=2 cd.ef  "}
    native, own = Sandbox(), Sandbox(limits=Limits(pattern_steps=-1))
    assert value(native, PATTERNS, text) == value(own, PATTERNS, text)


@pytest.mark.parametrize(
    "body",
    [
        "return ('a'):gsub('a', '%2')",
        "return ('a'):gsub('a', '%')",
        "return ('a'):gsub('a', function() return {} end)",
        "return ('a'):gsub('a', true)",
        "return ('a'):find('%1')",
        "return ('a'):find('(a')",
        "return ('a'):find('a)')",
        "return ('a'):find('%f')",
        "return ('a'):find('%b')",
        "return ('a'):find('%')",
        "return ('a'):find({})",
    ],
)
def test_both_matchers_refuse_the_same(body: str) -> None:
    assert fault(Sandbox(), body).kind == fault(Sandbox(limits=Limits(pattern_steps=-1)), body).kind == "error"


def test_long_texts_are_matched_all_the_same(sandbox: Sandbox) -> None:
    body = "local s = ('ab '):rep(1000) .. 'c' return {s:match('(%a+)%s+(c)$')}, select(2, s:gsub('%s+', '_'))"
    assert value(sandbox, body) == ["ab", "c"]
