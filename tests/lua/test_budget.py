"""Budgets: each ends its call with the right kind, and leaves the sandbox as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runtime.errors import ScriptFault
from runtime.lua.sandbox import Limits, Sandbox
from tests.lua.calls import AT_US, fault, script_of, value

GENEROUS = Limits(instructions=10**12, cpu_s=0.05)


def test_instructions_end_a_call(sandbox: Sandbox) -> None:
    problem = fault(sandbox, "while true do end")
    assert problem.kind == "cpu"
    assert problem.message == "the script ran more than 2000000 instructions"


@pytest.mark.parametrize(
    "body",
    [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "local s = ('a'):rep(900000) while true do local x = s .. 'b' end",
        "local s = ('a'):rep(900) while true do s:find('a-a-a-b') end",
        "while true do coroutine.wrap(function() for i = 1, 500 do end end)() end",
        "while true do crypto.sha256('a') end",
    ],
)
def test_cpu_time_ends_a_call(body: str) -> None:
    problem = fault(Sandbox(limits=replace(GENEROUS, max_crossings=10**9)), body)
    assert problem.kind == "cpu"
    assert problem.message == "the script used more than 0.05 s of CPU time"


@pytest.mark.parametrize(
    "body",
    [
        "local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t[#t + 1] = ('x'):rep(100000) .. #t end",
        "local t = {} while true do pcall(function() t[#t + 1] = ('x'):rep(900000) .. #t end) end",
        "local t = {} for i = 1, 12 do t[i] = ('x'):rep(900000) .. i end local x = crypto.sha256('a') return #t",
    ],
)
def test_memory_ends_a_call(sandbox: Sandbox, body: str) -> None:
    problem = fault(sandbox, body)
    assert problem.kind == "memory"
    assert problem.message == "the script used more than 8 MiB of memory"
    assert value(sandbox, "return 7") == 7


def test_the_next_call_has_the_whole_budget(sandbox: Sandbox) -> None:
    busy = script_of("for i = 1, 5e5 do local x = i + 1 end return 1")
    script = sandbox.script("busy", busy)
    for _ in range(4):
        assert sandbox.call(script, "map", at_us=AT_US, seed="").values == (1,)
        assert fault(sandbox, "while true do end").kind == "cpu"


def test_a_kill_passes_every_function_that_catches(sandbox: Sandbox) -> None:
    loop = "function() while true do end end"
    for body in (
        f"pcall({loop}) return 1",
        f"xpcall({loop}, function() return 1 end) return 1",
        f"coroutine.resume(coroutine.create({loop})) return 1",
        f"pcall(coroutine.wrap({loop})) return 1",
        f"local x = ('a'):gsub('a', function() pcall({loop}) end) return 1",
        "local x <close> = setmetatable({}, {__close = function() x = 1 end}) while true do end",
    ):
        assert fault(sandbox, body).kind == "cpu", body


def test_coroutines_pay_for_the_step_that_no_hook_sees(sandbox: Sandbox) -> None:
    assert fault(sandbox, "for i = 1, 2001 do coroutine.create(function() end) end").kind == "cpu"
    assert value(sandbox, "for i = 1, 1000 do coroutine.wrap(function() end)() end return 1") == 1


def test_kit_calls_are_counted() -> None:
    sandbox = Sandbox(limits=Limits(max_crossings=10))
    assert value(sandbox, "for i = 1, 10 do crypto.sha256('a') end return 1") == 1
    assert "more than 10 calls" in fault(sandbox, "for i = 1, 11 do crypto.sha256('a') end return 1").message


def test_compiled_scripts_do_not_count_against_calls() -> None:
    sandbox = Sandbox(limits=Limits(soft_bytes=1 << 20, hard_bytes=3 << 20))
    source = "return {map = function() local t = {" + "'a', {1, 2}," * 2000 + "} return #t end}"
    scripts = [sandbox.script(f"s{number}", source) for number in range(20)]
    for script in scripts:
        assert sandbox.call(script, "map", at_us=AT_US, seed="").values == (4000,)


def test_scripts_and_data_outlive_a_discarded_runtime(sandbox: Sandbox) -> None:
    script = sandbox.script("test", script_of("return {event.a, settings.b}"))
    event, settings = sandbox.push({"a": [1, {"x": "y"}]}), sandbox.push({"b": 2})
    before = sandbox.call(script, "map", event, settings, at_us=AT_US, seed="")
    sandbox.discard()
    assert sandbox.call(script, "map", event, settings, at_us=AT_US, seed="") == before
    assert sandbox.functions(script) == {"map"}


def test_memory_that_the_host_holds_costs_the_runtime_not_the_calls() -> None:
    sandbox = Sandbox(limits=Limits(soft_bytes=2 << 20, hard_bytes=8 << 20))
    script = sandbox.script("test", script_of("return #event"))
    held = [sandbox.push(["x" * 100_000 + str(number)] * 3) for number in range(40)]
    for pushed in held:
        assert sandbox.call(script, "map", pushed, at_us=AT_US, seed="").values == (3,)


def test_data_that_is_too_large_is_a_memory_fault_and_no_crash() -> None:
    sandbox = Sandbox(limits=Limits(soft_bytes=1 << 20, hard_bytes=3 << 20))
    script = sandbox.script("test", script_of("return #event"))
    too_large: tuple[list[Any], ...] = (["x" * 6_000_000], [[]] * 40_000, [1] * 60_000)
    for data in too_large:
        with pytest.raises(ScriptFault) as caught:
            sandbox.call(script, "map", sandbox.push(data), at_us=AT_US, seed="")
        assert caught.value.kind == "memory"
    assert sandbox.call(script, "map", sandbox.push([1]), at_us=AT_US, seed="").values == (1,)


def test_what_allocates_much_is_looked_at_between_two_fires_of_the_hook() -> None:
    limits = Limits(hook_step=10**9, cpu_s=0.02)
    body = "local s = ('x'):rep(1000000) for i = 1, 20000 do local x = s .. i end return 1"
    assert fault(Sandbox(limits=limits), body).kind == "cpu"


def test_a_call_ends_that_holds_too_much_as_it_returns() -> None:
    sandbox = Sandbox(limits=Limits(hook_step=10**9))
    body = "local t, s = {}, ('x'):rep(1000000) for i = 1, 12 do t[i] = s .. i end return #t, function() return t end"
    assert fault(sandbox, body).kind == "memory"
    assert value(sandbox, "return 7") == 7
