"""The lists of a draft's parts: search, filters, and what is done to many of them at once."""

from __future__ import annotations

from functools import partial

from pydantic import BaseModel
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.pages.container_conflict import save_or_ask
from admin_ui.pages.container_draft import Content, opened
from admin_ui.pages.container_edit import Change, Step, set_part, told
from admin_ui.pages.container_frame import frame, number_of
from admin_ui.pages.container_sections import SECTIONS, Section
from admin_ui.pages.parts_rows import PartRow, PartsAsked, rows
from admin_ui.refusals import Refused
from admin_ui.routes import Entry

_MANY = 200
"""Parts that one form may name."""


class PartsShown(BaseModel):
    """The parts of a section, and the revision that they are of."""

    revision: int
    rows: list[PartRow]


def _list(call: Call, section: Section) -> Response:
    draft, asked = opened(call), call.asked(PartsAsked)
    found = rows(draft.content, section, asked)
    template = "container/_rows.html" if call.is_partial else "container/list.html"
    return call.page(
        template, list=section, rows=found, asked=asked, total=len(draft.content.parts(section.key)),
        folders=sorted(draft.content.parts("folders")), templates=_templates(draft.content, section),
        **frame(call, draft),
    )  # fmt: skip


def _templates(content: Content, section: Section) -> dict[str, str]:
    """Returns the templates that parts of a section use: id and name."""
    used = {part["template"] for part in content.parts(section.key).values() if isinstance(part.get("template"), str)}
    found = {id: content.templates.get(section.kind or "", id) for id in sorted(used)}
    return {id: template.manifest.name if template else id for id, template in found.items()}


def _list_data(call: Call, section: Section) -> Response:
    draft = opened(call)
    found = rows(draft.content, section, call.asked(PartsAsked))
    shown = PartsShown(revision=draft.revision, rows=found)
    return call.data(shown.model_dump(), headers={"ETag": f'"{draft.revision}"'})


def _change_many(call: Call, section: Section) -> Response:
    """Does what a button of the list says to the parts that are chosen in it."""
    ids = call.form.get("id", [])[:_MANY]
    if not ids:
        raise Refused(422, "Nothing is chosen.", "Choose parts in the list first.")
    did = call.value("do")
    if did == "delete":
        listed = "&".join(f"id={id}" for id in ids if id.isprintable() and "&" not in id)
        return call.go(f"/w/{call.params['workspace']}/{section.key}/delete?{listed}")
    draft = opened(call, number_of(call, "revision"))
    steps = [step for id in ids if (step := _step(section, draft.content, id, did))]
    change = Change(steps=steps, started_from=draft.revision)
    back = f"/w/{call.params['workspace']}/{section.key}"
    if call.value("at") == "part" and len(steps) == 1:
        back = f"{back}/{steps[0].path[1]}"
    return save_or_ask(call, change, back, lambda kept: told(kept, f"{_DONE[did]}: {', '.join(ids[:5])}."))


_DONE = {
    "pause": "Paused", "resume": "Resumed", "dry_run": "Dry run on", "send": "Dry run off", "copy": "Copied",
}  # fmt: skip


def _step(section: Section, content: Content, id: str, did: str) -> Step | None:
    """Returns the step of one part; None where it is so already."""
    part = content.parts(section.key).get(id)
    if part is None:
        raise Refused(404, f"There is no {section.one} {id[:80]}.")
    if did == "copy":
        return set_part(section.key, free_name(content, section, id), part)
    if did not in _DONE or not section.can_pause:
        raise Refused(422, "This cannot be done to these parts.")
    key = "paused" if did in ("pause", "resume") else "dry_run"
    wanted = did in ("pause", "dry_run")
    if wanted:
        return set_part(section.key, f"{id}.{key}", True)
    return Step(do="remove", path=[section.key, id, key]) if key in part else None


def free_name(content: Content, section: Section, id: str) -> str:
    """Returns a name for a copy of a part that no other part has."""
    taken, stem = content.parts(section.key), id[:55]
    names = (f"{stem}-copy{number or ''}" for number in range(len(taken) + 1))
    return next(name for name in names if name not in taken)


def _for(section: Section) -> tuple[Entry, ...]:
    path = f"/w/{{workspace}}/{section.key}"
    return (
        Entry("GET", path, partial(_list, section=section)),
        Entry("POST", path, partial(_change_many, section=section), "editor"),
        Entry(
            "GET", f"/api/v1/workspaces/{{workspace}}/{section.key}", partial(_list_data, section=section),
            summary=f"The {section.title.lower()} of a draft.", query=PartsAsked, gives=PartsShown,
        ),
    )  # fmt: skip


ROUTES = tuple(entry for section in SECTIONS.values() for entry in _for(section))
