"""Events, and what the pipeline decided about each of them for each tag."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from runtime.model.lookup import Lookup

Event = dict[str, Any]
"""Event data in sGTM's common names; only JSON types. `event_name` and `event_id` are always there after parse."""

TagState = Literal[
    "fired", "not_triggered", "blocked", "denied", "dropped", "failed", "paused",
    "not_live", "unscheduled", "sampled_out", "limited", "held",
]  # fmt: skip
"""fired: an item was made · not_triggered: no trigger matched · blocked: an exception matched · denied: consent ·
dropped: `map` gave nil and a reason · failed: the script failed · paused: the tag is paused in this version ·
not_live: it is for the live environment only · unscheduled: outside its time · sampled_out: not in its share of
events · limited: it fired for this hit already · held: its setup tag did not fire, or the tag that it tears down after
did not"""


class TagRun(msgspec.Struct, frozen=True):
    """What one tag did with one event."""

    tag: str
    state: TagState
    reason: str = ""
    """Denied: missing purposes · dropped: the script's words · failed: kind and message · blocked: the trigger ·
    not_live: the environment · unscheduled: the bound that was missed · sampled_out: the percentage · limited: the
    event that it had its turn for · held: the companion and its state."""
    item: bytes = b""
    """The encoded item where the tag fired."""
    key: str = ""
    """Batch key: only items of one key share a request."""
    expires_s: int = 0
    """Unix second after which the vendor no longer takes the item; 0 = the tag's backlog age decides."""


class EventRun(msgspec.Struct, frozen=True):
    """One event of a hit and its tags."""

    position: int
    event: Event
    consent: dict[str, bool]
    tags: tuple[TagRun, ...]
    violations: tuple[str, ...] = ()
    """What the tracking plan found in it: `<schema> <field>`."""


class Dead(msgspec.Struct, frozen=True):
    """Why a hit, or one event of it, was given up before any tag ran."""

    reason: str
    """A short stable code, for example `no_event_name` or `script_cpu`."""
    message: str
    position: int = -1
    """The event's place, or -1 for the whole hit."""
    violations: tuple[str, ...] = ()
    """Of an event that the tracking plan refused: `<schema> <field>`."""


class Outcome(msgspec.Struct, frozen=True):
    """All that the pipeline makes of one hit."""

    events: tuple[EventRun, ...] = ()
    dead: tuple[Dead, ...] = ()
    repairs: dict[str, int] = {}
    """What was mended on the way in, by code, for example `invalid_utf8`: 2."""
    logs: tuple[str, ...] = ()
    needs: tuple[Lookup, ...] = ()
    """Look-ups whose answers are not recorded. Where there are any, what the tags did is not to be used: the hit is run
    again once they are answered."""
