"""The wizard's two looks outside: the subdomain's checks, and a test event to a destination."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.aside import run_aside
from admin_ui.call import Call
from admin_ui.pages.install import show
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.containers.versions import read_version, require_live
from runtime.errors import OperatorError, Problem
from runtime.explain.doctor.examine import examine
from runtime.explain.doctor.finding import Report
from runtime.explain.doctor.place import Net
from runtime.explain.doctor.subject import read_subject

AT_ONCE = 2
_places = BoundedSemaphore(AT_ONCE)

Row = dict[str, Any]


class DoctorAsked(BaseModel, extra="forbid"):
    """What to look at."""

    domain: str = Field(
        min_length=1, max_length=300, description="The collector's: t.shop.example, or shop.example/metrics."
    )
    shop: str = Field("", max_length=300, description="Host of the store's pages; left out: the container's domain.")


class FindingShown(BaseModel):
    """One check."""

    name: str
    title: str
    state: str = Field(description="ok, warn, bad or unknown.")
    found: str
    todo: str


class ReportShown(BaseModel):
    """All checks."""

    domain: str
    shop: str
    at: float = Field(description="Unix seconds.")
    worst: str
    findings: list[FindingShown]


class TestWanted(BaseModel, extra="forbid"):
    """A test event."""

    tag: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
    workspace: str = Field("", max_length=64, pattern=r"^[^-\x00-\x1f]?[^\x00-\x1f]*$", description="Left out: live.")
    code: str = Field("", max_length=64, pattern=r"^[A-Za-z0-9_-]*$", description="The vendor's test event code.")


class TestSent(BaseModel):
    """What came of it."""

    tag: str
    event_id: str
    state: str = Field(description="delivered, retry, reject, or not_made.")
    status: int
    reason: str
    request: Row | None = Field(description="As it went, with names in place of secrets.")
    answer: str
    notes: list[str]
    error: Row | None


def network(call: Call) -> Net | None:
    """Returns how to look into the network; None: as any machine does."""
    return None


def _report(call: Call, asked: DoctorAsked) -> Report:
    try:
        subject = read_subject(asked.domain, asked.shop, call.admin.settings)
    except OperatorError as error:
        raise Refused(422, error.message, error.hint, (Problem("domain", error.message, error.hint),)) from None
    with _place():
        return examine(subject, network(call))


@contextmanager
def _place() -> Iterator[None]:
    """Lets few look at once: each look holds a thread for up to twenty seconds."""
    if not _places.acquire(blocking=False):
        raise Refused(503, "Other checks are under way.", "Try again in half a minute.")
    try:
        yield
    finally:
        _places.release()


def _check(call: Call) -> Response:
    given = {"domain": call.value("domain"), "shop": call.value("shop")}
    report = _report(call, call.checked(DoctorAsked, given))
    if call.is_partial:
        return call.page("install/_report.html", report=report)
    return show(call, report=report, given=given)


def _check_data(call: Call) -> Response:
    return call.data(_report(call, call.sent(DoctorAsked)).as_dict())


def send(call: Call, asked: TestWanted) -> Row:
    """Sends a test event, in a process of its own: a draft's scripts may hang. Refused where none was made."""
    with call.admin.read() as control:  # What is not there is told in our own words.
        number = control.workspaces.get(asked.workspace).latest.number if asked.workspace else 0
        version = read_version(control, -number) if number else require_live(control)
    if asked.tag not in version.container.tags:
        raise Refused(
            422, f"There is no tag {asked.tag}.", f"There are: {', '.join(version.container.tags) or 'none'}."
        )
    words = ["send-test", asked.tag, "--json", f"--who={call.me.name}"]
    words += [f"--workspace={asked.workspace}"] if asked.workspace else []
    words += [f"--code={asked.code}"] if asked.code else []
    found: Row = run_aside(call.admin.data_dir, *words)
    if found.get("error"):
        raise Refused(422, f"Not sent: {found['error']['message']}")
    return found


def _test(call: Call) -> Response:
    given = {name: call.value(name) for name in ("tag", "code", "workspace")}
    given["tag"], _, workspace = given["tag"].partition("@")
    given["workspace"] = workspace or given["workspace"]
    sent = send(call, call.checked(TestWanted, given))
    if call.is_partial:
        return call.page("install/_sent.html", sent=sent)
    return show(call, sent=sent)


def _test_data(call: Call) -> Response:
    return call.data(send(call, call.sent(TestWanted)))


ROUTES = (
    Entry("POST", "/install/check", _check, "editor"),
    Entry("POST", "/install/test", _test, "publisher"),
    Entry(
        "POST", "/api/v1/doctor", _check_data, "editor", takes=DoctorAsked, gives=ReportShown,
        summary="Looks at a subdomain: DNS, TLS, cookies, Safari's verdict, proxies, clock, disk, destinations.",
    ),
    Entry(
        "POST", "/api/v1/send-test", _test_data, "publisher", takes=TestWanted, gives=TestSent,
        summary="Sends one made-up purchase to a tag's destination. Meta counts test events as production data.",
    ),
)  # fmt: skip
