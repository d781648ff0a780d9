"""The check of names: it knows what the sandbox has, tells where a script uses anything else, and is never wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import ScriptFault
from runtime.explain.sgtm_apis import APIS
from runtime.lua.absent import ABSENT
from runtime.lua.lexer import KEYWORDS
from runtime.lua.lint import MOST, Finding, Names, lint
from runtime.lua.sandbox import Sandbox
from runtime.lua.uses import uses
from tests.lua.calls import value

ROOT = Path(__file__).parents[2]
SHARED = {"names_of": "return {LIST = {a = 1}, join = function() end}"}


@pytest.fixture(scope="module")
def names() -> Names:
    sandbox = Sandbox(shared=SHARED)
    return sandbox.names(sandbox.script("t", "return {}", shared=["names_of"]))


def test_the_names_are_those_that_a_script_sees(sandbox: Sandbox, names: Names) -> None:
    own = {name: members for name, members in names.items() if name != "names_of"}
    assert names["names_of"] == frozenset(("LIST", "join"))
    candidates = sorted({*own, *(name.partition(".")[0] for name in ABSENT), "nothing", *KEYWORDS})
    body = "local out = {} for _, name in ipairs(event.names) do out[name] = type(_G[name]) end return out"
    kinds = value(sandbox, body, {"names": candidates})
    assert {name for name, kind in kinds.items() if kind != "nil"} == set(own)
    assert {name for name, kind in kinds.items() if kind == "table" and name != "_G"} == {
        name for name, members in own.items() if members is not None
    }
    for name, members in own.items():
        if members is not None:
            body = f"local out = {{}} for key in pairs({name}) do out[#out + 1] = key end return out"
            assert set(value(sandbox, body)) == members


def test_what_is_said_to_be_absent_is_absent_and_what_shall_be_used_is_there(names: Names) -> None:
    def there(dotted: str) -> bool:
        name, _, member = dotted.partition(".")
        return name in names and (not member or member in (names[name] or ()))

    assert [name for name in ABSENT if there(name)] == []
    for name, hint in ABSENT.items():
        for quoted in re.findall(r"`(?:[a-z_]+ = )?([a-z0-9_]+\.[a-z0-9_]+)\b(?![/.])", hint):
            if quoted not in ("hit.client_ip", "client.paths", "client.answers"):
                assert there(quoted), (name, quoted)


def test_each_api_of_sgtm_has_a_hint(names: Names) -> None:
    missing = [name for name in APIS if name not in ABSENT and name not in names]
    assert missing == []


@pytest.mark.parametrize(
    ("source", "line", "column", "message", "hint"),
    [
        ("local x = json.encod({})", 1, 16, "there is no `json.encod`", "did you mean `json.encode`?"),
        ("\n\n  json.encod{}", 3, 8, "there is no `json.encod`", "did you mean `json.encode`?"),
        ("_G.json.encod('')", 1, 9, "there is no `json.encod`", "did you mean `json.encode`?"),
        ("text.sha256('a')", 1, 6, "there is no `text.sha256`", "did you mean `crypto.sha256`?"),
        ("bots.zzz()", 1, 6, "there is no `bots.zzz`", "`bots` has match"),
        ("names_of.jion()", 1, 10, "there is no `names_of.jion`", "did you mean `names_of.join`?"),
        ("json.x.y = 1", 1, 6, "there is no `json.x`", "`json` has decode, encode"),
        ("local s = string.dump(f)", 1, 18, "there is no `string.dump`", ABSENT["string.dump"]),
        ("os.clock()", 1, 4, "there is no `os.clock`", ABSENT["os.clock"]),
        ("math.randomseed(1)", 1, 6, "there is no `math.randomseed`", ABSENT["math.randomseed"]),
        ("print('x')", 1, 1, "there is no global `print`", "write lines with `log.info`"),
        ("local y = require 'x'", 1, 11, "there is no global `require`", ABSENT["require"]),
        ("io.open('x')", 1, 1, "there is no global `io`", ABSENT["io"]),
        ("sendHttpRequest(url)", 1, 1, "there is no global `sendHttpRequest`", ABSENT["sendHttpRequest"]),
        ("local event = {} ; return evnt.value", 1, 27, "there is no global `evnt`", "did you mean `event`?"),
        ("local a = {b = function(c) return cc.d end}", 1, 35, "there is no global `cc`", ""),
        ("JSON.stringify(1)", 1, 1, "there is no global `JSON`", ABSENT["JSON"]),
        (
            "json:encode(1)",
            1,
            6,
            "`json:encode(…)` gives `json` itself as the first argument",
            "write `json.encode(…)`",
        ),
        ("json.mine = 1", 1, 6, "`json` is read-only", "use a name of your own"),
        ("function text.mine() end", 1, 15, "`text` is read-only", "use a name of your own"),
        ("x.y = 1", 1, 1, "there is no global `x`", ""),
        ("nope[1] = 2", 1, 1, "there is no global `nope`", ""),
        ("local x = x.y", 1, 11, "there is no global `x`", ""),
        ("do local x = {} end x.y()", 1, 21, "there is no global `x`", ""),
        ("for i = 1, 2 do end i.x()", 1, 21, "there is no global `i`", ""),
        ("repeat local x = {} until x.y z.y()", 1, 31, "there is no global `z`", ""),
        ("goto done ::done:: zz()", 1, 20, "there is no global `zz`", ""),
        ("local s <const> = [==[\n]]]==] zz()", 2, 8, "there is no global `zz`", ""),
        ("--[[ a\n]] zz() -- b", 2, 4, "there is no global `zz`", ""),
        ("local s = 'a\\z\n  \\'' zz()", 2, 7, "there is no global `zz`", ""),
        ("local n = 0x1p-3 + 3e+4 + .5 zz()", 1, 30, "there is no global `zz`", ""),
    ],
)
def test_an_error_is_told_with_its_place(
    names: Names, source: str, line: int, column: int, message: str, hint: str
) -> None:
    (found,) = [finding for finding in lint(source, names) if finding.severity == "error"]
    assert (found.line, found.column, found.message) == (line, column, message)
    assert hint in found.hint


@pytest.mark.parametrize(
    "source",
    [
        "return evnt",
        "if evnt then evnt.x() end",
        "return type(evnt) == 'nil'",
        "pcall(function() evnt.x() end)",
        "xpcall(function() return json.encod('') end, error)",
        "return json.encod",
        "return json.encod and json.encod('')",
        "local f = _G.evnt",
    ],
)
def test_what_may_be_meant_is_a_warning(names: Names, source: str) -> None:
    found = lint(source, names)
    assert found
    assert {finding.severity for finding in found} == {"warning"}


@pytest.mark.parametrize(
    "source",
    [
        "local function f(event, ...) local a, b <const> = ... return a, b, json.encode(event), names_of.LIST.a end",
        "count = 1 count = count + 1 return count.x",
        "function helper(a) return helper(a) end helper(1)",
        "_G.mine = {} mine.x = 1",
        "local _ENV = {x = {}} return x.y",
        "setmetatable(_G, {__index = {}}) return anything.at.all",
        "local json = {} json.x = json.y json:z()",
        "for _, text in ipairs({}) do text.any() end",
        "local t = {a = 1, ['b'] = 2; 3, f = function(self) return self.x end} function t.g.h:i() return self.j end",
        "local a = ('x'):rep(3) .. #'y' .. -1 // 2 ~ 3 return a",
        "local f f = function() return f() end while true do break end return f{} , f'' , f[[x]]",
        "if a1 == nil then return 1 elseif true then return 2 else return 3 end a1 = 1",
    ],
)
def test_what_there_is_is_not_told_of(names: Names, source: str) -> None:
    assert lint(source, names) == []


@pytest.mark.parametrize("source", ["count = 1", "json = 1", "function helper() end"])
def test_a_shared_module_makes_no_global(names: Names, source: str) -> None:
    (found,) = lint(source, names, module=True)
    assert found.severity == "error"
    assert "cannot make the global" in found.message
    assert lint(source, names) == []


@pytest.mark.parametrize(
    "source", ["x =", "print(", "'", "[[", "\x00", "é()", "end", "(" * 5000, "a." * 5000, "{" * 300]
)
def test_for_what_does_not_compile_the_compiler_speaks(names: Names, source: str) -> None:
    assert lint(source, names) == []


def test_long_and_deep_scripts_are_read(names: Names) -> None:
    chain = "if a then b() " + "elseif a then b() " * 3000 + "end"
    assert len(lint(f"local a, b {chain} zz()", names)) == 1
    assert len(lint(f"local a {chain} zz()", names)) == MOST
    deep = "(" * 190 + "zz()" + ")" * 190
    assert len(lint(f"return {deep}", names)) == 1


SCRIPTS = [
    *(ROOT / "tags").rglob("*.lua"),
    *(ROOT / "runtime/containers/scaffold").rglob("*.lua"),
    *(ROOT / "tests/containers/templates").rglob("*.lua"),
]
WORDS = [
    *sorted(KEYWORDS), "a", "json", "x1", "1", "0x1p4", "'s'", "[[l]]", "...", "..", "==", "~=", "=", "(", ")",
    "{", "}", "[", "]", ";", ":", "::", ",", ".", "+", "-", "#", "//", "<", ">", "--c\n", "--[[c]]", "\n", "<const>",
    "&", "|", "~",
]  # fmt: skip


def compiles(sandbox: Sandbox, source: str) -> bool:
    try:
        sandbox.script("t", source)
    except ScriptFault:
        return False
    return True


def test_each_of_our_scripts_is_read_whole_and_uses_what_there_is(sandbox: Sandbox) -> None:
    assert len(SCRIPTS) > 20
    modules = {path.stem: None for path in SCRIPTS if path.parent.name in ("shared", "modules")}
    known: dict[str, frozenset[str] | None] = {**modules, **sandbox.names(sandbox.script("t", "return {}"))}
    for path in SCRIPTS:
        source = path.read_text()
        assert [use.name for use in uses("sentinel() " + source, known)][:1] == ["sentinel"], path
        assert lint(source, known, module=path.stem in modules) == [], path


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(WORDS)).map(" ".join)))
def test_no_text_makes_it_fail(source: str) -> None:
    assert all(isinstance(finding, Finding) for finding in lint(source, {"json": frozenset(("encode",))}))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_what_the_compiler_takes_is_read(data: st.DataObject) -> None:
    sandbox = COMPILER
    source = data.draw(st.sampled_from(SOURCES))
    at, size = data.draw(st.integers(0, len(source))), data.draw(st.integers(0, 12))
    put = " ".join(data.draw(st.lists(st.sampled_from(WORDS), max_size=3)))
    changed = f"sentinel() {source[:at]} {put} {source[at + size :]}"
    if compiles(sandbox, changed):
        assert "sentinel" in {use.name for use in uses(changed, ())}, changed


COMPILER = Sandbox()
SOURCES = [path.read_text() for path in SCRIPTS]
