"""The deliveries explorer: what was sent, what was given up and why, what waits; and sending again what was given up.

A replay is counted first and done on a second press. Both take the same words as the command line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.drafts import draft_names
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.errors import OperatorError
from runtime.explain.explorer import list_attempts, list_backlog, list_dead, list_waiting, show_attempt
from runtime.explain.failures import Failure, failures
from runtime.explain.jobs import list_jobs
from runtime.explain.letter import show_letter
from runtime.explain.replay import count, require_tag
from runtime.explain.selection import read_selection
from runtime.model.command import Cancel, Command, Replay, Selection

State = Literal["attempts", "dead", "waiting", "backlog"]
FILTERS = ("tag", "reason", "event_name", "event_id", "hit", "since", "until")
Row = dict[str, Any]


class Rows(BaseModel):
    """A list."""

    rows: list[Row]


class DeliveriesAsked(BaseModel, extra="forbid"):
    """What to list. `reason` to `until` are about dead letters."""

    state: State = "attempts"
    tag: str = Field("", max_length=100, description="`(pipeline)` for hits that could not be read.")
    reason: str = Field("", max_length=2000)
    event_name: str = Field("", max_length=200)
    event_id: str = Field("", max_length=200)
    hit: str = Field("", max_length=40, description="For example 0.17.")
    since: str = Field("", max_length=40, description="`2h`, `3d`, or a time such as 2026-11-24T10:00Z.")
    until: str = Field("", max_length=40)
    limit: int = Field(50, ge=1, le=1000)

    def selection(self, which: Literal["dead", "undelivered", "all"] = "dead") -> Selection:
        """Returns it as a replay takes it; Refused where words make no sense."""
        given = {name: getattr(self, name) for name in FILTERS if name != "reason" or which == "dead"}
        try:
            return read_selection(which=which, **given)
        except OperatorError as error:
            raise Refused(400, error.message, error.hint) from None


class FailuresAsked(BaseModel, extra="forbid"):
    """Of what."""

    tag: str = Field("", max_length=100, description="`(pipeline)` for hits that could not be read.")
    reason: str = Field("", max_length=2000)


class ReplayAsked(DeliveriesAsked):
    """A replay."""

    which: Literal["dead", "undelivered", "all"] = "dead"
    version: Literal["original", "current"] = Field(
        "original", description="original: by the version that the hit arrived on · current: by the live one."
    )
    rate: float = Field(100.0, gt=0, le=100_000, description="Items a second and shard, at most.")
    dry_run: bool = Field(True, description="Count what it would do, and do nothing.")

    def command(self) -> Replay:
        """Returns the command."""
        return Replay(selection=self.selection(self.which), version=self.version, rate=self.rate)


class Replayed(BaseModel):
    """What a replay would do, or the number of its command."""

    command: int | None = None
    complete: bool = Field(True, description="False where counting took too long: then there are at least so many.")
    tags: list[Row] = []


def _rows(call: Call, asked: DeliveriesAsked) -> list[Row]:
    folder, limit = call.admin.data_dir, asked.limit
    tag = "" if asked.tag == "(pipeline)" else asked.tag
    lists: dict[State, Callable[[], list[Row]]] = {
        "attempts": lambda: list_attempts(folder, limit=limit, tag=tag),
        "dead": lambda: list_dead(folder, asked.selection(), limit=limit),
        "waiting": lambda: list_waiting(folder, limit=limit, tag=tag),
        "backlog": lambda: list_backlog(folder, tag=asked.tag),
    }
    return lists[asked.state]()


def _groups(call: Call, asked: DeliveriesAsked) -> list[Failure]:
    """Returns what was given up by reason, of the tag that is asked for; of one reason where that is asked for too."""
    tag = {"": None, "(pipeline)": ""}.get(asked.tag, asked.tag)
    return [each for each in failures(call.admin.data_dir, tag) if asked.reason in ("", each.reason)]


def _failures_data(call: Call) -> Response:
    asked = call.asked(FailuresAsked)
    found = _groups(call, DeliveriesAsked(tag=asked.tag, reason=asked.reason))
    return call.data({"rows": [asdict(each) for each in found]})


def _show(call: Call) -> Response:
    asked = call.asked(DeliveriesAsked)
    given = {name: value for name, value in asked.model_dump(exclude_defaults=True).items() if name != "limit"}
    rest = urlencode({name: value for name, value in given.items() if name != "state"})
    return call.page(
        "deliveries/list.html", section="deliveries", rows=_rows(call, asked), asked=asked, rest=rest,
        query=urlencode(given), groups=_groups(call, asked) if asked.state == "dead" else [],
        drafts=draft_names(call),
    )  # fmt: skip


def _list(call: Call) -> Response:
    return call.data({"rows": _rows(call, call.asked(DeliveriesAsked))})


def _attempt(call: Call) -> Response:
    shown = show_attempt(call.admin.data_dir, call.params["id"])
    return call.page("deliveries/attempt.html", section="deliveries", attempt=shown)


def _attempt_data(call: Call) -> Response:
    return call.data(show_attempt(call.admin.data_dir, call.params["id"]))


def _letter(call: Call) -> Response:
    shown = show_letter(call.admin.data_dir, call.params["id"])
    return call.page("deliveries/letter.html", section="deliveries", letter=shown)


def _letter_data(call: Call) -> Response:
    return call.data(show_letter(call.admin.data_dir, call.params["id"]))


def _replay(call: Call) -> Response:
    """A form: counts, and on the second press stores the command."""
    names = (*FILTERS, "which", "version", "rate")
    asked = call.checked(ReplayAsked, {name: call.value(name) for name in names if call.value(name)})
    if call.value("yes"):
        number = _given(call, asked.command(), asked.selection(asked.which).tag)
        return call.go("/deliveries/jobs", done=f"Command {number} is stored; routers take it within a second.")
    require_tag(call.admin.data_dir, asked.selection(asked.which).tag)
    counted = count(call.admin.data_dir, asked.command())
    return call.page("deliveries/replay.html", section="deliveries", asked=asked, counted=counted)


def _replay_data(call: Call) -> Response:
    asked = call.sent(ReplayAsked)
    tag = asked.selection(asked.which).tag
    if not asked.dry_run:
        return call.data(Replayed(command=_given(call, asked.command(), tag)).model_dump())
    require_tag(call.admin.data_dir, tag)
    return call.data(Replayed(**count(call.admin.data_dir, asked.command())).model_dump())


def _given(call: Call, command: Command, tag: str | None) -> int:
    require_tag(call.admin.data_dir, tag)
    with call.admin.control(call.me.name) as control:
        return control.command(command)


def _jobs(call: Call) -> Response:
    return call.page("deliveries/jobs.html", section="deliveries", rows=list_jobs(call.admin.data_dir, limit=50))


def _jobs_data(call: Call) -> Response:
    return call.data({"rows": list_jobs(call.admin.data_dir, limit=50)})


def _cancel(call: Call) -> Response:
    _end(call)
    return call.go("/deliveries/jobs", done="The replay is told to end.")


def _cancel_data(call: Call) -> Response:
    _end(call)
    return Response(status_code=204)


def _end(call: Call) -> None:
    with call.admin.control(call.me.name) as control:
        control.command(Cancel(command=_number(call.params["number"])))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise Refused(404, f"There is no command {text[:20]}.")
    return int(text)


ROUTES = (
    Entry("GET", "/deliveries", _show),
    Entry("GET", "/deliveries/jobs", _jobs),
    Entry("POST", "/deliveries/jobs/{number}/cancel", _cancel, "publisher"),
    Entry("POST", "/deliveries/replay", _replay, "publisher"),
    Entry("GET", "/deliveries/letters/{id}", _letter),
    Entry("GET", "/deliveries/{id}", _attempt),
    Entry(
        "GET", "/api/v1/deliveries", _list, summary="Attempts, dead letters, what waits, or backlogs.",
        query=DeliveriesAsked, gives=Rows,
    ),
    Entry(
        "POST", "/api/v1/deliveries/replay", _replay_data, "publisher", takes=ReplayAsked, gives=Replayed,
        summary="Sends items again with their event ids; with dry_run, which is the default, counts them only.",
    ),
    Entry("GET", "/api/v1/deliveries/{id}", _attempt_data, summary="One attempt.", gives=Row),
    Entry("GET", "/api/v1/dead-letters/{id}", _letter_data, summary="One dead letter and its trace.", gives=Row),
    Entry(
        "GET", "/api/v1/failures", _failures_data, query=FailuresAsked, gives=Rows,
        summary="What was given up, by tag and reason, each with the first version that it happened with.",
    ),
    Entry("GET", "/api/v1/jobs", _jobs_data, summary="Replays and other commands, and how far they are.", gives=Rows),
    Entry(
        "DELETE", "/api/v1/jobs/{number}", _cancel_data, "publisher", status=204,
        summary="Tells a replay to end; what it has sent stays sent.",
    ),
)  # fmt: skip
