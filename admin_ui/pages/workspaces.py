"""Workspaces as wholes: begun, named, noted, taken back to an earlier save, discarded."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.drafts import writing
from admin_ui.pages.container_conflict import save_or_ask
from admin_ui.pages.container_draft import open_at, remember
from admin_ui.pages.container_edit import Change, Step, told
from admin_ui.pages.container_frame import number_of
from admin_ui.pages.parts_api import DryRun, change, etag
from admin_ui.refusals import Refused, problem_data
from admin_ui.routes import Entry
from runtime.containers.workspace import create_workspace, workspace_files
from runtime.explain.standing import standing
from runtime.store.control import Control
from runtime.store.workspaces import Workspace

Row = dict[str, Any]


class WorkspaceShown(BaseModel):
    """An open workspace."""

    name: str
    base: int = Field(description="The version that it is a draft of; 0 for none.")
    revision: int
    note: str
    created_at: float = Field(description="Unix seconds.")
    saved_at: float = Field(description="Unix seconds.")
    who: str = Field(description="Who saved it last.")
    differs: bool = Field(description="Whether publishing it would change anything.")
    is_behind: bool = Field(description="Whether another version went live since it was begun.")
    problems: list[dict[str, str]]


class WorkspacesShown(BaseModel):
    """The open workspaces by name."""

    rows: list[WorkspaceShown]


class WorkspaceAsked(BaseModel, extra="forbid"):
    """A workspace to begin."""

    name: str = Field(min_length=1, max_length=64)
    base: int | None = Field(None, ge=0, description="The version to begin with; left out: the live one.")
    note: str = Field("", max_length=2000)
    files: dict[str, str] | None = Field(None, description="Files to begin with, in place of the version's.")


class WorkspacePatch(BaseModel, extra="forbid"):
    """What is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=64)
    note: str | None = Field(None, max_length=2000)


class RevisionShown(BaseModel):
    """One save of a workspace."""

    revision: int
    saved_at: float = Field(description="Unix seconds.")
    who: str
    note: str
    valid: bool = Field(description="Whether it could be published.")


class RevisionsShown(BaseModel):
    """The saves of a workspace, the newest first."""

    rows: list[RevisionShown]


def _shown(call: Call, control: Control, workspace: Workspace) -> WorkspaceShown:
    draft = next(each for each in standing(control).drafts if each.workspace.id == workspace.id)
    latest, found = workspace.latest, open_at(call, control, workspace).content.draft.problems
    return WorkspaceShown(
        name=workspace.name, base=workspace.base, revision=latest.number, note=workspace.note,
        created_at=workspace.created_at, saved_at=latest.at, who=latest.who, differs=draft.differs,
        is_behind=draft.is_behind, problems=[problem_data(problem) for problem in found],
    )  # fmt: skip


def _list_data(call: Call) -> Response:
    with call.admin.read() as control:
        rows = [_shown(call, control, workspace) for workspace in control.workspaces.list()]
    return call.data(WorkspacesShown(rows=rows).model_dump())


def _show_data(call: Call) -> Response:
    with call.admin.read() as control:
        shown = _shown(call, control, control.workspaces.get(call.params["workspace"]))
    return call.data(shown.model_dump(), headers=etag(shown.revision))


def _create(call: Call, asked: WorkspaceAsked) -> WorkspaceShown:
    with writing(call) as (control, read):
        kept = create_workspace(control, asked.name, read, base=asked.base, files=asked.files, note=asked.note)
        content = remember(call, kept.workspace, kept.files, kept.draft)
        now, live = kept.workspace, control.live()
        return WorkspaceShown(
            name=now.name, base=now.base, revision=now.latest.number, note=now.note, created_at=now.created_at,
            saved_at=now.latest.at, who=now.latest.who, is_behind=now.base != (live[0] if live else 0),
            differs=asked.files is not None or live is None or now.base != live[0],
            problems=[problem_data(problem) for problem in content.draft.problems],
        )  # fmt: skip


def _create_form(call: Call) -> Response:
    given: Row = {"name": call.value("name"), "note": call.value("note")}
    with call.admin.control(call.me.name) as control:
        is_first = control.live() is None
    if is_first:
        given["files"] = {"container.yaml": f"container: {call.value('name')}\n"}
    made = _create(call, call.checked(WorkspaceAsked, given))
    return call.go(f"/w/{made.name}", done=f"The workspace {made.name} is open.")


def _create_data(call: Call) -> Response:
    call.asked(DryRun)
    made = _create(call, call.sent(WorkspaceAsked))
    return call.data(made.model_dump(), status=201, headers=etag(made.revision))


