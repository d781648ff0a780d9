"""The matcher written in Lua against Lua's own, on random patterns."""

from __future__ import annotations

import os
from pathlib import Path

import lupa.lua54 as lua
import pytest

from runtime.lua.loader import read_chunk

ROUNDS = 30_000 if os.environ.get("FIRSTHAND_FUZZ") == "full" else 3_000


@pytest.mark.parametrize("seed", range(3))
def test_both_matchers_agree_and_stay_within_the_bound(seed: int) -> None:
    runtime = lua.LuaRuntime(encoding="latin-1", register_eval=False)
    budget = runtime.eval("{charge = function() end}")
    parse = runtime.compile(read_chunk("pattern_parser"), name="=parser")(budget, -1)
    matcher = runtime.compile(read_chunk("matcher"), name="=matcher")()
    harness = runtime.compile((Path(__file__).parent / "fuzz.lua").read_text(encoding="utf-8"), name="=fuzz")
    compared, differences, over = harness(parse, matcher, 20260101 + seed, ROUNDS)
    assert differences == ""
    assert over == "", "more steps than the bound that decides who matches"
    assert compared > ROUNDS * 3
