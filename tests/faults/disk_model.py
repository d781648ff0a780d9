"""A disk that loses power: what a recorded run may leave behind at any moment.

A file keeps for certain what was written before its last sync that came back, and a folder keeps the names that were
there at its own last sync. Everything done since is *pending*: each write, cut and name may be there or not, whatever
the order in which they were asked for, and a write may be there in part.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

SECTOR = 512
"""A disk writes at least so many bytes whole."""
SINGLES = 8
"""Of many pending changes, so many are left out one at a time, and so many stand alone."""
SUBSETS = 4
TORN = 3

CREATE, WRITE, TRUNCATE, SYNC, UNLINK, RENAME, MARK = range(1, 8)
FOLDER = "."
_HEADER = struct.Struct("<BBHIq")

T = TypeVar("T")

Files = dict[str, bytearray]
"""Name to content."""


class Event(NamedTuple):
    """One thing that the recorded process did."""

    kind: int
    name: str
    place: int
    data: bytes


def read_events(path: Path) -> Iterator[Event]:
    """Yields what the recording library wrote."""
    recorded, at = path.read_bytes(), 0
    while at < len(recorded):
        kind, name_size, _, data_size, place = _HEADER.unpack_from(recorded, at)
        at += _HEADER.size
        name = recorded[at : at + name_size].decode()
        at += name_size
        yield Event(kind, name, place, recorded[at : at + data_size])
        at += data_size


class Change(NamedTuple):
    """One pending change. A write says where, a cut the new size; a name of file 0 goes away."""

    number: int
    kind: int
    file: int
    name: str = ""
    place: int = 0
    data: bytes = b""


class Cut(NamedTuple):
    """How much of a write was done: its first `kept` bytes, the rest lost or, past the end of the file, zeros."""

    number: int
    kept: int
    zeros: bool


class Loss(NamedTuple):
    """One way to lose power: which pending changes are there, and which of them in part."""

    kept: frozenset[int]
    torn: Cut | None = None


@dataclass
class DiskModel:
    """Follows a run event by event."""

    files: dict[int, bytearray] = field(default_factory=dict)
    """What is there for certain, by file, whatever its name."""
    names: dict[str, int] = field(default_factory=dict)
    """The names that are there for certain."""
    pending: list[Change] = field(default_factory=list)
    age: int = 0
    """Rises with each sync: with the pending changes it tells one state of the disk from another."""
    _known: dict[str, int] = field(default_factory=dict)
    _made: int = 0
    _changes: int = 0

    def follow(self, event: Event) -> None:
        """Takes in the next event."""
        if event.kind == SYNC:
            self._sync(event.name)
        elif event.kind == CREATE:
            self._made += 1
            self.files[self._made] = bytearray()
            self._name(event.name, self._made)
        elif event.kind == UNLINK:
            self._name(event.name, 0)
        elif event.kind == RENAME:
            self._name(event.data.decode(), self._known[event.name])
            self._name(event.name, 0)
        elif event.kind in (WRITE, TRUNCATE):
            self._add(Change(self._next(), event.kind, self._known[event.name], "", event.place, event.data))

    def _next(self) -> int:
        self._changes += 1
        return self._changes

    def _name(self, name: str, file: int) -> None:
        self._known[name] = file
        self._add(Change(self._next(), CREATE, file, name))

    def _add(self, change: Change) -> None:
        self.pending.append(change)

    def _sync(self, name: str) -> None:
        self.age += 1
        file = self._known.get(name, 0)
        waiting = []
        for change in self.pending:
            if change.name if name == FOLDER else not change.name and change.file == file:
                _apply(change, self.files, self.names)
            else:
                waiting.append(change)
        self.pending = waiting

    def after(self, loss: Loss) -> Files:
        """Returns what the folder holds when the power is back."""
        files, names = dict(self.files), dict(self.names)
        for touched in {each.file for each in self.pending if each.number in loss.kept and not each.name}:
            files[touched] = bytearray(files[touched])
        for change in self.pending:
            if change.number in loss.kept:
                _apply(change, files, names, loss.torn)
        return {name: files[file] for name, file in names.items()}

    def losses(self, chance: random.Random) -> Iterator[Loss]:
        """Yields ways to lose power now: nothing and all of what is pending, each alone missing and alone there,
        random choices, and writes done in part. Of many, some."""
        numbers = [each.number for each in self.pending]
        everything = frozenset(numbers)
        yield Loss(frozenset())
        yield Loss(everything)
        for number in _some(numbers, SINGLES, chance):
            yield Loss(everything - {number})
            yield Loss(frozenset((number,)))
        for _ in range(SUBSETS if len(numbers) > 2 else 0):
            yield Loss(frozenset(number for number in numbers if chance.random() < 0.5))
        writes = [each for each in self.pending if len(each.data) > SECTOR]
        for write in _some(writes, TORN, chance):
            yield from _torn(write, numbers, chance)


def _some(items: list[T], count: int, chance: random.Random) -> list[T]:
    return items if len(items) <= count else chance.sample(items, count)


def _torn(write: Change, numbers: list[int], chance: random.Random) -> Iterator[Loss]:
    kept = SECTOR * chance.randrange(0, (len(write.data) - 1) // SECTOR + 1)
    others = frozenset(number for number in numbers if chance.random() < 0.7) | {write.number}
    yield Loss(frozenset(numbers), Cut(write.number, kept, zeros=False))
    yield Loss(frozenset(each for each in numbers if each <= write.number), Cut(write.number, kept, zeros=True))
    yield Loss(others, Cut(write.number, kept, zeros=bool(chance.getrandbits(1))))


def _apply(change: Change, files: dict[int, bytearray], names: dict[str, int], torn: Cut | None = None) -> None:
    if change.kind == CREATE:
        if change.file:
            names[change.name] = change.file
        else:
            names.pop(change.name, None)
        return
    content = files[change.file]
    if change.kind == TRUNCATE:
        _resize(content, change.place)
        return
    data = change.data
    if torn is not None and torn.number == change.number:
        data = change.data[: torn.kept]
        if torn.zeros:
            _resize(content, max(len(content), change.place + len(change.data)))
    if data:
        _resize(content, max(len(content), change.place))
        content[change.place : change.place + len(data)] = data


def _resize(content: bytearray, size: int) -> None:
    """Cuts the content, or makes it longer with zeros, as a file with a hole reads."""
    del content[size:]
    content += bytes(size - len(content))
