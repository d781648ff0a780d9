"""What the condition builder asks: which fields and values were seen, and which of the last events conditions match.

Fields are asked of here. Variables are scripts of a draft that perhaps nobody has run yet: they have a process of their
own.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.aside import run_aside
from admin_ui.call import Call
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.containers.edits import container_data
from runtime.containers.interchange import parse_document
from runtime.containers.workspace import workspace_files
from runtime.errors import ContainerInvalid, Problem
from runtime.explain.fields import MOST_FIELDS, fields
from runtime.explain.match import match_fields, read_conditions, variables_of
from runtime.explain.recent_events import KEPT_S, LAST, recent_events
from runtime.store.control import Control

MOST_TEXT = 64 * 1024
LIVE = "live"

Row = dict[str, Any]


class FieldsAsked(BaseModel, extra="forbid"):
    """Which fields."""

    q: str = Field("", max_length=200, description="Text that a path holds.")
    limit: int = Field(50, ge=1, le=MOST_FIELDS)
    workspace: str = Field("", max_length=100, description="Whose variables are told of too.")


class SeenValue(BaseModel):
    """A frequent value."""

    value: Any
    count: int
    masked: bool = Field(description="Whether it is shown otherwise than it is: then no condition can ask for it.")


class Seen(BaseModel):
    """What was seen under one name."""

    types: list[str]
    events: int
    share: float
    values: list[SeenValue]
    last_seen: str


class SeenField(Seen):
    """A field of event data."""

    path: str


class SeenVariable(Seen):
    """A variable of a draft."""

    name: str
    template: str
    fault: str = Field(description='Why its script fails most often, or "".')


class FieldsFound(BaseModel):
    """Fields and variables, the most frequent first."""

    events: int
    since: str
    partial: str
    found: int
    fields: list[SeenField]
    variables: list[SeenVariable] = []
    variable_events: int = 0
    variables_problem: str = ""


class MatchAsked(BaseModel, extra="forbid"):
    """Conditions to try."""

    conditions: Row = Field(description="`all`, `any` and `not`, as a trigger has them in a container file.")
    last: int = Field(LAST, ge=1, le=LAST)


class MatchFound(BaseModel):
    """What they match."""

    events: int
    matches: int
    share: float
    near: int
    since: str
    partial: str
    undecided: int
    faults: dict[str, int]
    unknown_variables: list[str]
    variables_of: str = Field(description='Whose variables were asked: the draft\'s, `live`, or "" where none were.')
    hits: list[Row]
    near_misses: list[Row]


_kept: dict[tuple[Path, int], tuple[float, Row]] = {}
_one_at_a_time = Lock()


def _fields(call: Call) -> Response:
    asked = call.asked(FieldsAsked)
    found = fields(call.admin.data_dir, call.admin.policy).find(asked.q, asked.limit)
    return call.data(found | (_variables(call, asked) if asked.workspace else {}))


def _variables(call: Call, asked: FieldsAsked) -> Row:
    with call.admin.read() as control:
        workspace = control.workspaces.get(asked.workspace)
        declared = _declared(control, asked.workspace)
        draft, key = _draft(control, asked.workspace), (call.admin.data_dir, workspace.latest.number)
    seen = _seen(key, draft)
    known = {each["name"]: each for each in seen.get("variables", ())}
    told = [known.get(name) or _unseen(name, template) for name, template in declared.items()]
    return {
        "variables": [each for each in told if asked.q.casefold() in each["name"].casefold()],
        "variable_events": seen.get("events", 0),
        "variables_problem": seen.get("problem", ""),
    }


def _seen(key: tuple[Path, int], draft: str) -> Row:
    """Returns what `firsthand container fields` tells of a revision's variables; the same for a minute."""
    with _one_at_a_time:
        known = _kept.get(key)
        if known is None or time.monotonic() - known[0] >= KEPT_S:
            for old in [each for each, (at, _) in _kept.items() if time.monotonic() - at >= KEPT_S]:
                del _kept[old]
            known = _kept[key] = (time.monotonic(), _ask_variables(key[0], draft))
        return known[1]


