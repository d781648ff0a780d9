"""Setup and teardown tags: who calls whom, in which order they map, and who is held back.

A tag that is due (a trigger matched or another tag called it, and nothing of its own speaks against it) calls its setup
and its teardown for the same event. A companion is due at most once, however many call it and whatever triggers it has.
`stop_on_failure` holds a tag whose setup did not fire; a teardown so called is held unless one of the tags that it was
called by fired, or something calls it without condition: a trigger of its own, a tag that it sets up, or one that it
tears down after in any case.

Each maps after its setup, and after the tags that it tears down after. Where a tag would have to be both before and
after another one, being its setup counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from runtime.model.container import Tag
from runtime.model.event import TagRun


@dataclass(frozen=True, slots=True)
class Links:
    """One tag's companions, and the tags whose companion it is. By id."""

    setup: str = ""
    teardown: str = ""
    stops: bool = False
    """Whether the tag is held where its setup does not fire."""
    sets_up: tuple[str, ...] = ()
    tears_down: tuple[str, ...] = ()
    """Those after which it maps in any case."""
    tears_down_fired: tuple[str, ...] = ()
    """Those after which it maps where they fired."""
    rank: int = 0
    """Every tag that calls it has a lower one."""

    @property
    def calling(self) -> tuple[str, ...]:
        """The tags that call it without condition."""
        return (*self.sets_up, *self.tears_down)

    @property
    def callers(self) -> tuple[str, ...]:
        """The tags that name it."""
        return (*self.calling, *self.tears_down_fired)

    @property
    def called(self) -> tuple[str, ...]:
        """The companions that there are."""
        return tuple(id for id in (self.setup, self.teardown) if id)


NO_LINKS = Links()


class Need(NamedTuple):
    """One of these tags must have fired before another one may map."""

    word: str
    """What they are to it: `setup` or `tag`."""
    tags: tuple[str, ...]


class Spent(NamedTuple):
    """That a tag which fires once a hit has had its turn."""

    event: int
    """Position of the event."""
    fired: bool


def link(tags: Mapping[str, Tag]) -> dict[str, Links]:
    """Returns the links of the tags that have any. What names no tag, or would lead in a circle, is left out: the
    checker refuses both, and no version may hang for it."""
    edges = {id: tuple(each for each in _named(tag) if each in tags) for id, tag in tags.items()}
    edges = {id: tuple(to for to in named if id not in _reached(to, edges)) for id, named in edges.items()}
    callers = {to for named in edges.values() for to in named}
    ranks = _ranks(edges)
    return {id: _links(id, tags, edges, ranks[id]) for id in tags if edges[id] or id in callers}


def _named(tag: Tag) -> Iterator[str]:
    yield from {companion.tag: None for companion in (tag.setup, tag.teardown) if companion}


def _reached(start: str, edges: Mapping[str, Iterable[str]]) -> set[str]:
    found, open_ = {start}, [start]
    while open_:
        fresh = [to for to in edges[open_.pop()] if to not in found]
        found.update(fresh)
        open_.extend(fresh)
    return found


def _ranks(edges: Mapping[str, Collection[str]]) -> dict[str, int]:
    """Returns how many steps lead to each tag at most."""
    ranks = dict.fromkeys(edges, 0)
    waits = Counter(to for named in edges.values() for to in named)
    open_ = [id for id in edges if not waits[id]]
    while open_:
        id = open_.pop()
        for to in edges[id]:
            ranks[to] = max(ranks[to], ranks[id] + 1)
            waits[to] -= 1
            if not waits[to]:
                open_.append(to)
    return ranks


