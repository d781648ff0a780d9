"""What a workspace is, as rows of the control database tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

State = Literal["open", "published", "discarded"]


class Revision(NamedTuple):
    """One save of a workspace, without its content."""

    number: int
    workspace: int
    source: str
    """Hash of the files."""
    snapshot: str | None
    """Hash of what it would run; None where it has errors, so that it cannot be previewed or published."""
    at: float
    """Unix seconds."""
    who: str
    note: str


@dataclass(frozen=True)
class Workspace:
    """A draft as it stands."""

    id: int
    name: str
    """Unique among those that are open."""
    base: int
    """The version that it is a draft of; 0 where nothing was published."""
    note: str
    created_at: float
    """Unix seconds."""
    state: State
    latest: Revision


class Saved(NamedTuple):
    """What a save stores."""

    source: bytes
    """The files."""
    snapshot: bytes | None
    """What they would run, where they have no errors."""


def workspace_of(row: Any) -> Workspace:
    """Returns the workspace of a row: its own columns, then those of its latest revision."""
    id, name, base, note, created_at, state, *latest = row
    return Workspace(id, name, base, note, created_at, state, Revision(*latest))
