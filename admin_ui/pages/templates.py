"""Templates of a draft: those that come with Firsthand, to read and to copy, and its own ones, to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.pages.container_conflict import save_or_ask
from admin_ui.pages.container_draft import Opened, built_in, opened
from admin_ui.pages.container_edit import Change, Step, told
from admin_ui.pages.container_frame import frame, number_of
from admin_ui.pages.template_asking import ask, require_harmless
from admin_ui.pages.template_files import OpenTemplate, added_path, open_template, sent_files
from admin_ui.pages.template_page import editor_page
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.containers import own_templates as own
from runtime.model.manifest import KIND_FOLDERS, Manifest


class Row(NamedTuple):
    """One template of the list."""

    name: own.Name
    is_own: bool
    manifest: Manifest | None
    """None where it cannot be read."""
    uses: list[str]


def rows_of(draft: Opened, q: str = "", kind: str = "") -> list[Row]:
    """Returns the draft's own templates, then those that come with Firsthand, as far as they are like that."""
    mine = own.own_templates(draft.content.files)
    ours = [own.Name(each.manifest.kind, each.manifest.id) for each in built_in().by_key.values()]
    rows = [_row(draft, name, True) for name in mine] + [_row(draft, name, False) for name in ours if name not in mine]
    return [row for row in rows if kind in ("", row.name.kind) and _holds(row, q.casefold())]


def _row(draft: Opened, name: own.Name, is_own: bool) -> Row:
    template = (draft.content.templates if is_own else built_in()).get(*name)
    uses = draft.content.users(f"templates.{name.key}")
    return Row(name, is_own, template.manifest if template else None, uses)


def _holds(row: Row, q: str) -> bool:
    words = f"{row.manifest.name} {row.manifest.summary}" if row.manifest else ""
    return q in f"{row.name.key} {words}".casefold()


def _list(call: Call) -> Response:
    draft = opened(call)
    q, kind = call.query.get("q", "").strip()[:100], call.query.get("kind", "")
    return call.page(
        "templates/list.html", rows=rows_of(draft, q, kind), kinds=list(KIND_FOLDERS), q=q, kind=kind,
        event=call.query.get("event", "")[:100], **frame(call, draft),
    )  # fmt: skip


def _new(call: Call) -> Response:
    draft, name = opened(call, number_of(call, "revision")), own.named(call.value("kind"), call.value("id"))
    if own.own_files(draft.content.files, name) or own.built_in_files(name):
        raise Refused(409, f"There is a {name.kind} template `{name.id}` already.", "Choose another id.")
    content = _beginning(call, draft, name)
    files = own.with_template(draft.content.files, name, content)
    return _save(call, draft, files, f"/w/{draft.workspace.name}/templates/{name.key}", f"{name.key} is made.")


def _beginning(call: Call, draft: Opened, name: own.Name) -> dict[str, str]:
    copied = call.value("of")
    if not copied:
        return own.scaffold_files(name)
    old = own.named(name.kind, copied)
    content = own.own_files(draft.content.files, old) or own.built_in_files(old)
    if "manifest.yaml" not in content:
        raise Refused(404, f"There is no {old.kind} template `{old.id}` to copy.", "Choose one of the list.")
    return own.renamed(content, old.id, name.id)


def _show(call: Call) -> Response:
    template = open_template(call)
    answer = None
    if call.query.get("tested") and call.me.may("editor"):
        answer = ask(call, template, "test", template.files)
    return editor_page(call, template, answer=answer)


def _edit(call: Call) -> Response:
    template = _own(call, number_of(call, "revision"))
    content = sent_files(call, template.name, template.files)
    require_harmless(call, template, content)
    added = added_path(call)
    where = f"{template.address}?tested=1" + (f"&open={added}" if added else "")
    return _save(call, template.draft, template.draft_files(content), where, "Saved.")


def _delete(call: Call) -> Response:
    template = _own(call, number_of(call, "revision"))
    if template.instances:
        raise Refused(409, f"{template.name.key} is used by {', '.join(template.instances)}.", "Remove those first.")
    workspace = template.draft.workspace.name
    files = template.draft_files({})
    return _save(call, template.draft, files, f"/w/{workspace}/templates", f"{template.name.key} is deleted.")


def _own(call: Call, revision: int | None) -> OpenTemplate:
    template = open_template(call, revision)
    if not template.is_own:
        raise Refused(409, "This template comes with Firsthand and cannot be changed.", "Copy it as your own.")
    return template


def _save(call: Call, draft: Opened, files: Mapping[str, str], where: str, done: str) -> Response:
    change = Change(steps=[Step(do="files", files=dict(files))], started_from=draft.revision)
    return save_or_ask(call, change, where, lambda kept: told(kept, done))


ROUTES = (
    Entry("GET", "/w/{workspace}/templates", _list),
    Entry("POST", "/w/{workspace}/templates", _new, "editor"),
    Entry("GET", "/w/{workspace}/templates/{kind}/{id}", _show),
    Entry("POST", "/w/{workspace}/templates/{kind}/{id}", _edit, "editor"),
    Entry("POST", "/w/{workspace}/templates/{kind}/{id}/delete", _delete, "editor"),
)
