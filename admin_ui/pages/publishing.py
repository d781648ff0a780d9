"""From a draft to a version: what it changes, what it would do with the last hits, and publishing it.

The dry run is the command line's, in a process of its own: a draft's scripts may hang.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.aside import run_aside
from admin_ui.call import Call
from admin_ui.drafts import writing
from admin_ui.pages.container_draft import open_at
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.containers.diff import Changes
from runtime.containers.file_changes import compare_files
from runtime.containers.versions import require_environment
from runtime.containers.workspace import publish_workspace, version_files, workspace_files
from runtime.store.control import LIVE, Control
from runtime.store.workspaces import Workspace

Row = dict[str, Any]


class PublishAsked(BaseModel, extra="forbid"):
    """Publishing a draft."""

    revision: int | None = Field(
        None, ge=1, description="The one that was looked at: refused where it is not the latest."
    )
    environment: str = LIVE
    note: str = Field("", max_length=2000)
    despite: str = Field("", max_length=500, description="Why it is published although it brings new errors.")
    keep_open: bool = False


class Published(BaseModel):
    """What came of it."""

    version: int
    environment: str


def _changes(call: Call) -> Response:
    with call.admin.read() as control:
        workspace = control.workspaces.get(call.params["workspace"])
        changes = _against_base(control, workspace)
        live = control.live()
        environments = [each.name for each in control.environments()] or [LIVE]
        draft = open_at(call, control, workspace).content.draft
    return call.page(
        "versions/changes.html", section="container", workspace=workspace, changes=changes, draft=draft,
        environments=environments, is_behind=(live[0] if live else 0) != workspace.base, found=None,
    )  # fmt: skip


def _against_base(control: Control, workspace: Workspace) -> Changes:
    before = version_files(control, workspace.base) if workspace.base else {}
    return Changes(compare_files(before, workspace_files(control, workspace)))


def _diff_data(call: Call) -> Response:
    with call.admin.read() as control:
        workspace = control.workspaces.get(call.params["workspace"])
        content = _against_base(control, workspace).as_dict()
    return call.data({"base": workspace.base, "revision": workspace.latest.number, **content})


def dry_run_of(call: Call, name: str) -> Row:
    """Returns the dry run of a workspace's latest revision; empty where no hit is stored to run."""
    with call.admin.read() as control:
        control.workspaces.get(name)  # One that does not exist is told in our own words.
        if control.live() is None:
            return {}
    found: Row = run_aside(call.admin.data_dir, "container", "dry-run", f"workspace:{name}", "--json")
    return found


def _dry_run(call: Call) -> Response:
    name = call.params["workspace"]
    return call.page("versions/dry_run.html", section="container", name=name, found=dry_run_of(call, name))


def _dry_run_data(call: Call) -> Response:
    return call.data(dry_run_of(call, call.params["workspace"]))


def _publish(call: Call, asked: PublishAsked) -> int:
    name = call.params["workspace"]
    with writing(call) as (control, read):
        require_environment(control, asked.environment)
        workspace = control.workspaces.get(name)
        expected = asked.revision or workspace.latest.number
        control.workspaces.require_publishable(workspace, expected, asked.environment)
        read(workspace_files(control, workspace)).snapshot()  # Its problems are told before anything runs.
        found = dry_run_of(call, name) if asked.environment == LIVE else {}
        if found.get("blocks") and not asked.despite:
            raise Refused(409, "Not published: this draft brings new errors.", "; ".join(found["blocks"])[:1000])
        return publish_workspace(
            control, name, read, revision=expected, environment=asked.environment, note=asked.note,
            reason=asked.despite if found.get("blocks") else "", keep_open=asked.keep_open,
        )  # fmt: skip


def _publish_form(call: Call) -> Response:
    given: Row = {name: call.value(name) for name in ("environment", "note", "despite") if call.value(name)}
    given |= {"revision": call.value("revision") or None, "keep_open": bool(call.value("keep_open"))}
    asked = call.checked(PublishAsked, given)
    number = _publish(call, asked)
    done = f"Version {number} runs in {asked.environment}; all processes follow within a second."
    return call.go("/versions", done=done)


def _publish_data(call: Call) -> Response:
    asked = call.sent(PublishAsked)
    return call.data({"version": _publish(call, asked), "environment": asked.environment})


ROUTES = (
    Entry("GET", "/w/{workspace}/changes", _changes),
    Entry("POST", "/w/{workspace}/dry-run", _dry_run),
    Entry("POST", "/w/{workspace}/publish", _publish_form, "publisher"),
    Entry(
        "GET", "/api/v1/workspaces/{workspace}/diff", _diff_data, gives=Row,
        summary="What a draft changes against the version that it is a draft of.",
    ),
    Entry(
        "POST", "/api/v1/workspaces/{workspace}/dry-run", _dry_run_data, gives=Row,
        summary="The last stored hits through the draft and the live version: what would differ. Nothing is sent.",
    ),
    Entry(
        "POST", "/api/v1/workspaces/{workspace}/publish", _publish_data, "publisher", takes=PublishAsked,
        gives=Published, summary="Makes a version of a draft, and an environment run it, after a dry run.",
    ),
)  # fmt: skip
