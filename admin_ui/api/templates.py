"""A draft's own templates for programs: read, written and removed as files."""

from __future__ import annotations

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.pages.container_draft import open_at
from admin_ui.pages.container_edit import Step
from admin_ui.pages.parts_api import DryRun, PartSaved, change, etag, if_match
from admin_ui.pages.template_asking import require_harmless
from admin_ui.pages.template_files import OpenTemplate, open_template
from admin_ui.refusals import Refused, problem_data
from admin_ui.routes import Entry
from runtime.containers.own_templates import Name, built_in_files, named, own_files
from runtime.errors import OperatorError


class TemplateShown(BaseModel):
    """A template as files."""

    revision: int
    kind: str
    id: str
    own: bool
    files: dict[str, str] = Field(description="Text by path in its folder: manifest.yaml, destination.lua, …")
    problems: list[dict[str, str]]
    used_by: list[str]


class TemplateGiven(BaseModel, extra="forbid"):
    """All files of an own template, in place of those before."""

    files: dict[str, str] = Field(min_length=1)
    note: str = Field("", max_length=500)


def _show(call: Call) -> Response:
    template = open_template(call)
    revision = template.draft.revision
    shown = TemplateShown(
        revision=revision, kind=template.name.kind, id=template.name.id, own=template.is_own,
        files=dict(template.files), problems=[problem_data(problem) for problem in template.problems],
        used_by=template.instances,
    )  # fmt: skip
    return call.data(shown.model_dump(), headers=etag(revision))


def _put(call: Call) -> Response:
    name, given = named(call.params["kind"], call.params["id"]), call.sent(TemplateGiven)
    if built_in_files(name):
        raise Refused(409, f"The {name.kind} template `{name.id}` comes with Firsthand.", "Choose another id.")
    template = _at_if_match(call, name)
    require_harmless(call, template, given.files)
    step = Step(do="files", files=dict(template.draft_files(given.files)))
    return change(call, step, note=given.note)


def _delete(call: Call) -> Response:
    name = named(call.params["kind"], call.params["id"])
    template = _at_if_match(call, name)
    if not template.files:
        raise OperatorError(f"The draft has no {name.kind} template `{name.id}` of its own.", hint="See the list.")
    if template.instances:
        raise Refused(409, f"{name.key} is used by {', '.join(template.instances)}.", "Remove those first.")
    return change(call, Step(do="files", files=dict(template.draft_files({}))))


def _at_if_match(call: Call, name: Name) -> OpenTemplate:
    """Returns the own template, which need not be there, at the revision that the change was made of."""
    with call.admin.read() as control:
        workspace = control.workspaces.get(call.params["workspace"])
        revision = if_match(call, workspace)
        known = {each.number for each in control.workspaces.revisions(workspace)}
        draft = open_at(call, control, workspace, revision if revision in known else None)
    return OpenTemplate(draft, name, True, own_files(draft.content.files, name))


_ONE = "/api/v1/workspaces/{workspace}/templates/{kind}/{id}"
ROUTES = (
    Entry("GET", _ONE, _show, gives=TemplateShown, summary="A template as files."),
    Entry(
        "PUT", _ONE, _put, "editor", query=DryRun, takes=TemplateGiven, gives=PartSaved,
        summary="Makes or replaces an own template of a draft.",
    ),
    Entry(
        "DELETE", _ONE, _delete, "editor", query=DryRun, gives=PartSaved,
        summary="Removes an own template that nothing uses.",
    ),
)  # fmt: skip