def _ask_variables(data_dir: Path, draft: str) -> Row:
    try:
        found: Row = run_aside(data_dir, "container", "fields", draft, "--json")
    except Refused as refused:  # Its variables can be named all the same.
        return {"problem": refused.message}
    return found


def _declared(control: Control, name: str) -> dict[str, str]:
    """Returns the variables that a draft has, with their templates, also of a draft with errors."""
    try:
        data = container_data(workspace_files(control, control.workspaces.get(name)))
    except ContainerInvalid:
        return {}
    parts = data.get("variables")
    found = parts if isinstance(parts, dict) else {}
    return {str(id): str(part.get("template", "")) for id, part in found.items() if isinstance(part, dict)}


def _unseen(name: str, template: str) -> Row:
    nothing = {"types": [], "events": 0, "share": 0.0, "values": [], "last_seen": ""}
    return {"name": name, "template": template, "fault": "", **nothing}


def _draft(control: Control, name: str) -> str:
    """Returns whose variables can be asked, as the command names it: the draft's, or those of live while it has
    errors."""
    return LIVE if control.workspaces.get(name).latest.snapshot is None else f"workspace:{name}"


def _matched(call: Call, conditions: Row, last: int) -> Row:
    """Returns what conditions match; ContainerInvalid lists what is wrong with them."""
    group = read_conditions(conditions)
    with call.admin.read() as control:
        draft = _draft(control, call.params["workspace"])  # A workspace that does not exist is told.
    if not variables_of(group):
        found = match_fields(group, recent_events(call.admin.data_dir, call.admin.policy), last)
        return found.as_dict() | {"variables_of": ""}
    words = ("container", "match", draft, "--conditions", "-", "--last", str(last), "--json")
    answer: Row = run_aside(call.admin.data_dir, *words, sent=orjson.dumps(conditions).decode())
    return answer | {"variables_of": draft.removeprefix("workspace:") if draft != LIVE else LIVE}


def _match_data(call: Call) -> Response:
    asked = call.sent(MatchAsked)
    try:
        return call.data(_matched(call, asked.conditions, asked.last))
    except ContainerInvalid as error:
        raise Refused(422, "The conditions have problems.", "See each problem.", tuple(error.problems)) from None


def _match_form(call: Call) -> Response:
    """Answers each pause in typing: conditions that are not complete yet are no error."""
    text = call.value("conditions")
    found: Row = {}
    problems: Sequence[Problem] = ()
    try:
        found = _matched(call, _read(text), LAST)
    except ContainerInvalid as error:
        problems = error.problems
    template = "conditions/_match.html" if call.is_partial else "conditions/match.html"
    return call.page(
        template, section="container", workspace=call.params["workspace"], text=text, found=found, problems=problems
    )


def _read(text: str) -> Any:
    """Returns what the text says, JSON or YAML as in the trigger's form; ContainerInvalid where it is neither."""
    if len(text) > MOST_TEXT:
        raise Refused(413, f"The conditions are longer than {MOST_TEXT} characters.")
    data, problems = parse_document(text.encode() or b"{}")
    if problems:
        raise ContainerInvalid(problems)
    return data


ROUTES = (
    Entry("POST", "/w/{workspace}/match", _match_form, "editor"),
    Entry(
        "GET", "/api/v1/fields", _fields, query=FieldsAsked, gives=FieldsFound,
        summary="The fields that the last events have: types, share of events, frequent values, personal data masked.",
    ),
    Entry(
        "POST", "/api/v1/workspaces/{workspace}/match", _match_data, "editor", takes=MatchAsked, gives=MatchFound,
        summary="Which of the last events conditions match, and which they miss by exactly one. Nothing is changed.",
    ),
)  # fmt: skip
