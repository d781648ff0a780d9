"""The last events of the live environment, made again from stored hits without any tag, and kept for a minute.

The index of fields and the match counter look at them. Each event is made by the version that its hit arrived on, whose
scripts a router ran on that hit before; no draft runs here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import orjson

from runtime.errors import OperatorError
from runtime.explain.newest import newest_hits
from runtime.explain.programs import Programs
from runtime.explain.put_away import careful_sandbox
from runtime.model.event import EventRun
from runtime.model.hit import LoggedHit
from runtime.model.policy import Policy
from runtime.pipeline.run import run
from runtime.store.files import control_path

LAST = 5000
"""Of hits, and of events."""
MOST_S = 3.0
MOST_BYTES = 32 << 20
KEPT_S = 60.0
NO_TAGS: frozenset[str] = frozenset()


class RecentEvent(NamedTuple):
    """One event."""

    id: str
    """`<hit>/<position>`, for example 0.17/2."""
    at_us: int
    """Its hit's arrival, Unix microseconds."""
    text: bytes
    """Its data as JSON: a fifth of the memory that the data itself would take."""


@dataclass(frozen=True)
class RecentEvents:
    """The sample, the newest event first."""

    events: tuple[RecentEvent, ...] = ()
    partial: str = ""
    """Why there are fewer than were asked for although more are stored; "" where there are not."""


_kept: dict[Path, tuple[float, RecentEvents]] = {}
_one_at_a_time = Lock()


def recent_events(data_dir: Path, policy: Policy) -> RecentEvents:
    """Returns the last events; the same answer for a minute, as it takes up to some seconds to make."""
    with _one_at_a_time:
        known = _kept.get(data_dir)
        if known is None or time.monotonic() - known[0] >= KEPT_S:
            known = _kept[data_dir] = (time.monotonic(), make_events(data_dir, policy))
        return known[1]


def make_events(
    data_dir: Path, policy: Policy, *, last: int = LAST, most_s: float = MOST_S, most_bytes: int = MOST_BYTES
) -> RecentEvents:
    """Returns the last events, as many as the bounds allow."""
    programs = Programs(control_path(data_dir), careful_sandbox(data_dir), policy=policy)
    found: list[RecentEvent] = []
    until, room = time.monotonic() + most_s, most_bytes
    for _, logged in islice(newest_hits(data_dir), last):
        if time.monotonic() > until:
            return RecentEvents(tuple(found), f"the time of {most_s:g} s ran out")
        for made in runs(logged, programs):
            text = orjson.dumps(made.event)
            room -= len(text)
            if room < 0:
                return RecentEvents(tuple(found), f"these are {most_bytes >> 20} MB of events")
            found.append(RecentEvent(f"{logged.id}/{made.position}", logged.hit.received_us, text))
        if len(found) >= last:
            break
    return RecentEvents(tuple(found[:last]))


def runs(logged: LoggedHit, programs: Programs) -> Iterator[EventRun]:
    """Yields a hit's events, the last one first; none of a hit whose version cannot be read any more."""
    try:
        program = programs.program(logged.hit.version)
    except OperatorError:
        return
    yield from reversed(run(logged, program, only=NO_TAGS).events)
