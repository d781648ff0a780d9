"""Random scripts: chains of library calls with arguments that no author means, each in a way that an attacker might.

Runs them in one sandbox and prints one JSON line: what the scripts ended in, and what went wrong, with the script.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from typing import Any

from runtime.errors import ScriptFault
from runtime.lua.kit.registry import namespaces
from runtime.lua.sandbox import Sandbox
from tests.lua.attack_child import AT_US, CANARY, EVENT, SETTINGS

LIBRARIES = {
    "": "assert error getmetatable ipairs next pairs pcall rawequal rawget rawlen rawset select setmetatable tonumber "
    "tostring type xpcall",
    "string": "byte char find format gmatch gsub len lower match rep reverse sub upper",
    "table": "concat insert move pack remove sort unpack",
    "math": "abs ceil exp floor fmod log max min modf random sqrt tointeger type ult",
    "utf8": "char codepoint codes len offset",
    "os": "date time",
    "coroutine": "close create isyieldable resume running status wrap yield",
}
FUNCTIONS = [f"{library}.{name}".lstrip(".") for library, names in LIBRARIES.items() for name in names.split()]
FUNCTIONS += [f"{namespace}.{name}" for namespace, functions in namespaces().items() for name in functions]
CPU_S = 1.0
"""Ten times the budget."""

_VALUES = [
    "nil", "true", "0", "1", "-1", "2", "3", "-2", "0/0", "1/0", "-1/0", "2^53", "2^63", "1e308", "0.5", "-0.0",
    "math.maxinteger", "math.mininteger", "1e15|0", "1000000", "8001", "''", "'a'", "'\\0'", "'\\xff\\xfe'", "'%'",
    "'%s%d%p'", "'%b()'", "'.-.-b'", "'(a*)*'", "'[a-'", "'^%s*(.-)%s*$'", "'*t'", "'!%Y'", "'0x1p4'", "'1e999'",
    "'\\u{d800}'", "'__index'", "'=?utf-8'", "'https://a.example/?b=1'", "'[[1,{\"a\":null}]]'", "big", "spaces",
    "wide", "deep", "self", "strange", "empty", "list", "event", "settings", "thread", "spin", "co", "_G", "string",
    "table", "math", "json", "iterator", "function() end", "function(...) return ... end", "error", "pcall",
    "string.rep", "table.sort", "coroutine.yield", "setmetatable", "{}", "{1, 2, 3}", "{n = 2^53}", "{[1e15] = 1}",
    "{{}}",
]  # fmt: skip
_HEAD = """
local big, spaces = ("a"):rep(200000), (" "):rep(90000) .. "7"
local wide, deep, self, list, empty = {}, {}, {}, {}, {}
for i = 1, 3000 do wide["k" .. i] = i list[i] = i % 7 end
for _ = 1, 300 do deep = {deep} end
self.self, self[1] = self, self
for i = 1, 3000 do empty[i + 0.5] = i end
for k in next, empty do empty[k] = nil end
local function spin() while true do end end
local strange = setmetatable({}, {
  __index = function(t, k) return k end, __newindex = function() end, __len = function() return 2^53 end,
  __call = function(...) return ... end, __tostring = function() return ("x"):rep(1000) end,
  __concat = function() return "c" end,
  __eq = function() return true end, __lt = function() return true end, __le = function() return true end,
  __close = function() end, __pairs = function() return function() return 1 end end, __unm = error, __add = error,
})
local thread = coroutine.create(function(...) while true do coroutine.yield(...) end end)
local co = coroutine.wrap(function(...) while true do coroutine.yield(...) end end)
local iterator = big:gmatch("a-b")
local v = {}
local function keep(...) for i = 1, math.min(select("#", ...), 3) do v[#v + 1] = (select(i, ...)) end end
"""


class _Writer:
    """Writes random Lua from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def source(self) -> str:
        steps = "\n".join(self._step() for _ in range(self._random.randint(1, 8)))
        return f"return {{map = function(event, settings)\n{_HEAD}\n{steps}\nreturn v[#v], v\nend}}"

    def _step(self) -> str:
        call = f"{self._function()}, {', '.join(self._values())}"
        forms = [
            f"keep(pcall({call}))", f"keep(pcall({call}))", f"keep(pcall(pcall, {call}))",
            f"keep(xpcall({self._function()}, {self._value()}, {self._value()}, {self._value()}))",
            f"keep(coroutine.resume(coroutine.create({self._function()}), {self._value()}, {self._value()}))",
            f"keep(pcall(function() return {self._value()} {self._operator()} {self._value()} end))",
            f"keep(pcall(function() for a, b in {self._function()}({self._value()}) do keep(a, b) break end end))",
            f"keep(pcall(function() local x <close> = {self._value()} return {self._function()}({self._value()}) end))",
            f"pcall(function() local t = {self._value()} t[{self._value()}] = {self._value()} end)",
            f"for i = 1, {self._random.choice((3, 300))} do pcall({call}) end",
            f"keep(pcall(string.gsub, {self._value()}, {self._value()}, {self._function()}))",
            f"pcall(table.sort, {self._value()}, {self._function()})",
            f"keep(setmetatable({{}}, {{__index = {self._function()}}}).key)",
        ]  # fmt: skip
        return self._random.choice(forms)

    def _function(self) -> str:
        return self._random.choice(FUNCTIONS)

    def _values(self) -> list[str]:
        return [self._value() for _ in range(self._random.randint(1, 4))]

    def _value(self) -> str:
        return f"v[{self._random.randint(1, 4)}]" if self._random.random() < 0.15 else self._random.choice(_VALUES)

    def _operator(self) -> str:
        return self._random.choice(["+", "..", "<", "==", "//", "%", "^", "&", "<<", "and", "~="])


def main(seed: int, count: int) -> None:
    """Runs scripts of consecutive seeds; after each, a sound script must answer as before."""
    sandbox, kinds, wrong = Sandbox(), Counter[str](), []
    canary = sandbox.script("canary", CANARY)
    before = _called(sandbox, canary)
    for number in range(seed, seed + count):
        source = _Writer(number).source()
        started = time.process_time()
        kind, shown = _ended(sandbox, source)
        kinds[kind] += 1
        problems = [
            *(["ran too long"] if time.process_time() - started > CPU_S else []),
            *(["shows an address"] if "0x5" in shown or "0x7" in shown else []),
            *(["shows a place of ours"] if "sandbox/" in shown or ".py" in shown else []),
            *(["failed"] if "sandbox failed" in shown else []),
            *(["changed the next call"] if _called(sandbox, canary) != before else []),
        ]
        wrong += [f"{problem} ({number}): {shown[:300]}" for problem in problems]
    print(json.dumps({"kinds": kinds, "wrong": wrong}))


def _ended(sandbox: Sandbox, source: str) -> tuple[str, str]:
    try:
        returned = _called(sandbox, sandbox.script("random", source))
    except ScriptFault as fault:
        return fault.kind, fault.message
    return "ok", repr(returned)


def _called(sandbox: Sandbox, script: Any) -> Any:
    data = sandbox.push(EVENT), sandbox.push(SETTINGS)
    return sandbox.call(script, "map", *data, at_us=AT_US, seed="random").values


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
