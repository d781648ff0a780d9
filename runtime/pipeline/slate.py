"""Which tags an event can be about, by its name: known before anything is asked of it, and made once a version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from runtime.model.event import TagRun
from runtime.pipeline.companions import NO_LINKS, concerned
from runtime.pipeline.mapping import CompiledTag
from runtime.pipeline.trigger import Trigger

_MOST_KEPT = 64


class Candidate(NamedTuple):
    """A tag that may fire for events of some name, with those of its triggers and exceptions that may match."""

    place: int
    """Its place among the runs."""
    tag: CompiledTag
    triggers: tuple[Trigger, ...]
    exceptions: tuple[Trigger, ...]


class Slate(NamedTuple):
    """The tags that an event of some name is about: each tag's state before any trigger was asked, and whom to ask."""

    runs: tuple[TagRun, ...]
    """One for each tag, in priority order."""
    candidates: tuple[Candidate, ...]
    """The tags that may fire; those that call others before them."""
    skipped: tuple[Trigger, ...]
    """Triggers and exceptions that cannot match events of that name."""
    linked: bool
    """Whether any of them has to do with companions."""
    aside: frozenset[int]
    """Places of tags that are there for others, and in no result."""
    idle: frozenset[int]
    """Those of them whose map nobody needs."""


class Slates:
    """The slates of some tags, all of a version or those that shall run alone."""

    def __init__(self, tags: Sequence[CompiledTag], only: frozenset[str] | None = None) -> None:
        """`tags` are all of the version, in priority order.

        Asked for by name in `only`, a tag runs also where this version has it paused: its backlog is being worked off.
        """
        decided, mapped = (None, None) if only is None else _concerned(tags, only)
        self._tags = [tag for tag in tags if decided is None or tag.id in decided]
        self._runs = tuple(
            tag.paused_run if tag.paused and not (only and tag.id in only) else tag.not_triggered for tag in self._tags
        )
        self._aside = frozenset(n for n, tag in enumerate(self._tags) if only is not None and tag.id not in only)
        self._idle = frozenset(n for n in self._aside if mapped is not None and self._tags[n].id not in mapped)
        asked = (trigger for tag in self._tags for trigger in (*tag.triggers, *tag.exceptions))
        names = {name for trigger in asked for name in trigger.names or ()}
        self._by_name = {name: self._slate(name) for name in names}
        self._other = self._slate(None)

    def of(self, event_name: Any) -> Slate:
        """Returns the slate for events of that name."""
        return self._by_name.get(event_name, self._other)

    def _slate(self, event_name: str | None) -> Slate:
        """Returns the slate for an event name; None = for every name that no trigger asks for."""
        asked: dict[str, Candidate] = {}
        skipped: dict[str, Trigger] = {}
        for place, tag in sorted(enumerate(self._tags), key=lambda entry: entry[1].links.rank):
            if self._runs[place] is not tag.not_triggered:
                continue
            triggers, exceptions = (_that_may(event_name, some) for some in (tag.triggers, tag.exceptions))
            skipped |= {each.id: each for each in tag.triggers if each not in triggers}
            if triggers or any(caller in asked for caller in tag.links.callers):
                asked[tag.id] = Candidate(place, tag, triggers, exceptions)
                skipped |= {each.id: each for each in tag.exceptions if each not in exceptions}
        linked = any(each.tag.links is not NO_LINKS for each in asked.values())
        return Slate(self._runs, tuple(asked.values()), tuple(skipped.values()), linked, self._aside, self._idle)


def _that_may(event_name: str | None, triggers: Sequence[Trigger]) -> tuple[Trigger, ...]:
    return tuple(each for each in triggers if each.may_match(event_name))


def _concerned(tags: Sequence[CompiledTag], only: frozenset[str]) -> tuple[set[str], set[str]]:
    links = {tag.id: tag.links for tag in tags}
    return concerned(only & links.keys(), links, [tag.id for tag in tags if tag.once_per_hit])


class KeptSlates:
    """A version's slates: of all its tags, and of those that were asked for by name."""

    def __init__(self, tags: Sequence[CompiledTag]) -> None:
        self._tags = tags
        self._all = Slates(tags)
        self._some: dict[frozenset[str], Slates] = {}

    def of(self, only: frozenset[str] | None) -> Slates:
        """Returns the slates of the tags in `only`, None = of all."""
        if only is None:
            return self._all
        found = self._some.get(only)
        if found is None:
            if len(self._some) >= _MOST_KEPT:
                self._some.clear()
            found = self._some[only] = Slates(self._tags, only)
        return found
