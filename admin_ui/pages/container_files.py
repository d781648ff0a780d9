"""A draft as its files: container.yaml as text, also where it cannot be read, and all files for programs."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.forms_input import first
from admin_ui.pages.container_conflict import save_or_ask
from admin_ui.pages.container_draft import opened
from admin_ui.pages.container_edit import Change, Step, told
from admin_ui.pages.container_frame import frame, number_of
from admin_ui.pages.parts_api import DryRun, PartSaved, change, etag
from admin_ui.routes import Entry
from runtime.containers.export import CONTAINER

Row = dict[str, Any]


class FilesShown(BaseModel):
    """All files of a draft."""

    revision: int
    files: dict[str, str] = Field(description="Text by path: container.yaml, and what lies in templates/.")


class FilesGiven(BaseModel, extra="forbid"):
    """All files of a draft, in place of those before."""

    files: dict[str, str]


def _page(call: Call) -> Response:
    draft = opened(call)
    others = sorted(path for path in draft.content.files if path != CONTAINER)
    text = draft.content.files[CONTAINER]
    return call.page("container/file.html", text=text, others=others, **frame(call, draft))


def _save(call: Call) -> Response:
    draft = opened(call, number_of(call, "revision"))
    step = Step(do="files", files={**draft.content.files, CONTAINER: first(call.form, "text")})
    sent = Change(steps=[step], started_from=draft.revision)
    back = f"/w/{call.params['workspace']}/file"
    return save_or_ask(call, sent, back, lambda kept: told(kept, "Saved."))


def _show_data(call: Call) -> Response:
    draft = opened(call)
    shown = FilesShown(revision=draft.revision, files=dict(draft.content.files))
    return call.data(shown.model_dump(), headers=etag(draft.revision))


def _put_data(call: Call) -> Response:
    return change(call, Step(do="files", files=call.sent(FilesGiven).files))


ROUTES = (
    Entry("GET", "/w/{workspace}/file", _page),
    Entry("POST", "/w/{workspace}/file", _save, "editor"),
    Entry("GET", "/api/v1/workspaces/{workspace}/files", _show_data, summary="A draft's files.", gives=FilesShown),
    Entry(
        "PUT", "/api/v1/workspaces/{workspace}/files", _put_data, "editor", query=DryRun, takes=FilesGiven,
        gives=PartSaved, summary="Saves all files of a draft. If-Match names the revision that they were made of.",
    ),
)  # fmt: skip
