"""A call computed again gives the same: time, chance and order come from the call, not from the machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runtime.lua.sandbox import Sandbox
from tests.lua.calls import AT_US, run, script_of, value

CHANCE = "return {math.random(), math.random(6), random.integer(1, 1000000), random.uuid(), math.random(0)}"


def test_time_is_the_arrival_of_the_hit(sandbox: Sandbox) -> None:
    seen = value(
        sandbox, "return {time.now(), time.now_ms(), os.time(), os.date('!%FT%T'), os.date('%H'), os.date('*t').year}"
    )
    assert seen == [1767225600, 1767225600123, 1767225600, "2026-01-01T00:00:00", "00", 2026]


@pytest.mark.parametrize(
    ("table", "seconds"),
    [
        ("{year = 1970, month = 1, day = 1, hour = 0}", 0),
        ("{year = 2000, month = 2, day = 29}", 951825600),
        ("{year = 2026, month = 14, day = 0, hour = 25, min = -1, sec = 90}", 1801443630),
        ("{year = 1600, month = 3, day = 1, hour = 0}", -11670912000),
    ],
)
def test_os_time_reads_utc_dates(sandbox: Sandbox, table: str, seconds: int) -> None:
    assert value(sandbox, f"return os.time({table})") == seconds


def test_chance_follows_from_the_seed(sandbox: Sandbox) -> None:
    first = value(sandbox, CHANCE, seed="1.1/meta/map")
    assert value(sandbox, CHANCE, seed="1.1/meta/map") == first
    assert value(Sandbox(), CHANCE, seed="1.1/meta/map") == first
    assert value(sandbox, CHANCE, seed="1.2/meta/map") != first


def test_chance_is_even_and_in_range(sandbox: Sandbox) -> None:
    body = """
    local seen = {0, 0, 0, 0, 0, 0}
    for i = 1, 3000 do
      local n = math.random(3, 8) - 2
      seen[n] = seen[n] + 1
    end
    return seen
    """
    counts = value(sandbox, body)
    assert len(counts) == 6
    assert all(400 < count < 600 for count in counts)
    assert value(sandbox, "for i = 1, 1000 do local x = math.random() if x < 0 or x >= 1 then return x end end") is None
    assert value(sandbox, "return math.type(random.integer(math.mininteger, math.maxinteger))") == "integer"


def test_a_uuid_has_its_version_and_variant(sandbox: Sandbox) -> None:
    pattern = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
    assert (
        value(
            sandbox, f"for i = 1, 50 do if not random.uuid():find('{pattern}') then return 'bad' end end return 'good'"
        )
        == "good"
    )


ORDER = """
import json
from runtime.lua.sandbox import Sandbox

body = "local t = {} for i = 1, 40 do t['k' .. i] = {['n' .. i] = i, a = 1} end return t, json.encode(t)"
sandbox = Sandbox()
script = sandbox.script("s", "return {map = function() " + body + " end}")
print(json.dumps(sandbox.call(script, "map", at_us=1, seed="").values))
"""


def test_key_order_is_the_same_in_every_process() -> None:
    outputs = {subprocess.run([sys.executable, "-c", ORDER], capture_output=True, check=True).stdout for _ in range(3)}
    assert len(outputs) == 1


def test_the_count_of_a_call_does_not_depend_on_the_call_before(sandbox: Sandbox) -> None:
    script = sandbox.script("test", script_of("for i = 1, 3333 do local x = i * 2 end"))
    first = sandbox.call(script, "map", at_us=AT_US, seed="").instructions
    run(sandbox, "for i = 1, 777 do local x = i * 2 end")
    assert sandbox.call(script, "map", at_us=AT_US, seed="").instructions == first
