"""What a router publishes in shared memory: "in script X on hit Y", or that it is in none.

The supervisor makes the memory before it forks, so it outlives any router, and reading it costs the router nothing. The
router writes script and hit first, then a number that is odd while Lua runs and grows with each entry and each exit. A
reader that finds the same odd number before and after it has read the names, and had found it some time before, holds
the names of one call that has not ended: nothing else is ever acted on.
"""

from __future__ import annotations

import mmap
from typing import NamedTuple

from runtime.lua.values import Watch

_SCRIPT_AT, _SCRIPT_ROOM = 64, 448
_HIT_AT, _HIT_ROOM = 512, 64
_SIZE = 4096


class Call(NamedTuple):
    """A call under way."""

    number: int
    """Tells it from every other call of the server's life."""
    script: str
    """`Script.id`."""
    hit: str
    """The hit's id, "" where the script is at work for a batch."""


class Marker(Watch):
    """One router's mark. The router enters and leaves; the supervisor reads, and wipes it before each start."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)
        self._words = memoryview(self._memory).cast("Q")
        self._number = 0
        self._script = self._hit = ""

    def enter(self, script: str, hit: str) -> None:
        """Notes, in the router, what it is about to run."""
        # Most calls follow one of the same hit: only what changed is written.
        if hit != self._hit:
            self._write(_HIT_AT, _HIT_ROOM, hit)
            self._hit = hit
        if script is not self._script:
            self._write(_SCRIPT_AT, _SCRIPT_ROOM, script)
            self._script = script
        self._number += 1
        self._words[0] = self._number

    def leave(self) -> None:
        """Notes, in the router, that the call ended."""
        self._number += 1
        self._words[0] = self._number

    @property
    def number(self) -> int:
        """The number of the call under way, 0 where there is none."""
        number = self._words[0]
        return number if number & 1 else 0

    def call(self) -> Call | None:
        """Returns the call under way, None where there is none or it changed while it was read."""
        number = self.number
        found = Call(number, self._read(_SCRIPT_AT, _SCRIPT_ROOM), self._read(_HIT_AT, _HIT_ROOM))
        return found if number and self.number == number else None

    def wipe(self) -> None:
        """Says that no call is under way, while no router lives: one that was killed in a script left its mark."""
        self._number = (self._words[0] | 1) + 1
        self._words[0] = self._number
        self._memory[_SCRIPT_AT : _HIT_AT + _HIT_ROOM] = bytes(_HIT_AT + _HIT_ROOM - _SCRIPT_AT)

    def _write(self, at: int, room: int, text: str) -> None:
        data = text.encode("utf-8", "replace")[:room]
        self._memory[at : at + room] = data.ljust(room, b"\0")

    def _read(self, at: int, room: int) -> str:
        return self._memory[at : at + room].rstrip(b"\0").decode("utf-8", "replace")
