"""The base chunks keep to their own rule: after the seal they read locals only."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.lua import loader
from runtime.lua.kit.registry import namespaces
from runtime.lua.loader import PARTS, PRELUDE, read_chunk
from runtime.lua.sandbox import Limits, Sandbox
from tests.lua.calls import fault, value
from tests.lua.test_environment import PATTERNS

EXERCISE = """
local out = {pcall(error, 'x'), xpcall(error, tostring, 'y'), os.date(), os.time({year = 2000, month = 1, day = 1})}
out[#out + 1] = json.encode(json.decode('{"a": ["b", "\\\\u00e4"]}')) .. random.uuid() .. tostring(math.random(7, 11))
out[#out + 1] = text.hex('a') .. text.unhex('61') .. text.trim(' a ') .. text.lower('A') .. time.iso(0)
for _ in utf8.codes('ä') do table.sort({3, 1, 2}) end
log.info({}, 'x')
pcall(setmetatable, {}, {__gc = true})
pcall(string.format, '%p', {})
pcall(table.concat, {}, '', 1, 2^53)
pcall(crypto.sha256, '\\xff')
coroutine.close(coroutine.create(function() end))
return #out
"""


EMPTY_GLOBALS = """
local reads = {}
for _, name in ipairs({
  "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "rawlen", "rawset",
  "select", "tonumber", "tostring", "type", "xpcall", "string", "table", "math", "utf8", "coroutine",
}) do _G[name] = nil end
setmetatable(_G, {__index = function(_, name) if name ~= "debug" then reads[#reads + 1] = name end end})
return reads
"""


@pytest.mark.parametrize("steps", [Limits().pattern_steps, -1])
def test_nothing_reads_a_global_after_the_seal(steps: int) -> None:
    sandbox = Sandbox(limits=Limits(pattern_steps=steps))
    reads = sandbox._engine._runtime.execute(EMPTY_GLOBALS)
    assert value(sandbox, EXERCISE) > 3
    value(sandbox, PATTERNS, {"s": " ab1 a=1&b=2 "})
    fault(sandbox, "while true do pcall(function() error({}) end) end")
    fault(sandbox, "error('at a line', 0)")
    assert sandbox.functions(sandbox.script("f", "return {}")) == frozenset()
    assert list(reads.values()) == []


def test_every_lua_file_is_loaded() -> None:
    files = {path.stem for path in Path(loader.__file__).parent.glob("*.lua")}
    assert files == {*PARTS, PRELUDE}


def test_functions_without_a_python_side_are_in_a_chunk_of_the_kit() -> None:
    kit = "".join(read_chunk(name) for name in PARTS if name.startswith("kit"))
    for namespace, functions in namespaces().items():
        for name, function in functions.items():
            if function.fn is None:
                declared = (f"function kit.{namespace}.{name}(", f"function {namespace}.{name}(")
                assert any(line in kit for line in declared), f"{namespace}.{name}"
