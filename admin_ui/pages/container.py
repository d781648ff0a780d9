"""The way into the container: its drafts, or what is live where there is none, and the overview of one draft."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.forms import part_of, texts_of
from admin_ui.forms_input import Group, Input
from admin_ui.pages.container_conflict import save_or_ask
from admin_ui.pages.container_draft import open_at, opened
from admin_ui.pages.container_edit import Change, Step, told
from admin_ui.pages.container_frame import frame, may_edit, number_of
from admin_ui.pages.container_live import live_sections
from admin_ui.pages.container_sections import SECTIONS
from admin_ui.pages.parts_api import DryRun, PartSaved, change, etag
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.containers.shape import validated
from runtime.errors import OperatorError, Problem
from runtime.explain.standing import standing
from runtime.model.consent_rule import ConsentRule
from runtime.model.container import Container

Row = dict[str, Any]
_HISTORY = 10
OWN = Group(
    "The container",
    (
        Input("container", "line", "Container", "Its name: letters, digits, `-` and `_`.", required=True),
        Input("domains", "lines", "Domains", "One a line. Cookies are set, and pages may call, under these."),
        Input(
            "consent", "yaml", "Consent", "What holds where a hit says nothing (`default: denied`), by region"
            " (`regions:`), where else it is found (`sources:`), how TCF strings are read (`tcf:`).",
        ),
        Input("note", "paragraph", "Note", "For whoever reads this next."),
    ),
)  # fmt: skip


class SettingsGiven(BaseModel, extra="forbid"):
    """What a container says beside its parts; what is left out stays."""

    container: str | None = Field(None, max_length=64)
    domains: list[str] | None = None
    consent: ConsentRule | None = None
    note: str | None = None


class SettingsShown(BaseModel):
    """What a container says beside its parts, as container.yaml has it."""

    revision: int
    settings: Row


def _enter(call: Call) -> Response:
    """Opens the one draft there is; else lists drafts, or shows what is live."""
    try:
        with call.admin.read() as control:
            now = standing(control)
            drafts = {each.workspace.name: each for each in now.drafts}
            if len(drafts) == 1 and "all" not in call.query:
                return call.go(f"/w/{next(iter(drafts))}")
            found = {name: open_at(call, control, each.workspace) for name, each in drafts.items()}
            live = live_sections(call, control) if not drafts else None
    except OperatorError:  # Nothing was ever stored here.
        now, drafts, found, live = None, {}, {}, None
    return call.page(
        "container/workspaces.html", section="container", now=now, drafts=drafts, found=found, live=live,
        may_edit=may_edit(call), read_only=call.admin.settings.read_only, sections=SECTIONS,
    )  # fmt: skip


def _enter_section(call: Call) -> Response:
    """Opens a section of the one draft there is."""
    key = call.params["section"]
    if key not in SECTIONS and key != "templates":
        raise Refused(404, "There is nothing at this address.")
    with call.admin.read() as control:
        drafts = control.workspaces.list()
    return call.go(f"/w/{drafts[0].name}/{key}" if len(drafts) == 1 else "/container")


def _overview(call: Call) -> Response:
    draft = opened(call)
    return _page(call, texts_of(OWN.inputs, draft.content.data), [])


def _page(call: Call, texts: dict[str, list[str]], problems: list[Problem], *, status: int = 200) -> Response:
    draft = opened(call)
    with call.admin.read() as control:
        revisions = control.workspaces.revisions(draft.workspace)[:_HISTORY]
        live = control.live()
    found = draft.content.draft.problems
    own = [each for each in found if each.path.partition(".")[0] in ("container", "domains", "consent", "note")]
    by_input = {input.name: _of(input.name, problems or own) for input in OWN.inputs}
    return call.page(
        "container/overview.html", status=status, group=OWN, texts=texts, by_input=by_input, refused=problems,
        problems=found, revisions=revisions, live=live[0] if live else 0, **frame(call, draft),
    )  # fmt: skip


def _of(name: str, problems: list[Problem]) -> list[Problem]:
    return [each for each in problems if f"{each.path}.".startswith(f"{name}.")]


def _save(call: Call) -> Response:
    draft = opened(call, number_of(call, "revision"))
    data = draft.content.data
    part, problems = part_of(OWN.inputs, call.form, data)
    changed = {key: part.get(key) for key in ("container", "domains", "consent", "note")}
    given = {key: value for key, value in changed.items() if value is not None}
    problems += validated(Container, given)[1]
    if problems:
        return _page(call, {**call.form}, problems, status=422)
    back = f"/w/{call.params['workspace']}"
    sent = Change(steps=_steps(changed, data), started_from=draft.revision)
    return save_or_ask(call, sent, back, lambda kept: told(kept, "Saved."))


def _steps(wanted: Row, data: Row) -> list[Step]:
    """Returns what makes these settings of those: None is one that goes."""
    steps = [Step(do="remove", path=[key]) for key, value in wanted.items() if value is None and key in data]
    return steps + [
        Step(do="set", path=[key], value=value)
        for key, value in wanted.items()
        if value is not None and (key not in data or data[key] != value)
    ]


def _show_data(call: Call) -> Response:
    draft = opened(call)
    settings = {key: value for key, value in draft.content.data.items() if key not in SECTIONS}
    shown = SettingsShown(revision=draft.revision, settings=settings)
    return call.data(shown.model_dump(), headers=etag(draft.revision))


def _patch_data(call: Call) -> Response:
    given = call.sent(SettingsGiven).model_dump(mode="json", by_alias=True, exclude_unset=True)
    return change(call, *(Step(do="set", path=[key], value=value) for key, value in given.items() if value is not None))


ROUTES = (
    Entry("GET", "/container", _enter),
    Entry("GET", "/container/{section}", _enter_section),
    Entry("GET", "/w/{workspace}", _overview),
    Entry("POST", "/w/{workspace}", _save, "editor"),
    Entry(
        "GET", "/api/v1/workspaces/{workspace}/settings", _show_data, gives=SettingsShown,
        summary="What a draft says beside its parts: name, domains, consent, note.",
    ),
    Entry(
        "PATCH", "/api/v1/workspaces/{workspace}/settings", _patch_data, "editor", query=DryRun, takes=SettingsGiven,
        gives=PartSaved, summary="Changes them; what is left out stays. If-Match names the revision.",
    ),
)  # fmt: skip
