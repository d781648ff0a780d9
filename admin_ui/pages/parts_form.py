"""The page of one part: a form made of its template's manifest and its section's options."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.forms import as_yaml, part_of, read, texts_of, to_texts, value_at
from admin_ui.forms_input import Texts
from admin_ui.forms_parts import groups
from admin_ui.forms_yaml import Unreadable
from admin_ui.pages.container_conflict import save_or_ask
from admin_ui.pages.container_draft import Opened, built_in, opened
from admin_ui.pages.container_edit import Change, set_part, shape_problems, told
from admin_ui.pages.container_frame import frame, number_of
from admin_ui.pages.container_secrets import put_typed
from admin_ui.pages.container_sections import SECTIONS, Section
from admin_ui.pages.parts_page import Form, inside, show
from admin_ui.pages.parts_rows import manifest_of
from admin_ui.pages.parts_shown import from_shown, to_shown
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.containers.given_settings import check_settings
from runtime.errors import Problem
from runtime.text.references import is_id

Part = dict[str, Any]
NEW, DELETE = "new", "delete"
"""What stands in addresses in the place of an id, so that no part can be called so here."""


def _new(call: Call, section: Section) -> Response:
    """Shows the templates to choose from, or the form of a new part."""
    draft, template = opened(call), call.query.get("template", "")
    if section.kind and not template:
        there = [draft.content.templates.get(section.kind, id) for id in draft.content.templates.ids(section.kind)]
        manifests = [each.manifest for each in there if each is not None]
        return call.page(
            "container/choose.html", list=section, manifests=manifests, words=call.query.get("q", ""),
            own=[each.id for each in manifests if f"{section.kind}/{each.id}" not in built_in().by_key],
            **frame(call, draft),
        )  # fmt: skip
    part: Part = {"template": template} if section.kind else {}
    return show(call, _form(draft, section, "", part, None))


def _edit(call: Call, section: Section) -> Response:
    draft, id = opened(call), call.params["id"]
    form = _form(draft, section, id, _part(draft, section, id), None)
    prefix = f"{section.key}.{id}"
    found = [inside(prefix, problem) for problem in draft.content.problems.get(prefix, ())]
    form.problems.extend(found)
    return show(call, form)


def _part(draft: Opened, section: Section, id: str) -> Part:
    parts = draft.content.parts(section.key)
    if id not in parts:
        raise Refused(404, f"There is no {section.one} {id[:80]} in this draft.", "It may have been renamed.")
    return parts[id]


def _form(draft: Opened, section: Section, id: str, part: Part, texts: Texts | None) -> Form:
    manifest = manifest_of(draft.content, section, part)
    shown = to_shown(section.key, part)
    name = id or (manifest.id if manifest else section.one)
    found = groups(section.key, name, shown, draft.content, manifest, section.kind is not None)
    inputs = [input for group in found for input in group.inputs]
    return Form(draft, section, id, part, manifest, found, texts_of(inputs, shown) if texts is None else texts)


def _save(call: Call, section: Section) -> Response:
    """Saves what a form says, or shows it again with what is wrong."""
    form, wanted = _sent(call, section)
    if asked := call.value("view"):
        return _other_view(call, form, asked)
    part, problems = part_of(form.inputs, form.texts, to_shown(section.key, form.before))
    part, more = from_shown(section.key, part, form.before)
    told_at = {problem.path for problem in problems}
    shape = [inside("", each) for each in shape_problems(section.key, part)] if not more else []
    problems += [*more, *(each for each in shape if each.path not in told_at), *_bad_id(form, wanted)]
    if problems:
        form.problems.extend([*problems, *_of_settings(form, part, told_at)])
        return show(call, form, status=422)
    put_typed(call, form.inputs, form.texts)
    return _saved(call, form, wanted, part)


def _of_settings(form: Form, part: Part, told_at: set[str]) -> list[Problem]:
    """Returns what is wrong with the settings too, so that all is told at once; not of those that cannot be read."""
    settings = part.get("settings", {})
    if form.manifest is None or not isinstance(settings, dict):
        return []
    found = [inside("", problem) for problem in check_settings("", form.manifest, settings)]
    unread = {".".join(path.split(".")[:2]) for path in told_at}
    return [problem for problem in found if ".".join(problem.path.split(".")[:2]) not in unread]


def _saved(call: Call, form: Form, id: str, part: Part) -> Response:
    section = form.section
    steps = [set_part(section.key, id, part)] if form.before != part or not form.id else []
    change = Change(steps=steps, started_from=form.draft.revision)
    path = f"/w/{call.params['workspace']}/{section.key}/{id}"
    return save_or_ask(call, change, path, lambda kept: told(kept, "Saved.", f"{section.key}.{id}"))


def _sent(call: Call, section: Section) -> tuple[Form, str]:
    """Returns the form as it was sent, at the revision that it was made of, and the id that the part shall have."""
    draft = opened(call, number_of(call, "revision"))
    id = call.params.get("id", "")
    if id:
        return _form(draft, section, id, _part(draft, section, id), call.form), id
    part: Part = {"template": call.value("template")} if section.kind else {}
    return _form(draft, section, "", part, call.form), call.value("id")


def _bad_id(form: Form, id: str) -> list[Problem]:
    if form.id:
        return []
    if not is_id(id) or id in (NEW, DELETE):
        return [Problem("id", "this cannot be a name", "a letter, then letters, digits, `_` and `-`; 64 at most")]
    taken = id in form.draft.content.parts(form.section.key)
    return [Problem("id", f"a {form.section.one} `{id}` exists already", "choose another name")] if taken else []


def _other_view(call: Call, form: Form, asked: str) -> Response:
    """Shows the form again, with one input as YAML or not, or with more rows; nothing is saved."""
    how, _, name = asked.partition(":")
    input = next((each for each in form.inputs if each.name == name), None)
    if input is None:
        raise Refused(422, "There is no such input.", "Load the page again.")
    if how == "rows":
        return show(call, form, blank=name)
    texts = {key: value for key, value in form.texts.items() if key not in (f"{name}.mode", name)}
    try:
        value = read(input, form.texts, value_at(to_shown(form.section.key, form.before), input.path))
    except Unreadable as error:
        form.problems.extend(Problem(f"{name}{at}", message, hint) for at, message, hint in error.found)
        return show(call, form, status=422)
    texts |= as_yaml(input, value) if how == "yaml" else to_texts(input, value)
    return show(call, _form(form.draft, form.section, form.id, form.before, texts))


def _for(section: Section) -> tuple[Entry, ...]:
    path = f"/w/{{workspace}}/{section.key}"
    save = partial(_save, section=section)
    return (
        Entry("GET", f"{path}/{NEW}", partial(_new, section=section)),
        Entry("POST", f"{path}/{NEW}", save, "editor"),
        Entry("GET", f"{path}/{{id}}", partial(_edit, section=section)),
        Entry("POST", f"{path}/{{id}}", save, "editor"),
    )


ROUTES = tuple(entry for section in SECTIONS.values() for entry in _for(section))