def _rename(call: Call, given: WorkspacePatch) -> Workspace:
    with writing(call) as (control, _):
        workspace = control.workspaces.get(call.params["workspace"])
        return control.workspaces.rename(workspace, given.name or workspace.name, given.note)


def _rename_form(call: Call) -> Response:
    given = {"name": call.value("name") or None, "note": call.value("note")}
    now = _rename(call, call.checked(WorkspacePatch, given))
    return call.go(f"/w/{now.name}", done="Saved.")


def _patch_data(call: Call) -> Response:
    call.asked(DryRun)
    now = _rename(call, call.sent(WorkspacePatch))
    told = {"name": now.name, "note": now.note, "revision": now.latest.number}
    return call.data(told, headers=etag(now.latest.number))


def _discard(call: Call) -> None:
    with writing(call) as (control, _):
        control.workspaces.discard(control.workspaces.get(call.params["workspace"]))


def _discard_form(call: Call) -> Response:
    name = call.params["workspace"]
    if call.value("sure") != "yes":
        raise Refused(422, "Nothing was discarded.", "Say that you are sure.")
    _discard(call)
    return call.go("/container", all="1", done=f"The workspace {name} is discarded. Its history stays.")


def _discard_data(call: Call) -> Response:
    call.asked(DryRun)
    _discard(call)
    return Response(status_code=204)


def _revisions_data(call: Call) -> Response:
    with call.admin.read() as control:
        found = control.workspaces.revisions(control.workspaces.get(call.params["workspace"]))
    rows = [
        RevisionShown(
            revision=each.number, saved_at=each.at, who=each.who, note=each.note, valid=each.snapshot is not None
        )
        for each in found
    ]
    return call.data(RevisionsShown(rows=rows).model_dump())


class RestoreAsked(BaseModel, extra="forbid"):
    """An earlier save to go back to."""

    revision: int = Field(ge=1)


def _restoring(call: Call, revision: int) -> tuple[Step, int]:
    """Returns the step that takes a draft back, and the revision that it has now."""
    with call.admin.read() as control:
        workspace = control.workspaces.get(call.params["workspace"])
        files = workspace_files(control, workspace, revision)
    return Step(do="files", files=files), workspace.latest.number


def _restore_form(call: Call) -> Response:
    revision = number_of(call, "to") or 0
    step, latest = _restoring(call, revision)
    sent = Change(steps=[step], started_from=latest, note=f"back to revision {revision}")
    back = f"/w/{call.params['workspace']}"
    return save_or_ask(call, sent, back, lambda kept: told(kept, f"The draft is as it was in revision {revision}."))


def _restore_data(call: Call) -> Response:
    revision = call.sent(RestoreAsked).revision
    return change(call, _restoring(call, revision)[0], note=f"back to revision {revision}")


ROUTES = (
    Entry("POST", "/container", _create_form, "editor"),
    Entry("POST", "/w/{workspace}/rename", _rename_form, "editor"),
    Entry("POST", "/w/{workspace}/restore", _restore_form, "editor"),
    Entry("POST", "/w/{workspace}/discard", _discard_form, "editor"),
    Entry("GET", "/api/v1/workspaces", _list_data, summary="The open workspaces.", gives=WorkspacesShown),
    Entry(
        "POST", "/api/v1/workspaces", _create_data, "editor", query=DryRun, takes=WorkspaceAsked, gives=WorkspaceShown,
        status=201, summary="Begins a workspace: a draft of the live version, or of another one.",
    ),
    Entry("GET", "/api/v1/workspaces/{workspace}", _show_data, summary="One workspace.", gives=WorkspaceShown),
    Entry(
        "PATCH", "/api/v1/workspaces/{workspace}", _patch_data, "editor", query=DryRun, takes=WorkspacePatch,
        gives=Row, summary="Gives a workspace another name or note.",
    ),
    Entry(
        "DELETE", "/api/v1/workspaces/{workspace}", _discard_data, "editor", query=DryRun, status=204,
        summary="Closes a workspace without publishing it. Its revisions stay in the history.",
    ),
    Entry(
        "GET", "/api/v1/workspaces/{workspace}/revisions", _revisions_data, gives=RevisionsShown,
        summary="The saves of a workspace, the newest first.",
    ),
    Entry(
        "POST", "/api/v1/workspaces/{workspace}/restore", _restore_data, "editor", query=DryRun, takes=RestoreAsked,
        gives=Row, summary="Takes a draft back to an earlier save, as a new one.",
    ),
)  # fmt: skip
