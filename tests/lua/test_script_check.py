"""What is told of a template's script before it is used: one clear message for each fault, with file, line, column."""

from __future__ import annotations

import pytest

from runtime.errors import Problem
from runtime.lua.script_check import FUNCTIONS, ScriptCheck, explain, file_beside
from runtime.model.manifest import KIND_FOLDERS, Kind
from tests.support.programs import template

GOOD = {"good": "return {join = function() end}", "user": "return {f = function() return good.join() end}"}


def check(source: str, *modules: str, kind: Kind = "variable", **shared: str) -> list[Problem]:
    one = template(kind, "x", source, shared=list(modules))
    return ScriptCheck(GOOD | shared, file_beside(one))(one)


def texts(*arguments: str, kind: Kind = "variable", **shared: str) -> list[str]:
    return [f"{each.severity}: {each}" for each in check(*arguments, kind=kind, **shared)]


@pytest.mark.parametrize("kind", KIND_FOLDERS)
def test_each_kind_needs_its_functions(kind: Kind) -> None:
    functions = ", ".join(f"{name} = function() end" for name in FUNCTIONS[kind])
    assert check(f"return {{ {functions} }}", kind=kind) == []
    for name in FUNCTIONS[kind]:
        problems = check(f"return {{ {functions.replace(f'{name} = function() end', f'{name} = 1')} }}", kind=kind)
        assert [each.message for each in problems] == [f"the script returns no function `{name}`"]
        assert problems[0].path == f"{kind}.lua"
        assert all(f"{needed} = {needed}" in problems[0].hint for needed in FUNCTIONS[kind])


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("return {", "error: variable.lua:1: unexpected symbol near <eof>"),
        ("local a\nreturn a != 2", "error: variable.lua:2:10: <eof> expected near '!' (not equal is `~=` in Lua)"),
        ("local a = 1\na++", "error: variable.lua:2:2: syntax error near '+' (write `x = x + 1`)"),
        ("const a = 1", "error: variable.lua:1:7: syntax error near 'a' (write `local`)"),
        (
            "return 5",
            "error: variable.lua: the script returns no table of functions "
            "(end the script with `return { name = function, … }`)",
        ),
        ("local a\nerror('mine')", "error: variable.lua:2: mine"),
        ("local a\nlocal b = a.c", "error: variable.lua:2: attempt to index a nil value (local 'a')"),
        (
            "while true do end",
            "error: variable.lua: the script ran more than 2000000 instructions "
            "(nothing but functions and constants should be made outside of functions)",
        ),
        ("local a = nop.e()", "error: variable.lua:1:11: there is no global `nop` (declare it with `local`, or take it "
         "from the arguments)"),
        ("\x1bLua", "error: variable.lua: the source is bytecode; give Lua text"),
    ],
)  # fmt: skip
def test_a_fault_of_the_script_is_one_line(source: str, text: str) -> None:
    assert texts(source) == [text]


def test_a_function_that_nobody_calls_is_a_warning() -> None:
    source = "return { map = print, request = function() end, verdit = function() end, map = function() end }"
    assert texts(source, kind="destination") == [
        "warning: destination.lua:1:16: there is no global `print` (write lines with `log.info`)",
        "warning: destination.lua: nobody calls the function `verdit` (did you mean `verdict`?)",
    ]
    assert texts("return { resolve = function() end, lookup = function() end }") == [
        "error: variable.lua: the script returns `lookup`, which nobody calls (add `lookup: {}` to the manifest, and "
        "the hosts to its permissions)"
    ]
    assert texts("return { resolve = function() end, other = function() end }") == [
        "warning: variable.lua: nobody calls the function `other` (a variable has resolve, lookup)"
    ]


