"""Deleting parts, with what would lose them, and giving one another name wherever it is named."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.pages.container_conflict import save_or_ask
from admin_ui.pages.container_draft import Content, opened
from admin_ui.pages.container_edit import Change, Step, told
from admin_ui.pages.container_frame import frame, number_of
from admin_ui.pages.container_sections import SECTIONS, Section
from admin_ui.pages.parts_form import DELETE, NEW
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.text.references import is_id


def _ask(call: Call, section: Section) -> Response:
    """Shows what names the parts that are to be deleted."""
    draft = opened(call)
    ids = [id for id in dict.fromkeys(call.query.getlist("id")) if id in draft.content.parts(section.key)]
    if not ids:
        raise Refused(404, f"There is no such {section.one} in this draft.")
    losing = {id: losers(draft.content, section, id, ids) for id in ids}
    return call.page("container/delete.html", list=section, losing=losing, **frame(call, draft))


def losers(content: Content, section: Section, id: str, going: list[str]) -> list[str]:
    """Returns the parts that name a part and stay when it goes."""
    gone = {f"{section.key}.{each}" for each in going}
    return [user for user in content.users(f"{section.key}.{id}") if user not in gone]


def _delete(call: Call, section: Section) -> Response:
    ids = call.form.get("id", [])
    draft = opened(call, number_of(call, "revision"))
    steps = [Step(do="remove", path=[section.key, id]) for id in ids]
    if not steps:
        raise Refused(422, "Nothing is chosen.", "Choose parts in the list first.")
    back = f"/w/{call.params['workspace']}/{section.key}"
    change = Change(steps=steps, started_from=draft.revision)
    return save_or_ask(call, change, back, lambda kept: told(kept, f"Deleted: {', '.join(ids[:5])}."))


def _rename(call: Call, section: Section) -> Response:
    draft, old, new = opened(call, number_of(call, "revision")), call.params["id"], call.value("name")
    if not is_id(new) or new in (NEW, DELETE):
        raise Refused(
            422, f"`{new[:80]}` cannot be a name.", "A letter, then letters, digits, `_` and `-`; 64 at most."
        )
    step = Step(do="rename", path=[section.key, old], name=new)
    back = f"/w/{call.params['workspace']}/{section.key}/{new}"
    change = Change(steps=[step], started_from=draft.revision)
    return save_or_ask(call, change, back, lambda kept: told(kept, f"{old} is called {new} now, wherever it is named."))


def _for(section: Section) -> tuple[Entry, ...]:
    path = f"/w/{{workspace}}/{section.key}"
    return (
        Entry("GET", f"{path}/{DELETE}", partial(_ask, section=section)),
        Entry("POST", f"{path}/{DELETE}", partial(_delete, section=section), "editor"),
        Entry("POST", f"{path}/{{id}}/rename", partial(_rename, section=section), "editor"),
    )


ROUTES = tuple(entry for section in SECTIONS.values() for entry in _for(section))
