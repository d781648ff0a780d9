"""What the event log promises, whichever engine keeps it.

A hit is in the log from the moment `append` returns its sequence number: it survives a crash and a power failure.
Numbers rise by arrival within a shard, start at 1, and are never given twice, trimmed or not; there may be gaps. What
`append` raised for is not promised: it may be there all the same (a commit whose success could not be seen), so a
sender that repeats itself is harmless and must be.

`trim` is the only way out of the log. It takes the oldest hits, in bounded slices, and only what its caller says every
reader has passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from runtime.model.hit import Hit, LoggedHit

READ_LIMIT = 500
READ_BYTES = 4 << 20
TRIM_SLICE = 500
TOTALS = 0
"""The minute under which counters stand that nobody trims: how often since the file was made."""


@dataclass(slots=True)
class Notes:
    """What is counted and remembered beside the hits: nothing depends on it, and a crash may lose its last second."""

    counts: dict[tuple[int, str, str], int] = field(default_factory=dict)
    """(Unix minute, counter, label) to how often; under the minute TOTALS stands what is kept as a total only."""
    examples: list[tuple[str, int, bytes]] = field(default_factory=list)
    """(kind, Unix microseconds, JSON summary)."""

    def __bool__(self) -> bool:
        return bool(self.counts or self.examples)


class LogReader(Protocol):
    """Reads one shard's committed hits."""

    def read(self, after: int, limit: int = READ_LIMIT, max_bytes: int = READ_BYTES) -> list[LoggedHit]:
        """Returns the hits that follow sequence number `after`, oldest first; empty where there is none yet.

        Stops at `limit` hits and before the one that would bring the records past `max_bytes`, but returns at least
        one. Raises `RecordUnreadable` where the very next record cannot be read, `FormatTooNew` where a newer
        Firsthand wrote it.
        """
        ...

    def last_seq(self) -> int:
        """Returns the highest sequence number ever given, 0 before the first hit."""
        ...


class Log(LogReader, Protocol):
    """One shard's log. Only one thread of one process writes it."""

    def append(self, hits: Sequence[Hit], notes: Notes | None = None) -> int:
        """Makes the hits durable, all or none, and returns the first one's number; the others follow it one by one."""
        ...

    def trim(self, upto: int, before_us: int, slice_hits: int = TRIM_SLICE) -> int:
        """Deletes, of the oldest `slice_hits` hits, those numbered up to `upto` that arrived before `before_us` (Unix
        microseconds), or of any age while the log is larger than it may be, in one short transaction. Returns how many
        went: call it again until that is 0."""
        ...


class HitWriter(Protocol):
    """The edge's way into the log."""

    async def append(self, hit: Hit) -> int:
        """Returns the hit's sequence number once it is durable. Raises `LogUnavailable` or `Overloaded`."""
        ...

    def count(self, name: str, label: str = "") -> None:
        """Adds one to a counter of the current minute."""
        ...

    def tally(self, name: str, label: str) -> list[int]:
        """Returns the counts of a histogram, see `telemetry.observe`; the caller raises them on the event loop, and
        they are written with the next counters."""
        ...

    def example(self, kind: str, summary: Mapping[str, Any]) -> None:
        """Remembers a request that was not logged as a hit; the last 50 of a kind are kept. JSON types only."""
        ...
