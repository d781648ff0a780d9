"""What ids are drawn from."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from runtime.identity.chance import BYTES, draw_bytes

FORKING = """
import os
from runtime.identity.chance import draw_bytes
draw_bytes()
if child := os.fork():
    os.waitpid(child, 0)
for _ in range(600 if child else 1):
    os.write(1, draw_bytes().hex().encode() + b" ")
"""


def test_draws_are_whole_and_differ() -> None:
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda _: draw_bytes(), range(2000)))

    assert {len(each) for each in drawn} == {BYTES}
    assert len(set(drawn)) == len(drawn)


def test_a_fork_does_not_draw_what_its_parent_draws() -> None:
    drawn = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, check=True).stdout.split()

    assert len(drawn) == len(set(drawn)) == 601