def _links(id: str, tags: Mapping[str, Tag], edges: Mapping[str, Collection[str]], rank: int) -> Links:
    tag = tags[id]
    setup, teardown = (each if each and each.tag in edges[id] else None for each in (tag.setup, tag.teardown))
    callers = [(name, other) for name, other in tags.items() if id in edges[name]]
    after = [(name, other.teardown) for name, other in callers if other.teardown and other.teardown.tag == id]
    return Links(
        setup=setup.tag if setup else "",
        teardown=teardown.tag if teardown else "",
        stops=setup is not None and setup.stop_on_failure,
        sets_up=tuple(name for name, other in callers if other.setup and other.setup.tag == id),
        tears_down=tuple(name for name, teardown in after if not teardown.stop_on_failure),
        tears_down_fired=tuple(name for name, teardown in after if teardown.stop_on_failure),
        rank=rank,
    )


def ordered(due: Mapping[str, Links]) -> list[str]:
    """Returns the tags that are due, given in order of priority, in the order in which they map."""
    done: dict[str, None] = {}
    for id in due:
        open_ = [id]
        while open_:
            first = next((each for each in _before(open_[-1], due) if each not in done), None)
            if first is None:
                done[open_.pop()] = None
            else:
                open_.append(first)
    return list(done)


def _before(id: str, due: Mapping[str, Links]) -> Iterator[str]:
    links = due[id]
    if links.setup in due:
        yield links.setup
    if not any(caller in due for caller in links.sets_up):
        yield from (caller for caller in (*links.tears_down, *links.tears_down_fired) if caller in due)


def needs(links: Links, due: Collection[str], *, triggered: bool) -> list[Need]:
    """Returns what a tag that is due needs in order to fire; `triggered` where a trigger of its own matched."""
    found = [Need("setup", (links.setup,))] if links.stops else []
    if not triggered and not any(caller in due for caller in links.calling):
        found.append(Need("tag", tuple(caller for caller in links.tears_down_fired if caller in due)))
    return found


def hold(tag: str, need: Need, runs: Mapping[str, TagRun], spent: Mapping[str, Spent]) -> TagRun | None:
    """Returns why the tag is held back, or None. A setup that fires once a hit, and did before, has done its part."""
    for id in need.tags:
        state = runs[id].state
        if state == "fired" or (state == "limited" and spent[id].fired):
            return None
    # A script that is put away may have made something at an earlier run, by which this tag fired: it must not be
    # silent now, see the variables.
    told = ", ".join(f"{need.word} {id}: {runs[id].state}" for id in need.tags)
    if any(is_put_away(runs[id]) for id in need.tags):
        return TagRun(tag, "failed", f"quarantined: {told}")
    return TagRun(tag, "held", told)


def is_put_away(run: TagRun) -> bool:
    """Tells whether a run failed because a script is quarantined."""
    what, _, rest = run.reason.partition(": ")
    if what.startswith("transformation "):
        what = rest.partition(":")[0]
    return run.state == "failed" and what == "quarantined"


def concerned(only: Collection[str], links: Mapping[str, Links], once: Collection[str]) -> tuple[set[str], set[str]]:
    """Returns which tags must be decided about, and which of those must map, so that each of `only` does what it does
    where all run. `once` are the tags that fire once a hit: whether one may depends on what it made of earlier events.
    """
    decided: set[str] = set()
    mapped: set[str] = set()
    open_: list[tuple[str, bool]] = [(id, True) for id in only]
    while open_:
        id, maps = open_.pop()
        maps = maps or id in once
        if id in (mapped if maps else decided):
            continue
        decided.add(id)
        known = links.get(id, NO_LINKS)
        open_.extend((caller, False) for caller in known.callers)
        if maps:
            mapped.add(id)
            open_.extend((caller, True) for caller in known.tears_down_fired)
            open_.extend([(known.setup, True)] if known.stops else ())
    return decided, mapped


def spread(first: Iterable[str], links: Mapping[str, Links]) -> set[str]:
    """Returns those tags and all that they can call."""
    found: set[str] = set()
    open_: Sequence[str] = list(first)
    while open_:
        fresh = set(open_) - found
        found |= fresh
        open_ = [to for id in fresh for to in links.get(id, NO_LINKS).called]
    return found
