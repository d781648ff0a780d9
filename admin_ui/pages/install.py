"""The install wizard: from a bare server to a delivered event, one step after the other."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.drafts import writing
from admin_ui.pages.container_draft import built_in
from admin_ui.pages.container_frame import may_edit
from admin_ui.pages.install_snippets import Snippet, snippets
from admin_ui.pages.install_steps import DESTINATIONS, Facts, as_data, facts, steps
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.containers.workspace import create_workspace
from runtime.errors import OperatorError
from runtime.explain.arrivals import Arrivals, arrivals
from runtime.explain.doctor.finding import Report
from runtime.explain.doctor.subject import ascii_host
from runtime.explain.refused import refused_examples
from runtime.text.domains import is_host_name, registrable

EXAMPLE = "t.shop.example"
FIRST = "first"
"""The workspace that is begun where there is none."""
MOST_REFUSED = 5

Row = dict[str, Any]


class StepShown(BaseModel):
    """One step of the wizard."""

    number: int
    key: str
    title: str
    state: str = Field(description="done, open, or advice where nothing tells.")
    words: str


class SnippetShown(BaseModel):
    """One text to copy."""

    title: str
    client: str
    help: str
    text: str


class InstallAsked(BaseModel, extra="forbid"):
    """For which collector snippets are made."""

    domain: str = Field("", max_length=300, description="Left out: the one that hits come by, or an example.")
    shop: str = Field("", max_length=300, description="Host of the store's pages.")


class InstallShown(BaseModel):
    """The wizard as data."""

    domain: str
    steps: list[StepShown]
    snippets: list[SnippetShown]


class ArrivedShown(BaseModel):
    """What has arrived."""

    hits: list[Row] = Field(description="The newest, each with its id, time, client, request, host and event names.")
    refused: list[Row] = Field(description="The newest requests that were refused or that no client claims.")


def domain_of(given: str, known: Facts) -> str:
    """Returns the collector's host that pages speak of: the given one, the one that hits come by, or a proposal."""
    name = ascii_host(given.removeprefix("https://").partition("/")[0]) if given else ""
    if is_host_name(name):
        return name
    top = registrable(known.domains[0]) if known.domains and not known.is_demo else None
    return known.arrived.host or (f"t.{top}" if top else EXAMPLE)


def show(call: Call, *, report: Report | None = None, given: Row | None = None, sent: Row | None = None) -> Response:
    """Returns the page; `given` are fields of its forms as they were sent."""
    known = facts(call)
    given = {name: call.query.get(name, "")[:300] for name in ("domain", "shop")} | (given or {})
    domain = domain_of(str(given["domain"]), known)
    shop = ascii_host(str(given["shop"])) if is_host_name(ascii_host(str(given["shop"]))) else ""
    found = steps(known)
    return call.page(
        "install/install.html", section="install", known=known, steps=found, by_key={each.key: each for each in found},
        domain=domain,
        shop=shop or (known.domains[0] if known.domains else registrable(domain) or domain),
        given=given, report=report, sent=sent, snippets=_snippets(known, domain), destinations=_destinations(call),
        arrived=known.arrived, refused=_refused(call), may_edit=may_edit(call),
        settings=call.admin.settings, examples=EXAMPLE in domain,
    )  # fmt: skip


def _snippets(known: Facts, domain: str) -> list[Snippet]:
    return snippets(known.live, f"https://{domain}") if known.live else []


def _refused(call: Call) -> list[Row]:
    return refused_examples(call.admin.data_dir, limit=MOST_REFUSED)


def _destinations(call: Call) -> list[Any]:
    found = (built_in().get("destination", id) for id in DESTINATIONS)
    return [template.manifest for template in found if template is not None]


def _show(call: Call) -> Response:
    return show(call)


def _arrived(call: Call) -> tuple[Arrivals, list[Row]]:
    domains: tuple[str, ...] = ()
    return arrivals(call.admin.data_dir, domains), _refused(call)


def _hits(call: Call) -> Response:
    """Returns the part of the page that waits for hits."""
    arrived, refused = _arrived(call)
    if not call.is_partial:
        return call.go("/install")
    return call.page("install/_arrived.html", arrived=arrived, refused=refused)


def _hits_data(call: Call) -> Response:
    arrived, refused = _arrived(call)
    return call.data({"hits": list(arrived.rows), "refused": refused})


def _data(call: Call) -> Response:
    known = facts(call)
    domain = domain_of(call.asked(InstallAsked).domain, known)
    found = [snippet._asdict() for snippet in _snippets(known, domain)]
    return call.data({"domain": domain, "steps": [as_data(step) for step in steps(known)], "snippets": found})


def _begin(call: Call) -> Response:
    """Opens the form of a first tag in the draft at hand, and begins a draft where there is none."""
    template = call.value("template")
    if template not in DESTINATIONS:
        raise Refused(422, "There is no such destination to begin with.", f"Take one of {', '.join(DESTINATIONS)}.")
    return call.go(f"/w/{_workspace(call)}/tags/new", template=template)


def _workspace(call: Call) -> str:
    """Returns the workspace that was saved last, or a new one."""
    try:
        with call.admin.read() as control:
            there = sorted(control.workspaces.list(), key=lambda each: -each.latest.at)
            is_empty = control.live() is None
    except OperatorError:  # Nothing was ever stored here.
        there, is_empty = [], True
    if there:
        return there[0].name
    files = {"container.yaml": "container: shop\n"} if is_empty else None
    with writing(call) as (control, read):
        return create_workspace(control, FIRST, read, files=files, note="begun by the install wizard").workspace.name


ROUTES = (
    Entry("GET", "/install", _show),
    Entry("GET", "/install/hits", _hits),
    Entry("POST", "/install/destination", _begin, "editor"),
    Entry(
        "GET", "/api/v1/install", _data, query=InstallAsked, gives=InstallShown,
        summary="How far the installation is, and what a store copies into its pages.",
    ),
    Entry(
        "GET", "/api/v1/install/hits", _hits_data, gives=ArrivedShown,
        summary="The newest hits, and the newest requests that were not taken, with what they lack.",
    ),
)  # fmt: skip
