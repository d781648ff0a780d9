"""Rows of a delivery file, and the settlement: everything that one transaction shall make true.

Field order is column order: rows are bound as they are.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

Place = tuple[str, int, int]
"""Tag, hit and position: what one item is known by."""


class EventFlag(enum.IntFlag):
    """What the explorer can filter summaries by."""

    REPAIRED = 1
    """Something was mended on the way in."""
    DENIED = 2
    """Consent kept at least one tag from running."""
    DROPPED = 4
    """A tag's `map` gave nil and a reason."""
    FAILED = 8
    """A tag's script failed."""
    DEAD = 16
    """The hit, or this event of it, was given up before any tag ran."""


class EventRow(NamedTuple):
    """One event's summary. Position -1 stands for a whole hit that gave no event."""

    seq: int
    pos: int
    recv_us: int
    name: str
    client: str
    event_id: str
    tags: str
    """JSON, tag to `state` or `state: reason`; tags that were not triggered are left out."""
    flags: int


class RetryRow(NamedTuple):
    """An item that waits for another try, past which the tag's cursor may move."""

    tag: str
    seq: int
    pos: int
    due_ms: int
    attempts: int
    key: str
    version: int
    event_id: str
    expires_s: int
    payload: bytes
    reason: str


class DeadRow(NamedTuple):
    """Something given up. Tag "" is the pipeline itself: the hit could not be read."""

    tag: str
    seq: int
    pos: int
    reason: str
    """Short stable code where there is one, else the vendor's words."""
    message: str
    status: int
    """HTTP status of the last answer, 0 without one."""
    attempts: int
    failed_ms: int
    version: int
    event_id: str
    payload: bytes


class AttemptRow(msgspec.Struct, frozen=True):
    """One try of one batch."""

    tag: str
    started_ms: int
    ms: int
    status: int
    disposition: str
    """delivered, retry, reject or dry_run: the whole's; items that fared otherwise have rows of their own."""
    reason: str
    version: int
    """Container version whose `request` and `verdict` ran."""
    members: bytes
    """MessagePack list: seq, pos, seq, pos, … in the order of the body."""
    first_seq: int
    last_seq: int
    count: int
    body_sha256: bytes
    """Of the body with items and time, but with `secret:NAME` in place of secrets."""
    answer: str
    """Start of the vendor's answer, at most 2 KB, secrets masked."""
    dry_run: int


def storable(text: str, limit: int) -> str:
    """Returns the text cut to a number of characters and free of lone surrogates, which SQLite refuses to store."""
    cut = text[:limit]
    return cut if cut.isascii() else cut.encode(errors="replace").decode()


@dataclass(slots=True)
class Settlement:
    """What happened since the last commit. Applied whole or not at all; applying it twice changes nothing twice,
    rollups and attempts apart, which is why a settlement is thrown away in the moment its commit succeeded."""

    cursors: dict[str, int] = field(default_factory=dict)
    """Tag to the last hit that needs no more of it; "" is the pipeline. A cursor never moves back."""
    starts: dict[str, int] = field(default_factory=dict)
    """Cursors of tags that have none yet; where one exists it stays."""
    told: int = 0
    """The highest version that the router was told of since the last commit, 0 for none."""
    retries: dict[Place, RetryRow | None] = field(default_factory=dict)
    """Row to write, or None to remove it."""
    dead: dict[Place, DeadRow] = field(default_factory=dict)
    attempts: list[AttemptRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    rollups: dict[tuple[int, str, str], int] = field(default_factory=dict)
    """(Unix minute, name, label) to a count to add."""

    @property
    def size(self) -> int:
        """Rows that a commit would write."""
        lists = len(self.attempts) + len(self.events) + len(self.dead)
        return lists + (self.told > 0) + len(self.cursors) + len(self.starts) + len(self.retries) + len(self.rollups)
