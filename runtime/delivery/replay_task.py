"""What a replay consists of: its parts, and what can become of an item."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Literal

import msgspec

from runtime.model.command import Replay, Reroute, Selection
from runtime.model.event import EventRun, TagRun
from runtime.model.hit import LoggedHit
from runtime.model.lookup import Lookup
from runtime.store.delivery_rows import DeadRow, JobRow

Word = Literal["replayed", "delivered_before", "waiting", "too_old", "nothing", "failed", "gone", "no_tag"]
"""replayed: goes out again · delivered_before: the vendor has it · waiting: it is on its way already · too_old: past
the vendor's limit · nothing: no item comes of it now (consent, trigger, dropped) · failed: a script failed again ·
gone: the log lacks the hit or cannot read it · no_tag: the live version has no such tag"""

WORDS: tuple[Word, ...] = (
    "replayed", "delivered_before", "waiting", "too_old", "nothing", "failed", "gone", "no_tag",
)  # fmt: skip


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One tag's part of a replay."""

    selection: Selection
    """With a tag, and an end in time."""
    at_us: int
    """When it was asked for, Unix microseconds: what was given up later is none of its business."""
    current: bool = False
    """Run by the live version."""
    version: int = 0
    """Only dead letters of this version that a script caused."""

    @property
    def by_letters(self) -> bool:
        """Tells that it walks over dead letters rather than over hits."""
        return self.selection.which == "dead" or self.selection.tag == ""


def task_of(command: Replay | Reroute, tag: str, at_us: int) -> Task:
    """Returns a tag's part of a command given at that time."""
    if isinstance(command, Reroute):
        selection = Selection(tag=tag, until_us=at_us)
        return Task(selection=selection, at_us=at_us, current=True, version=command.version)
    given = command.selection
    until = min(given.until_us or at_us, at_us)
    selection = msgspec.structs.replace(given, tag=tag, until_us=until)
    return Task(selection=selection, at_us=at_us, current=command.version == "current")


def task_of_job(row: JobRow) -> Task:
    """Returns what a job row is about."""
    return task_of(msgspec.json.decode(row.command, type=Replay | Reroute), row.tag, row.until_us)


def tags_of(selection: Selection, live: Container[str], known: set[str], dead: set[str]) -> list[str]:
    """Returns the tags that a replay has a part for: the one that is named, else of `known` the live ones and the
    pipeline, and with `dead` those of the dead letters."""
    if selection.tag is not None:
        useful = selection.tag in live or selection.tag in dead or not selection.tag
        return [selection.tag] if useful else []
    return sorted(({""} | known | dead) if selection.which == "dead" else ({""} | known))


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with one item."""

    word: Word
    tag: str
    seq: int
    pos: int
    letter: DeadRow | None = None
    """The dead letter that stands for it."""
    event: EventRun | None = None
    run: TagRun | None = None
    version: int = 0
    """The version that made it."""


class Unanswered(Exception):
    """A hit on the way needs look-ups that are not recorded. Walk on from the last step once they are."""

    def __init__(self, seq: int, needs: Sequence[Lookup]) -> None:
        super().__init__(seq)
        self.seq, self.needs = seq, needs


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """All that one dead letter or one hit comes to."""

    place: int
    """The part's cursor after it."""
    decisions: tuple[Decision, ...] = ()
    lost: int = 0
    """Hits before it that the log no longer has."""
    logged: LoggedHit | None = None
    revived: tuple[EventRun, ...] = ()
    """Events of a hit that the pipeline had given up, which are to be noted as the consumer would have."""
    letter: DeadRow | None = None
    """The pipeline's dead letter that goes with them."""
