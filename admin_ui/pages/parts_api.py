"""Parts of a draft for programs: each with the revision that it was read at, so that no change undoes another one.

`If-Match` names the revision that a change was made of. What others saved since is merged; where both changed the same
place the answer is 412, with what is there now. Without it a change is made of the latest revision.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.drafts import is_rehearsal
from admin_ui.pages.container_draft import Content, open_at, opened
from admin_ui.pages.container_edit import Change, Step, save, set_part
from admin_ui.pages.container_sections import SECTIONS, Section
from admin_ui.refusals import Refused, problem_data
from admin_ui.routes import Entry
from runtime.containers.workspace import Kept
from runtime.errors import MergeConflict
from runtime.store.workspaces import Workspace
from runtime.text.references import is_id

Row = dict[str, Any]
_TAG = re.compile(r'(?:W/)?"?([0-9]{1,15})"?')


class DryRun(BaseModel, extra="forbid"):
    """Whether anything shall be stored."""

    dry_run: bool = Field(False, description="Check it, answer as if it were done, and store nothing.")


class PartShown(BaseModel):
    """A part of a draft."""

    revision: int
    id: str
    part: Row = Field(description="As container.yaml has it.")
    problems: list[dict[str, str]] = Field(description="What is wrong with it, or probably not meant.")
    used_by: list[str] = Field(description="The parts that name it: `tags.meta`.")


class PartSaved(BaseModel):
    """What came of a change."""

    revision: int
    saved: bool = Field(description="False where it was a dry run.")
    merged_with: int | None = Field(description="The revision of somebody else that it was merged with.")
    problems: list[dict[str, str]] = Field(description="Of the whole draft. With an error it cannot be published.")


class RenameAsked(BaseModel, extra="forbid"):
    """Another name for a part, wherever it is named."""

    section: Literal["clients", "tags", "triggers", "variables", "transformations", "schemas", "folders"]
    id: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=64)


def if_match(call: Call, workspace: Workspace) -> int:
    """Returns the revision that a change was made of: what If-Match names, by default the latest."""
    text = call.request.headers.get("if-match", "*").strip()
    if text == "*":
        return workspace.latest.number
    found = _TAG.fullmatch(text)
    if found is None:
        raise Refused(400, "If-Match is no revision.", 'Send the ETag of what was read: If-Match: "12".')
    return int(found[1])


def change(call: Call, *steps: Step, note: str = "") -> Response:
    """Makes a change, and tells what came of it."""
    call.asked(DryRun)
    name = call.params["workspace"]
    with call.admin.read() as control:
        workspace = control.workspaces.get(name)
        started_from = if_match(call, workspace)
        known = {revision.number for revision in control.workspaces.revisions(workspace)}
    if started_from not in known:
        return _moved(call, f"`{name}` has no revision {started_from}.", [], workspace, steps)
    try:
        kept = save(call, name, Change(steps=list(steps), started_from=started_from, note=note))
    except MergeConflict as error:
        conflicts = [conflict.as_dict() for conflict in error.conflicts]
        return _moved(call, error.message.strip(), conflicts, workspace, steps)
    return call.data(saved(call, kept).model_dump(), headers=etag(kept.workspace.latest.number))


def saved(call: Call, kept: Kept) -> PartSaved:
    """Returns what came of a save, as programs read it."""
    return PartSaved(
        revision=kept.workspace.latest.number, saved=not is_rehearsal(call), merged_with=kept.merged_with,
        problems=[problem_data(problem) for problem in kept.draft.problems],
    )  # fmt: skip


def etag(revision: int) -> dict[str, str]:
    """Returns the header that names a revision."""
    return {"ETag": f'"{revision}"'}


def _moved(call: Call, message: str, conflicts: list[Row], workspace: Workspace, steps: tuple[Step, ...]) -> Response:
    """Says that a change was made of what is there no more, and what is there now."""
    with call.admin.read() as control:
        now = open_at(call, control, control.workspaces.get(workspace.name))
    told = {"error": message, "hint": "Read it again, and change what is there now.", "problems": []}
    current = {".".join(step.path): _at(now.content, step.path) for step in steps if step.path}
    found = {**told, "conflicts": conflicts, "revision": now.revision, "current": current}
    return call.data(found, status=412, headers=etag(now.revision))


def _at(content: Content, path: list[str]) -> Any:
    found: Any = content.data
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _show(call: Call, section: Section) -> Response:
    draft, id = opened(call), call.params["id"]
    parts, name = draft.content.parts(section.key), f"{section.key}.{id}"
    if id not in parts:
        raise Refused(404, f"There is no {section.one} {id[:80]} in this draft.")
    problems = [problem_data(problem) for problem in draft.content.problems.get(name, ())]
    used_by = draft.content.users(name)
    shown = PartShown(revision=draft.revision, id=id, part=parts[id], problems=problems, used_by=used_by)
    return call.data(shown.model_dump(), headers=etag(draft.revision))


def _put(call: Call, section: Section) -> Response:
    try:
        part = orjson.loads(call.body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"The body is no JSON: {error}.") from None
    if not is_id(call.params["id"]):
        raise Refused(422, f"`{call.params['id'][:80]}` cannot be a name.", "A letter, then letters, digits, `_`, `-`.")
    return change(call, set_part(section.key, call.params["id"], part))


def _remove(call: Call, section: Section) -> Response:
    return change(call, Step(do="remove", path=[section.key, call.params["id"]]))


def _rename(call: Call) -> Response:
    asked = call.sent(RenameAsked)
    return change(call, Step(do="rename", path=[asked.section, asked.id], name=asked.name))


def _for(section: Section) -> tuple[Entry, ...]:
    path = f"/api/v1/workspaces/{{workspace}}/{section.key}/{{id}}"
    return (
        Entry("GET", path, partial(_show, section=section), summary=f"One {section.one} of a draft.", gives=PartShown),
        Entry(
            "PUT", path, partial(_put, section=section), "editor", query=DryRun, takes=section.model, gives=PartSaved,
            summary=f"Adds a {section.one} to a draft, or changes it as a whole. If-Match names the revision.",
        ),
        Entry(
            "DELETE", path, partial(_remove, section=section), "editor", query=DryRun, gives=PartSaved,
            summary=f"Removes a {section.one} from a draft, also where others name it. If-Match names the revision.",
        ),
    )  # fmt: skip


ROUTES = (
    *(entry for section in SECTIONS.values() for entry in _for(section)),
    Entry(
        "POST", "/api/v1/workspaces/{workspace}/rename", _rename, "editor", query=DryRun, takes=RenameAsked,
        gives=PartSaved, summary="Gives a part another name, wherever it is named. If-Match names the revision.",
    ),
)  # fmt: skip
