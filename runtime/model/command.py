"""What an operator asks of the routers: rows of the control database, which each router applies to its own shard.

A command is data: it may be stored, read by an older server (which refuses kinds that it does not know), and repeated
without harm, because each router remembers the last one that it has taken.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Which = Literal["dead", "undelivered", "all"]
"""dead: dead letters · undelivered: whatever hits of a time range make now that the vendor has not taken · all: beside
these what was delivered already, which goes out again with the same event id."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which items a replay is about. Everything given must hold."""

    which: Which = "dead"
    tag: str | None = None
    """One tag; "" = hits that the pipeline gave up; None = all."""
    reason: str = ""
    """With `dead`: the dead letter's reason."""
    event_name: str = ""
    event_id: str = ""
    shard: int | None = None
    seq: int = 0
    """One hit of that shard."""
    since_us: int = 0
    """Arrival of the hit, Unix microseconds; 0 = no limit."""
    until_us: int = 0


class Replay(msgspec.Struct, frozen=True, kw_only=True, tag="replay"):
    """Sends items again, with their event ids. Live traffic goes first."""

    selection: Selection
    version: Literal["original", "current"] = "original"
    """original: parse to map by the version that the hit arrived on · current: by the live one."""
    rate: float = 100.0
    """Items a second and shard, at most."""


class Reroute(msgspec.Struct, frozen=True, kw_only=True, tag="reroute"):
    """Releases a tag's backlog that arrived on a version: from now on its `map` is the live version's."""

    of: str
    """The tag."""
    version: int


class Cancel(msgspec.Struct, frozen=True, kw_only=True, tag="cancel"):
    """Ends a replay that is under way; what it has handed over already is sent."""

    command: int


class Discard(msgspec.Struct, frozen=True, kw_only=True, tag="discard"):
    """Gives up the backlog of a tag that the live version lacks, counted, so that it no longer holds the log."""

    of: str


class LiftQuarantine(msgspec.Struct, frozen=True, kw_only=True, tag="lift"):
    """Lets a script run again that hung a router."""

    script: str
    """As the quarantine lists it."""


Command = Replay | Reroute | Cancel | Discard | LiftQuarantine
