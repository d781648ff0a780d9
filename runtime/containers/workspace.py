"""Workspaces: drafts that several people edit at once, from the first save to the version that is made of them.

Every save names the revision that it started from. Where somebody saved meanwhile, both are merged and the result is
saved, or nothing is and each conflict is told; so no save ever undoes another one in passing. What another workspace
or a file made live is taken in by `take_in_live` before this one can be published. A draft may have errors: it is saved
all the same, and cannot be published.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from runtime.containers.draft import Draft
from runtime.containers.export import export
from runtime.containers.files import Files, decode_files, encode_files
from runtime.containers.merge import Resolutions, merge
from runtime.containers.snapshot import encode_snapshot
from runtime.containers.templates import BUILT_IN, load_templates
from runtime.containers.versions import read_version
from runtime.errors import MergeConflict, OperatorError, WorkspaceMoved
from runtime.store.control import LIVE, Control, Publishing
from runtime.store.workspaces import Saved, Workspace

Read: TypeAlias = Callable[[Files], Draft]
"""Reads and checks files: `draft.read_files` with what checks scripts, and the policy."""

TRIES = 100
"""Each try that fails means that somebody else's save went through."""


@dataclass(frozen=True)
class Kept:
    """A workspace after a save."""

    workspace: Workspace
    files: Files
    """What was saved: with a merge, more than what was given."""
    draft: Draft
    merged_with: int | None = None
    """The revision, or with `take_in_live` the version, that was merged into it."""


def create_workspace(
    control: Control, name: str, read: Read, *, base: int | None = None, files: Files | None = None, note: str = ""
) -> Kept:
    """Makes a workspace: a draft of the version `base`, by default of the live one, with its files or others."""
    live = control.live()
    base = (live[0] if live else 0) if base is None else base
    if base:
        control.version(base)  # One that does not exist is told.
    files = version_files(control, base) if files is None else files
    draft = read(files)
    return Kept(control.workspaces.create(name, _saved(files, draft), base=base, note=note), files, draft)


def workspace_files(control: Control, workspace: Workspace, revision: int | None = None) -> dict[str, str]:
    """Returns the files of a workspace as they are now, or were in one of its revisions."""
    number = workspace.latest.number if revision is None else revision
    if all(each.number != number for each in control.workspaces.revisions(workspace)):
        hint = f"`firsthand workspace revisions {workspace.name}` lists them."
        raise OperatorError(f"`{workspace.name}` has no revision {number}.", hint=hint)
    return decode_files(control.workspaces.source(number))


def save_workspace(
    control: Control,
    name: str,
    files: Files,
    read: Read,
    *,
    started_from: int,
    note: str = "",
    resolutions: Resolutions | None = None,
    seen: int | None = None,
) -> Kept:
    """Saves files that grew from the revision `started_from`; merges them where the workspace has moved on.

    MergeConflict lists what both changed; given again with a resolution for each, and as `seen` the revision whose side
    was theirs, it is saved. WorkspaceMoved where that one is no longer the latest: what was decided is out of date.
    """
    for _ in range(TRIES):
        workspace = control.workspaces.get(name)
        latest, merged = workspace.latest.number, dict(files)
        _require_seen(workspace, latest, seen, workspace.latest.who)
        base = workspace_files(control, workspace, started_from)
        if latest != started_from or resolutions:
            theirs = workspace_files(control, workspace)
            merged = _merged(base, files, theirs, resolutions, latest)
        draft = read(merged)
        try:
            now = control.workspaces.save(workspace, _saved(merged, draft), expected=latest, note=note)
        except WorkspaceMoved:
            continue
        return Kept(now, merged, draft, latest if latest != started_from else None)
    raise WorkspaceMoved(name, latest, workspace.latest.who)


