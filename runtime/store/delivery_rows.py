"""Rows of a delivery file, and the settlement: everything that one transaction shall make true.

Field order is column order: rows are bound as they are.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

TOTALS = 0
"""The minute under which rollups stand that nobody prunes: how often since the file was made."""

_TOTAL_ONLY_AS_SUM = frozenset(("events",))
"""Rollups whose labels strangers choose: their total has none."""

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
    PREVIEW = 32
    """Its hit is not live: a preview's, or of an environment beside live. It counts in no figure."""
    VIOLATED = 64
    """The tracking plan found something in it."""


SENT_ONCE, NOT_SENT = "fired: sent once", "fired: not sent"
"""What stands in the summary of a hit that is not live where a tag made an item: no queue has it."""


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
    made: bytes = b""
    """A `Made` as MessagePack; empty in rows from before it was kept."""
    basis: str = ""
    """JSON: what beside hits, versions and look-ups could change the bytes, see `runtime.text.basis`."""


class LookupRow(NamedTuple):
    """What came of one of a hit's look-ups."""

    seq: int
    key: str
    value: bytes
    """JSON of a `model.lookup.Answer`."""
    at_ms: int
    """When it was recorded for this hit; a cached answer is older."""


class Made(msgspec.Struct, frozen=True, array_like=True):
    """What the members of an attempt were made of, in their order."""

    versions: tuple[int, ...] = ()
    """The versions whose `map` made them; empty where each is that of its own hit."""
    checks: bytes = b""
    """Their hits' fingerprints, four bytes each, the highest first; 0 for one that is not known."""


class QuarantineRow(NamedTuple):
    """A script that is called no more."""

    script: str
    """`<kind>/<id>@<digest of its content>`."""
    hit: str
    """Id of the hit on which it happened; "" where it was at work for a batch."""
    since_ms: int
    cause: str
    """hung: past its deadline, its router was killed · crashed: its router died in it."""


class AppliedRow(NamedTuple):
    """A command that this router has carried out."""

    number: int
    at_ms: int
    answer: str
    """JSON object: what came of it."""


class JobRow(NamedTuple):
    """One tag's part of a replay: its own cursor, so that a tag which cannot send holds up no other."""

    number: int
    """The command's."""
    tag: str
    """"" = hits that the pipeline gave up, for every tag."""
    state: str
    """running, done or cancelled."""
    command: str
    """JSON of the `Replay` or `Reroute` that it carries out."""
    until_us: int
    """When the command was given, Unix microseconds: what arrived later is none of its business."""
    place: int
    """The last one looked at: of dead letters the number in this file, else the hit."""
    last: int
    """The last one to look at."""
    counts: str
    """JSON, outcome to how many items."""
    changed_ms: int


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
    revived: set[Place] = field(default_factory=set)
    """Dead letters to remove; one that is also in `dead` is written anew."""
    attempts: list[AttemptRow] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    restated: dict[tuple[int, int], EventRow] = field(default_factory=dict)
    """Summaries (seq, pos) that replace what `events` or the file has."""
    gone: set[tuple[int, int]] = field(default_factory=set)
    """Summaries to remove."""
    lookups: dict[int, dict[str, LookupRow]] = field(default_factory=dict)
    """Answers to record, by hit and key. What is recorded once stays."""
    waiting: dict[int, int | None] = field(default_factory=dict)
    """Hits that wait for look-ups, with the time (Unix ms) since when; None = the hit waits no more."""
    applied: list[AppliedRow] = field(default_factory=list)
    jobs: dict[tuple[int, str], JobRow] = field(default_factory=dict)
    """By command and tag."""
    reroutes: set[tuple[str, int]] = field(default_factory=set)
    """(tag, version) to add."""
    forgotten: set[str] = field(default_factory=set)
    """Removed tags whose cursor and retry rows go."""
    rollups: dict[tuple[int, str, str], int] = field(default_factory=dict)
    """(Unix minute, name, label) to a count to add; under the minute TOTALS stands what is kept as a total only."""

    def totals(self) -> dict[tuple[str, str], int]:
        """Returns (name, label) to what the minutes' counts add to the totals."""
        added: dict[tuple[str, str], int] = {}
        for (minute, name, label), n in self.rollups.items():
            if minute != TOTALS:
                key = (name, "" if name in _TOTAL_ONLY_AS_SUM else label)
                added[key] = added.get(key, 0) + n
        return added

    @property
    def size(self) -> int:
        """Rows that a commit would write."""
        lists = len(self.attempts) + len(self.events) + len(self.dead)
        asked = (
            len(self.revived)
            + len(self.restated)
            + len(self.gone)
            + len(self.applied)
            + len(self.jobs)
            + len(self.reroutes)
        )
        state = (self.told > 0) + len(self.cursors) + len(self.starts) + len(self.retries) + len(self.rollups)
        looked_up = len(self.lookups) + len(self.waiting)
        return lists + asked + len(self.forgotten) + state + looked_up