def test_a_cookie_or_header_that_is_named_and_not_granted_is_an_error() -> None:
    source = """return { resolve = function()
      local name = "x"
      return { incoming.cookie("_a"), incoming.cookie "_b", incoming.header("X-One"), incoming.header("X-Two"),
        incoming.cookie(name), pcall(function() return incoming.cookie("_c") end), (incoming.cookie("_d" .. name)) }
    end }"""
    permissions = {
        "cookies": {"read": ["_a"], "why": "a test"},
        "headers": {"names": ["x-one"], "why": "a test"},
    }
    one = template("variable", "x", source, permissions=permissions)
    assert [str(each) for each in ScriptCheck({}, file_beside(one))(one)] == [
        "variable.lua:3:39: cookie `_b` is not granted: add `cookies: {read: [_b], why: ...}` to the manifest's "
        "permissions",
        "variable.lua:3:87: header `x-two` is not granted: add `headers: {names: [x-two], why: ...}` to the manifest's "
        "permissions",
    ]


def test_all_that_is_wrong_is_told_at_once() -> None:
    source = "return { solve = function()\n  json.encod(1)\n  return print(1)\nend }"
    assert [each.path for each in check(source)] == [
        "variable.lua:2:8", "variable.lua:3:10", "variable.lua", "variable.lua",
    ]  # fmt: skip


RESOLVE = "return { resolve = function() return user.f() end }"


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("return {", "error: shared/good.lua:1: unexpected symbol near <eof>"),
        (
            "return 5",
            "error: shared/good.lua: shared module `good` returns no table of functions "
            "(end the script with `return { name = function, … }`)",
        ),
        ("\nlocal x = nil + 1", "error: shared/good.lua:2: attempt to perform arithmetic on a nil value"),
        (
            "return {join = function() return user.fg() end}",
            "error: shared/good.lua:1:39: there is no `user.fg` (did you mean `user.f`?)",
        ),
        (
            "return {join = function() x = 1 end}",
            "error: shared/good.lua:1:27: a shared module cannot make the global `x` (write `local x`)",
        ),
    ],
)
def test_what_is_wrong_with_a_module_is_told_by_its_own_file(module: str, text: str) -> None:
    assert texts(RESOLVE, "user") == []
    assert texts(RESOLVE, "user", good=module)[0] == text
    assert all(told.startswith("error: shared/") for told in texts(RESOLVE, "user", good=module))


def test_a_template_s_own_module_lies_beside_it() -> None:
    assert [each.path for each in check("return {}", "x_parts", x_parts="return {")] == ["modules/x_parts.lua:1"]


def test_a_module_is_told_of_once_and_members_that_it_lacks_at_each_use() -> None:
    one = template("variable", "x", "return { resolve = function() return good.jion() end }", shared=["good"])
    two = template("variable", "y", "return { resolve = function() end }", shared=["broken"])
    three = template("variable", "z", "return {", shared=["broken"])
    script_check = ScriptCheck(GOOD | {"broken": "return {"}, lambda name: name)
    assert [str(each) for each in script_check(one)] == [
        "variable/x:1:43: there is no `good.jion` (did you mean `good.join`?)"
    ]
    assert [each.path for each in script_check(two)] == ["shared/broken:1"]
    assert script_check(three) == []


def test_a_module_that_is_not_listed_is_no_global() -> None:
    assert [each.message for each in check(RESOLVE)] == ["there is no global `user`"]
    assert check(RESOLVE, "missing") == []


def test_a_fault_is_explained_by_the_check_of_its_line() -> None:
    problems = check("return { resolve = function(event)\n  return json.encod(event)\nend, other = function() end }")
    message, rest = explain("variable/x:2: attempt to call a nil value (field 'encod')", problems)
    assert message == "variable.lua:2:15: there is no `json.encod` (did you mean `json.encode`?)"
    assert [each.severity for each in rest] == ["warning"]
    assert explain("variable/x:3: mine", problems) == ("variable/x:3: mine", problems)
    missing = check("return {}")
    assert explain("the script returns no function `resolve`", missing)[0] == str(missing[0])
