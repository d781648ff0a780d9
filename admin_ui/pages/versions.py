"""Versions: what was published, what differs between two, which one each environment runs, and rolling back."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.drafts import writing
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.containers.diff import Changes, compare
from runtime.containers.drift import commits
from runtime.containers.environments import set_environment
from runtime.containers.versions import read_version, require_environment
from runtime.errors import OperatorError
from runtime.explain.standing import standing
from runtime.store.control import LIVE, Control, Version

_NUMBER = re.compile(r"[0-9]{1,12}")
Row = dict[str, Any]


class VersionShown(BaseModel):
    """A version, without its content."""

    number: int
    hash: str
    time: float = Field(description="Unix seconds.")
    who: str
    note: str
    commit: str = Field(description="Of the file that it was applied from.")
    environments: list[str] = Field(description="Those that run it.")


class EnvironmentShown(BaseModel):
    """An environment."""

    name: str
    version: int
    hosts: list[str]
    sends: bool


class VersionsShown(BaseModel):
    """All versions, the newest first, and what runs them."""

    versions: list[VersionShown]
    environments: list[EnvironmentShown]


class Pointed(BaseModel, extra="forbid"):
    """Which version an environment shall run."""

    version: int = Field(ge=1)
    environment: str = LIVE
    what: Literal["publish", "rollback"] = "publish"


class EnvironmentGiven(BaseModel, extra="forbid"):
    """Where an environment answers; what is left out stays as it is."""

    hosts: list[str] | None = None
    sends: bool | None = None


def _shown(control: Control) -> VersionsShown:
    environments, commit_of = control.environments(), commits(control.audit_log())
    runs: dict[int, list[str]] = {}
    for each in environments:
        runs.setdefault(each.version, []).append(each.name)
    return VersionsShown(
        versions=[
            VersionShown(
                number=each.number, hash=each.hash, time=each.created_at, who=each.who, note=each.note,
                commit=commit_of.get(each.number, ""), environments=runs.get(each.number, []),
            )
            for each in control.versions()
        ],
        environments=[
            EnvironmentShown(
                name=each.name, version=each.version, hosts=list(each.hosts), sends=each.name == LIVE or each.sends
            )
            for each in environments
        ],
    )  # fmt: skip


def _list(call: Call) -> Response:
    try:
        with call.admin.read() as control:
            return call.page("versions/list.html", section="versions", found=_shown(control), now=standing(control))
    except OperatorError:
        return call.page("versions/list.html", section="versions", found=None, now=None)


def _list_data(call: Call) -> Response:
    with call.admin.read() as control:
        return call.data(_shown(control).model_dump())


def _show(call: Call) -> Response:
    number = _number(call)
    with call.admin.read() as control:
        versions = control.versions()
        version = next((each for each in versions if each.number == number), None)
        if version is None:
            raise Refused(404, f"There is no version {number}.")
        against = _against(call, versions, number)
        changes = _changes(control, against, number)
        environments = control.environments()
    return call.page(
        "versions/show.html", section="versions", version=version, against=against, changes=changes,
        environments=environments, others=[each for each in versions if each.number != number],
    )  # fmt: skip


def _against(call: Call, versions: list[Version], number: int) -> int:
    """Returns the version to compare with: the one asked for, else the one before; 0 for nothing."""
    given = call.query.get("against", "")
    if given:
        if not _NUMBER.fullmatch(given) or not (given == "0" or any(each.number == int(given) for each in versions)):
            raise Refused(404, f"There is no version {given[:20]}.")
        return int(given)
    return max((each.number for each in versions if each.number < number), default=0)


def _changes(control: Control, before: int, after: int) -> Changes:
    return compare(read_version(control, before) if before else None, read_version(control, after))


def _diff_data(call: Call) -> Response:
    with call.admin.read() as control:
        against = _against(call, control.versions(), _number(call))
        return call.data({"against": against, **_changes(control, against, _number(call)).as_dict()})


def _number(call: Call) -> int:
    text = call.params["number"]
    if not _NUMBER.fullmatch(text):
        raise Refused(404, f"There is no version {text[:20]}.")
    return int(text)


def _point(call: Call, given: Pointed) -> int | None:
    with writing(call) as (control, _):
        require_environment(control, given.environment)
        read_version(control, given.version)  # What cannot be read must not run.
        return control.point(given.version, environment=given.environment, what=given.what)


def _point_form(call: Call) -> Response:
    what = call.value("what", "publish")
    given = call.checked(
        Pointed, {"version": _number(call), "environment": call.value("environment", LIVE), "what": what}
    )
    _point(call, given)
    done = f"{given.environment} runs version {given.version}; all processes follow within a second."
    return call.go("/versions", done=done)


def _point_data(call: Call) -> Response:
    given = call.sent(Pointed)
    return call.data({"version": given.version, "before": _point(call, given)})


def _environment_form(call: Call) -> Response:
    name = call.value("name")
    with writing(call) as (control, _):
        if call.value("remove"):
            control.remove_environment(name)
            return call.go("/versions", done=f"The environment {name} is removed.")
        hosts = [host for host in re.split(r"[\s,]+", call.value("hosts")) if host]
        set_environment(control, name, hosts, sends=call.value("sends") == "yes")
    return call.go("/versions", done=f"The environment {name} is set.")


def _environment_data(call: Call) -> Response:
    given = call.sent(EnvironmentGiven)
    with writing(call) as (control, _):
        made = set_environment(control, call.params["name"], given.hosts, sends=given.sends)
    return call.data({"name": made.name, "version": made.version, "hosts": list(made.hosts), "sends": made.sends})


def _remove_environment(call: Call) -> Response:
    with writing(call) as (control, _):
        control.remove_environment(call.params["name"])
    return Response(status_code=204)


ROUTES = (
    Entry("GET", "/versions", _list),
    Entry("GET", "/versions/{number}", _show),
    Entry("POST", "/versions/{number}/point", _point_form, "publisher"),
    Entry("POST", "/environments", _environment_form, "admin"),
    Entry("GET", "/api/v1/versions", _list_data, summary="All versions and what runs them.", gives=VersionsShown),
    Entry(
        "GET", "/api/v1/versions/{number}/diff", _diff_data, gives=Row,
        summary="What a version changes against the one before, or against the one that `against` names.",
    ),
    Entry(
        "POST", "/api/v1/versions/point", _point_data, "publisher", takes=Pointed, gives=Row,
        summary="Makes an environment run a version: publishes it again, or rolls back to it.",
    ),
    Entry(
        "PUT", "/api/v1/environments/{name}", _environment_data, "admin", takes=EnvironmentGiven,
        gives=EnvironmentShown, summary="Makes an environment beside live, or says where it answers.",
    ),
    Entry(
        "DELETE", "/api/v1/environments/{name}", _remove_environment, "admin", status=204,
        summary="Removes an environment: its hosts run what is live again.",
    ),
)  # fmt: skip
