"""What the sandbox costs beside bare Lua, measured in the same run: figures of two machines, or of two hours, differ.

The event has 30 keys, user data, an address and five items (1.6 KB of JSON); the tag has about 40 lines and hashes
eight values. Each figure is the median of the CPU time of several rounds.

The reference is what the construction cost when it was first built, on one machine. What that machine's speed means
here depends on the bare operation that both are compared by, so each ratio is given by two of them: by the copy of the
event into Lua, and by a call from Lua into Python.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import orjson

from runtime.cli.benchmark.sandbox_case import EVENT, SETTINGS, TAG
from runtime.lua.kit import KitFunction
from runtime.lua.kit.registry import Kit, namespaces
from runtime.lua.sandbox import Pushed, Sandbox, bare_runtime

ROUNDS = 15
AT_US = 1_790_000_000_000_000
TOLERANCE = 1.3

REFERENCE = {
    "full_event": 113.5,
    "table_in": 26.5,
    "walk_out": 32.0,
    "empty_call": 2.5,
    "kit_call": 0.54,
    "sha256": 2.2,
    "compile": 39.0,
    "sandbox_build": 1280.0,
}
"""CPU microseconds on the reference machine; of a range, its middle."""
YARDSTICKS = {"bare_table_from": 26.5, "bare_python_call": 0.12}
"""Bare operations, and their CPU microseconds on the reference machine."""

_LOOPS = """
return {
  nothing = function() end,
  pass = function(event) return event end,
  loop = function(settings) for _ = 1, settings.count do end end,
  kit = function(settings) for _ = 1, settings.count do bench.nothing() end end,
  sha256 = function(settings) for _ = 1, settings.count do crypto.sha256("ann.example@shop.example") end end,
}
"""
_BARE_LOOP = "function(f, count) for _ = 1, count do f() end end"
_CALLS = 2000


def sandbox_figures(rounds: int = ROUNDS) -> dict[str, Any]:
    """Returns the figures in CPU microseconds, and those that have a reference with their ratio to it."""
    cost = partial(_cost, rounds)
    figures = _bare(cost) | _ours(cost)
    return {
        "cpu_us": {name: round(value, 3) for name, value in figures.items()},
        "reference_us": REFERENCE | YARDSTICKS,
        "ratio_to_reference": {yardstick: _ratios(yardstick, figures) for yardstick in YARDSTICKS},
        "tolerance": TOLERANCE,
        "event_bytes": len(orjson.dumps(EVENT)),
    }


def as_table(figures: dict[str, Any]) -> str:
    """Returns the figures for people."""
    ratios = figures["ratio_to_reference"]
    lines = [f"{'':<18}{'µs':>10}" + "".join(f"  by {yardstick.replace('_', ' ')}" for yardstick in ratios)]
    for name, value in figures["cpu_us"].items():
        told = "".join(_cell(ratios[yardstick].get(name), len(yardstick) + 5) for yardstick in ratios)
        lines.append(f"{name.replace('_', ' '):<18}{value:>10.2f}{told}".rstrip())
    lines.append(f"ratio to the reference, scaled by the bare operation of this run; ! is above {TOLERANCE}")
    return "\n".join(lines)


def _cell(ratio: float | None, width: int) -> str:
    return " " * width if ratio is None else f"{f'{ratio:.2f}' + ('!' if ratio > TOLERANCE else ' '):>{width}}"


def _ratios(yardstick: str, figures: dict[str, float]) -> dict[str, float]:
    speed = figures[yardstick] / YARDSTICKS[yardstick]
    return {name: round(figures[name] / speed / reference, 2) for name, reference in REFERENCE.items()}


def _bare(cost: Callable[..., float]) -> dict[str, float]:
    """Measures what lupa itself costs."""
    runtime = bare_runtime()
    nothing, loop = runtime.eval("function() end"), runtime.eval(_BARE_LOOP)
    empty_loop = cost(lambda _: loop(nothing, _CALLS), count=5) / _CALLS
    python_loop = cost(lambda _: loop(lambda: None, _CALLS), count=5) / _CALLS
    return {
        "bare_table_from": cost(lambda tree: runtime.table_from(tree, recursive=True), prepare=_tree),
        "bare_empty_call": cost(lambda _: nothing(), count=2000),
        "bare_python_call": python_loop - empty_loop,
    }


def _ours(cost: Callable[..., float]) -> dict[str, float]:
    sandbox = Sandbox(kit=_kit())
    tag, loops = sandbox.script("tag", TAG), sandbox.script("loops", _LOOPS)
    settings, counted = sandbox.push(SETTINGS), sandbox.push({"count": _CALLS})

    def call(function: str, *given: Pushed, last: bool = False) -> Any:
        return sandbox.call(loops, function, *given, at_us=AT_US, seed="1.1", last=last)

    def full(tree: Any) -> Any:
        return sandbox.call(tag, "map", sandbox.push(tree, fresh=True), settings, at_us=AT_US, seed="1.1", last=True)

    assert full(_tree()).values[0]["user_data"]["em"]
    empty = cost(lambda _: call("nothing"), count=500)
    table_in = cost(lambda tree: call("nothing", sandbox.push(tree, fresh=True), last=True), prepare=_tree)
    passed = cost(lambda tree: call("pass", sandbox.push(tree, fresh=True), last=True), prepare=_tree)
    loop = cost(lambda _: call("loop", counted), count=5)
    return {
        "full_event": cost(full, prepare=_tree),
        "table_in": table_in - empty,
        "walk_out": passed - table_in,
        "empty_call": empty,
        "kit_call": (cost(lambda _: call("kit", counted), count=5) - loop) / _CALLS,
        "sha256": (cost(lambda _: call("sha256", counted), count=5) - loop) / _CALLS,
        "compile": cost(lambda _: sandbox.script("tag", TAG), count=20),
        "sandbox_build": cost(lambda _: Sandbox(), count=5),
    }


def _kit() -> Kit:
    nothing = KitFunction(lambda: None, "Does nothing.", (), "nothing", "bench.nothing()", base_cost=0)
    return {**namespaces(), "bench": {"nothing": nothing}}


def _tree() -> Any:
    """Returns the event as fresh data, which may go into Lua without a copy."""
    return orjson.loads(_TEXT)


_TEXT = orjson.dumps(EVENT)


def _cost(
    rounds: int, call: Callable[[Any], object], prepare: Callable[[], Any] = lambda: None, count: int = 200
) -> float:
    """Returns CPU microseconds of a call, the median of the rounds; what it is given is made beforehand."""
    found = []
    for _ in range(rounds):
        given = [prepare() for _ in range(count)]
        gc.collect()
        before = time.process_time_ns()
        for each in given:
            call(each)
        found.append((time.process_time_ns() - before) / count / 1000)
    return median(found)