def edit_workspace(
    control: Control,
    name: str,
    edit: Callable[[Files], Files],
    read: Read,
    *,
    started_from: int | None = None,
    note: str = "",
    resolutions: Resolutions | None = None,
    seen: int | None = None,
) -> Kept:
    """Saves what an edit makes of a revision, by default of the latest; otherwise as `save_workspace`."""
    workspace = control.workspaces.get(name)
    started_from = workspace.latest.number if started_from is None else started_from
    files = edit(workspace_files(control, workspace, started_from))
    return save_workspace(
        control, name, files, read, started_from=started_from, note=note, resolutions=resolutions, seen=seen
    )


def take_in_live(
    control: Control, name: str, read: Read, *, resolutions: Resolutions | None = None, seen: int | None = None
) -> Kept | None:
    """Merges the live version into a workspace that is a draft of another one, and makes it a draft of that.

    Returns None where it is one already. MergeConflict as with `save_workspace`; `seen` is the live version then.
    """
    for _ in range(TRIES):
        workspace = control.workspaces.get(name)
        live = control.live()
        if live is None or live[0] == workspace.base:
            return None
        _require_seen(workspace, live[0], seen, "somebody")
        base, theirs = _files_of_both(control, workspace.base, live[0])
        mine = workspace_files(control, workspace)
        merged = _merged(base, mine, theirs, resolutions, live[0])
        draft = read(merged)
        try:
            note = f"took in version {live[0]}"
            now = control.workspaces.save(
                workspace, _saved(merged, draft), expected=workspace.latest.number, note=note, base=live[0]
            )
        except WorkspaceMoved:
            continue
        return Kept(now, merged, draft, live[0])
    raise WorkspaceMoved(name, workspace.latest.number, workspace.latest.who)


def publish_workspace(
    control: Control,
    name: str,
    read: Read,
    *,
    revision: int | None = None,
    environment: str = LIVE,
    note: str = "",
    reason: str = "",
    keep_open: bool = False,
) -> int:
    """Makes a version of a workspace's latest revision, points the environment at it, and returns its number.

    `revision` is the one that was looked at: WorkspaceMoved where it is no longer the latest. Published to `live` the
    workspace is closed, unless it is kept open. OperatorError where live has moved, ContainerInvalid where the draft
    has errors. `reason` stands in the audit log: why it is published in spite of what a dry run showed.
    """
    workspace = control.workspaces.get(name)
    expected = workspace.latest.number if revision is None else revision
    source = control.workspaces.source(workspace.latest.number)
    snapshot = read(decode_files(source)).snapshot()
    note = note or workspace.note or f"from workspace {name}"
    what = Publishing(encode_snapshot(snapshot), snapshot.hash, note, source, environment)
    return control.workspaces.publish(workspace, what, expected=expected, keep_open=keep_open, reason=reason)


def version_files(control: Control, number: int) -> dict[str, str]:
    """Returns the files of a version: those that it was made of where they were kept, else what it exports.

    An export has no comments, examples or icons: a snapshot holds what runs. Of version 0 there are none.
    """
    source = control.source(number) if number else None
    return decode_files(source) if source is not None else _exported(control, number)


def _files_of_both(control: Control, one: int, other: int) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the files of two versions in one form, so that what an export leaves out does not count as removed."""
    if all(number == 0 or control.source(number) is not None for number in (one, other)):
        return version_files(control, one), version_files(control, other)
    return _exported(control, one), _exported(control, other)


def _exported(control: Control, number: int) -> dict[str, str]:
    return export(read_version(control, number), load_templates(BUILT_IN)).files if number else {}


def _merged(base: Files, mine: Files, theirs: Files, resolutions: Resolutions | None, number: int) -> dict[str, str]:
    merged = merge(base, mine, theirs, resolutions)
    if merged.conflicts:
        raise MergeConflict(merged.conflicts, number)
    return merged.files


def _require_seen(workspace: Workspace, theirs: int, seen: int | None, who: str) -> None:
    if seen is not None and seen != theirs:
        raise WorkspaceMoved(workspace.name, theirs, who)


def _saved(files: Files, draft: Draft) -> Saved:
    return Saved(encode_files(files), encode_snapshot(draft.snapshot()) if draft.valid else None)
