"""Changes of a draft as steps, so that a form, the API and the answer to a conflict all do the same thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from pydantic import BaseModel, Field

from admin_ui.call import Call
from admin_ui.drafts import writing
from admin_ui.pages.container_draft import remember
from admin_ui.pages.container_sections import SECTIONS
from runtime.containers import edits
from runtime.containers.files import Files
from runtime.containers.merge import Side
from runtime.containers.shape import validated
from runtime.containers.workspace import Kept, edit_workspace
from runtime.errors import ContainerInvalid, Problem
from runtime.model.container import Container


class Step(BaseModel, extra="forbid"):
    """One change."""

    do: Literal["set", "remove", "rename", "files"]
    path: list[str] = Field([], max_length=32)
    value: Any = None
    """set: what shall stand there."""
    name: str = ""
    """rename: what the part shall be called."""
    files: dict[str, str] = {}
    """files: all of them, in place of those before."""


class Change(BaseModel, extra="forbid"):
    """A change of a draft, with the revision that whoever makes it has seen."""

    steps: list[Step]
    started_from: int = Field(ge=1)
    note: str = Field("", max_length=500)


def set_part(section: str, id: str, value: Any) -> Step:
    """Returns the step that sets a part as a whole, or a place in it."""
    return Step(do="set", path=[section, *id.split(".")], value=value)


def applied(steps: Sequence[Step], files: Files) -> Files:
    """Returns files with changes made."""
    for step in steps:
        files = _applied(step, files)
    return files


def _applied(step: Step, files: Files) -> Files:
    if step.do == "files":
        return step.files
    if step.do == "remove":
        return edits.remove_part(files, step.path)
    if step.do == "rename" and len(step.path) == 2:
        return edits.rename_part(files, cast(edits.Kind, step.path[0]), step.path[1], step.name)
    _require_shape(step)
    return edits.set_part(files, step.path, step.value)


def _require_shape(step: Step) -> None:
    """Raises ContainerInvalid where a part, or a key of the container, has not the shape that its model has."""
    path = step.path
    if len(path) == 2 and path[0] in SECTIONS:
        problems = shape_problems(path[0], step.value)
    elif len(path) == 1 and path[0] not in SECTIONS:
        _, problems = validated(Container, {"container": "x", path[0]: step.value})
    else:
        return
    prefix = ".".join(path) if len(path) == 2 else ""
    if problems:
        raise ContainerInvalid([_under(prefix, problem) for problem in problems])


def shape_problems(section: str, part: Any) -> list[Problem]:
    """Returns what keeps a part from being one; paths begin in the part."""
    return validated(SECTIONS[section].model, part)[1]


def _under(prefix: str, problem: Problem) -> Problem:
    path = ".".join(filter(None, (prefix, problem.path)))
    return Problem(path, problem.message, problem.hint, severity=problem.severity)


def save(
    call: Call, name: str, change: Change, *, resolutions: Mapping[str, Side] | None = None, seen: int | None = None
) -> Kept:
    """Makes a change of a workspace, merged with what others have saved since the revision that it started from.

    MergeConflict and WorkspaceMoved as `save_workspace`; ContainerInvalid where a part has not its shape.
    """
    with writing(call) as (control, read):
        kept = edit_workspace(
            control, name, lambda files: applied(change.steps, files), read,
            started_from=change.started_from, note=change.note, resolutions=resolutions, seen=seen,
        )  # fmt: skip
        remember(call, kept.workspace, kept.files, kept.draft)
        return kept


def told(kept: Kept, what: str, part: str = "") -> str:
    """Returns what came of a save in one line; of its problems those of one part, or all."""
    found = [each for each in kept.draft.problems if not part or f"{each.path}.".startswith(f"{part}.")]
    errors = sum(each.severity == "error" for each in found)
    merged = f" It was merged with revision {kept.merged_with}." if kept.merged_with else ""
    many = f" {errors} {'problem is' if errors == 1 else 'problems are'} left." if errors else ""
    return f"{what}{merged}{many}"
