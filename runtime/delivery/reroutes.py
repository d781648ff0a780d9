"""Backlogs that were released with the live version: for those tags, hits of those versions are mapped by the live one.

A rerouted hit is run as if it had arrived on the live version, for the rerouted tags alone; all other tags keep what
the hit's own version makes.
"""

from __future__ import annotations

from collections.abc import Callable, Set

import msgspec

from runtime.delivery.ports import Source
from runtime.model.event import Outcome
from runtime.model.hit import LoggedHit


def by_version(logged: LoggedHit, version: int) -> LoggedHit:
    """Returns the hit as if it had arrived on that version."""
    if logged.hit.version == version:
        return logged
    return LoggedHit(logged.shard, logged.seq, msgspec.structs.replace(logged.hit, version=version))


class Reroutes:
    """A source that knows what was rerouted. Use `source` in place of the one given."""

    def __init__(self, source: Source, entries: Set[tuple[str, int]], live: Callable[[], int]) -> None:
        """`entries` are (tag, version); `live` gives the number of the live version."""
        self.source = Source(source.read, self._run, self._version, source.costs)
        self._plain, self._live = source, live
        self._tags: dict[int, set[str]] = {}
        for tag, version in entries:
            self.add(tag, version)

    def add(self, tag: str, version: int) -> None:
        """From now on the tag's items of hits of that version are made by the live one."""
        self._tags.setdefault(version, set()).add(tag)

    def _version(self, tag: str, arrived: int) -> int:
        return self._live() if tag in self._tags.get(arrived, ()) else arrived

    def _run(self, logged: LoggedHit, only: frozenset[str] | None) -> Outcome:
        moved = self._tags.get(logged.hit.version)
        tags = frozenset(moved if only is None else moved & only) if moved else frozenset[str]()
        if not tags or logged.hit.version == self._live() or logged.hit.environment != "live":
            return self._plain.run(logged, only)
        live = self._plain.run(by_version(logged, self._live()), tags)
        if only == tags:
            return live
        return _merged(self._plain.run(logged, None if only is None else only - tags), live, tags)


def _merged(kept: Outcome, live: Outcome, tags: frozenset[str]) -> Outcome:
    made = {event.position: tuple(run for run in event.tags if run.tag in tags) for event in live.events}
    events = [
        msgspec.structs.replace(
            event, tags=(*(run for run in event.tags if run.tag not in tags), *made.pop(event.position, ()))
        )
        for event in kept.events
    ]
    events += [event for event in live.events if event.position in made]
    return msgspec.structs.replace(kept, events=tuple(events), needs=(*kept.needs, *live.needs))
