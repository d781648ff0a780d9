"""The scripts that are called no more, as all processes of a server know them: a board in shared memory.

The supervisor posts; every router looks several times a second, and notes what happened on its own shard in its own
file. At its start the server fills the board from all files, so that a restart forgets nothing.
"""

from __future__ import annotations

import asyncio
import mmap
import sqlite3
import zlib
from collections.abc import Iterator

import msgspec

from runtime.model.refusal import Refusal
from runtime.store.delivery import DeliveryStore
from runtime.store.quarantine import Quarantined, refusals
from runtime.telemetry import log

SLOTS = 128
EVERY_S = 0.2

_SLOT = 1024
_HEAD = 8 * SLOTS
_LENGTH = 2
_CHECK = 4


class Board:
    """Memory of a fixed number of slots. A slot's word is 0 while it is free; a posted slot gets a number of its own.

    The supervisor alone posts; any process may lift, which frees the slot.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _HEAD + SLOTS * _SLOT)
        self._words = memoryview(self._memory)[:_HEAD].cast("Q")
        self._posted = 0

    def post(self, entry: Quarantined) -> None:
        """Puts an entry up, in place of one about the same script and shard. Where the board is full, the oldest one
        makes room: that script runs until it hangs again, or until the next start."""
        held = dict(self.slots())
        same = [slot for slot, known in held.items() if _what(known) == _what(entry)]
        free = [slot for slot in range(SLOTS) if slot not in held]
        slot = (same or free or [min(held, key=lambda slot: held[slot].row.since_ms)])[0]
        self._write(slot, msgspec.msgpack.encode(entry))

    def lift(self, script: str) -> bool:
        """Takes down what is up about a script; returns whether there was anything."""
        found = [slot for slot, entry in self.slots() if entry.row.script == script]
        for slot in found:
            self._words[slot] = 0
        return bool(found)

    def stamp(self) -> bytes:
        """Returns bytes that differ whenever the board does."""
        return self._memory[:_HEAD]

    def entries(self) -> list[Quarantined]:
        """Returns all that is up."""
        return [entry for _, entry in self.slots()]

    def slots(self) -> Iterator[tuple[int, Quarantined]]:
        """Yields what is up with its place. A slot that is just being written is passed over."""
        for slot, number in enumerate(self._words.tolist()):
            entry = self._read(slot) if number else None
            if entry is not None:
                yield slot, entry

    def _write(self, slot: int, data: bytes) -> None:
        at = _HEAD + slot * _SLOT
        framed = len(data).to_bytes(_LENGTH, "big") + zlib.crc32(data).to_bytes(_CHECK, "big") + data
        self._words[slot] = 0
        self._memory[at : at + len(framed)] = framed
        self._posted += 1
        self._words[slot] = self._posted

    def _read(self, slot: int) -> Quarantined | None:
        at = _HEAD + slot * _SLOT
        start = at + _LENGTH + _CHECK
        length = int.from_bytes(self._memory[at : at + _LENGTH], "big")
        data = self._memory[start : start + length]
        if zlib.crc32(data) != int.from_bytes(self._memory[at + _LENGTH : start], "big"):
            return None
        return msgspec.msgpack.decode(data, type=Quarantined)


class Quarantine:
    """The board as one router sees it. `refused` is what the sandbox needs."""

    def __init__(self, board: Board, shard: int, store: DeliveryStore) -> None:
        self.refused: dict[str, Refusal] = {}
        """By `Script.id`. One object for good: its content changes."""
        self._board, self._shard, self._store = board, shard, store
        self._seen = b""
        self._kept: set[Quarantined] = set()
        self.refresh()

    def refresh(self) -> None:
        """Takes over what the board says now, and writes down what happened on this shard."""
        stamp = self._board.stamp()
        if stamp == self._seen:
            return
        entries = self._board.entries()
        refused = refusals(entries)
        self.refused.update(refused)
        for script in self.refused.keys() - refused.keys():
            del self.refused[script]
        if self._keep(entries):
            self._seen = stamp

    def lift(self, script: str) -> bool:
        """Lets a script run again, in this router at once and in all others within a second, and forgets it on this
        shard; returns whether this router knew of it. Each router is to be told, for each forgets for its own shard."""
        known = script in self.refused
        self._store.lift(script)
        self._board.lift(script)
        self._kept = {entry for entry in self._kept if entry.row.script != script}
        self.refresh()
        return known

    async def follow(self) -> None:
        """Refreshes several times a second. Returns only when it is cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            self.refresh()

    def _keep(self, entries: list[Quarantined]) -> bool:
        """Writes the entries of this shard; returns False where the file cannot be written now."""
        try:
            for entry in {entry for entry in entries if entry.shard == self._shard} - self._kept:
                self._store.quarantine(entry.row)
                self._kept.add(entry)
        except sqlite3.Error as error:
            log().error("quarantine_not_kept", error=str(error), hint="It holds until the next start of the server.")
            return False
        return True


def _what(entry: Quarantined) -> tuple[int, str]:
    return entry.shard, entry.row.script
