"""What is live, and which drafts differ from it: what nobody may overlook who looks at figures."""

from __future__ import annotations

from typing import NamedTuple

from runtime.store.control import LIVE, Control, Environment, Version
from runtime.store.workspaces import Workspace


class Draft(NamedTuple):
    """An open workspace beside what is live."""

    workspace: Workspace
    differs: bool
    """Whether publishing it would change anything, as far as is known: one with errors differs."""
    is_behind: bool
    """Whether something else was published since it was begun."""


class Standing(NamedTuple):
    """The live version, other environments, and drafts."""

    live: Version | None
    environments: tuple[Environment, ...]
    drafts: tuple[Draft, ...]

    @property
    def differing(self) -> tuple[Draft, ...]:
        """The drafts that wait to be published."""
        return tuple(draft for draft in self.drafts if draft.differs)


def standing(control: Control) -> Standing:
    """Returns how things stand."""
    environments = tuple(control.environments())
    number = next((each.version for each in environments if each.name == LIVE), 0)
    live = next((version for version in control.versions() if version.number == number), None)
    drafts = tuple(_draft(workspace, live) for workspace in control.workspaces.list())
    return Standing(live, tuple(each for each in environments if each.name != LIVE), drafts)


def _draft(workspace: Workspace, live: Version | None) -> Draft:
    differs = live is None or workspace.latest.snapshot != live.hash
    return Draft(workspace, differs, workspace.base != (live.number if live else 0))
