"""The templates that a draft may use, for programs and for choosing one: manifests and icons."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.pages.container_draft import Content, built_in, opened
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.containers.check_scripts import OWN
from runtime.containers.templates import BUILT_IN, Templates
from runtime.model.manifest import KIND_FOLDERS, Kind
from runtime.model.snapshot import Template

Row = dict[str, Any]
_ICON = {
    "Content-Type": "image/svg+xml",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": "private, max-age=300",
}
_NO_ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"/>'


class TemplatesAsked(BaseModel):
    """Which templates to list."""

    q: str = Field("", max_length=200, description="Stands in name, summary or id.")
    kind: Kind | None = None


class TemplateRow(BaseModel):
    """A template in a list."""

    id: str
    kind: Kind
    name: str
    summary: str
    version: int
    own: bool = Field(description="Whether it lies in the draft, and does not come with Firsthand.")
    used_by: list[str] = Field(description="The parts that use it: `tags.meta`.")


class TemplatesShown(BaseModel):
    """Templates by kind and id."""

    rows: list[TemplateRow]


class ManifestsShown(BaseModel):
    """The manifests of the templates that come with Firsthand."""

    rows: list[Row]


def rows(templates: Templates, content: Content | None, asked: TemplatesAsked) -> list[TemplateRow]:
    """Returns the templates that were asked for, own ones first."""
    found = [_row(template, content) for _, template in sorted(templates.by_key.items()) if _is_asked(template, asked)]
    return sorted(found, key=lambda row: not row.own)


def _row(template: Template, content: Content | None) -> TemplateRow:
    manifest = template.manifest
    return TemplateRow(
        id=manifest.id, kind=manifest.kind, name=manifest.name, summary=manifest.summary, version=manifest.version,
        own=template.key not in built_in().by_key,
        used_by=content.users(f"templates.{template.key}") if content else [],
    )  # fmt: skip


def _is_asked(template: Template, asked: TemplatesAsked) -> bool:
    manifest = template.manifest
    text = f"{manifest.id} {manifest.name} {manifest.summary}".lower()
    return asked.kind in (None, manifest.kind) and all(word in text for word in asked.q.lower().split())


def _list_data(call: Call) -> Response:
    draft = opened(call)
    found = rows(draft.content.templates, draft.content, call.asked(TemplatesAsked))
    return call.data(TemplatesShown(rows=found).model_dump())


def _manifests(call: Call) -> Response:
    asked = call.asked(TemplatesAsked)
    found = [each for _, each in sorted(built_in().by_key.items()) if _is_asked(each, asked)]
    return call.data({"rows": [_manifest(each) for each in found]})


def _manifest(template: Template) -> Row:
    return template.manifest.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _manifest_data(call: Call) -> Response:
    key = f"{call.params['kind']}/{call.params['id']}"
    template = built_in().by_key.get(key)
    if template is None:
        raise Refused(404, f"There is no template {key[:120]}.")
    return call.data(_manifest(template))


def _icon(call: Call) -> Response:
    """Returns a template's picture. It may be somebody's own: it runs nothing, also when it is opened by itself."""
    kind, id = call.params["kind"], call.params["id"]
    folder = next((folder for name, folder in KIND_FOLDERS.items() if name == kind), None)
    if folder is None:
        raise Refused(404, "There is no such template.")
    if built_in().get(kind, id):
        path = BUILT_IN / folder / id / "icon.svg"
        return Response(path.read_bytes() if path.is_file() else _NO_ICON, headers=_ICON)
    icon = opened(call).content.files.get(f"{OWN}/{folder}/{id}/icon.svg", _NO_ICON)
    return Response(icon, headers=_ICON)


ROUTES = (
    Entry("GET", "/w/{workspace}/icons/{kind}/{id}", _icon),
    Entry(
        "GET", "/api/v1/workspaces/{workspace}/templates", _list_data, query=TemplatesAsked, gives=TemplatesShown,
        summary="The templates that a draft may use, and what uses them.",
    ),
    Entry(
        "GET", "/api/v1/templates", _manifests, query=TemplatesAsked, gives=ManifestsShown,
        summary="The manifests of the templates that come with Firsthand.",
    ),
    Entry("GET", "/api/v1/templates/{kind}/{id}", _manifest_data, summary="One manifest of them.", gives=Row),
)  # fmt: skip
