"""The wizard's steps. Whether one is done follows from what is there, never from who clicked where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from admin_ui.call import Call
from runtime.containers.versions import live_version
from runtime.errors import OperatorError
from runtime.explain.arrivals import Arrivals, arrivals
from runtime.explain.explorer import list_attempts
from runtime.model.snapshot import Snapshot
from runtime.store.workspaces import Workspace

State = Literal["done", "open", "advice"]
"""advice: nothing tells whether it was done."""
DESTINATIONS = ("meta_capi", "ga4_mp", "tiktok_events", "webhook")
"""What a first tag is offered of; their names are those of their manifests."""
DEMO = "firsthand-demo"


class Step(NamedTuple):
    """One step."""

    number: int
    key: str
    title: str
    state: State
    words: str


@dataclass(frozen=True)
class Facts:
    """What the steps follow from."""

    live: Snapshot | None
    workspaces: tuple[Workspace, ...]
    arrived: Arrivals
    has_second_factor: bool
    delivered: tuple[str, ...]
    """Tags by which something was delivered lately."""

    @property
    def domains(self) -> tuple[str, ...]:
        """The live container's."""
        return self.live.container.domains if self.live else ()

    @property
    def is_demo(self) -> bool:
        """Whether what is live is the demo's container."""
        return self.live is not None and self.live.container.container == DEMO

    @property
    def sending(self) -> list[str]:
        """The live tags that send."""
        tags = self.live.container.tags if self.live else {}
        return [id for id, tag in tags.items() if not (tag.paused or tag.dry_run)]


def facts(call: Call) -> Facts:
    """Returns what is there."""
    data = call.admin.data_dir
    try:
        with call.admin.read() as control:
            live, workspaces = live_version(control), tuple(control.workspaces.list())
            user = control.accounts.user(call.me.name)
    except OperatorError:  # Nothing was ever stored here.
        live, workspaces, user = None, (), None
    found = arrivals(data, live.container.domains if live else ())
    attempts = list_attempts(data, limit=50)
    delivered = tuple(dict.fromkeys(row["tag"] for row in attempts if row["disposition"] == "delivered"))
    return Facts(live, workspaces, found, bool(user and user.totp), delivered)


def steps(known: Facts) -> list[Step]:
    """Returns the steps with their states, in their order."""
    arrived, sends = known.arrived, known.sending
    has_come = arrived.from_pages or arrived.from_servers
    return [
        Step(1, "account", "Your account", "done", "You are signed in." if known.has_second_factor else
             "You are signed in, with a password alone."),
        Step(2, "subdomain", "Subdomain", "done" if arrived.host else "open",
             f"Hits come by {arrived.host}." if arrived.host else "No hit has come by a domain of the store yet."),
        Step(3, "snippet", "Snippet", "done" if has_come else "open", _sources(arrived)),
        Step(4, "first-hit", "First hit", "done" if arrived.hits else "open",
             "Hits arrive." if arrived.hits else "None has arrived yet."),
        Step(5, "destination", "First destination", "done" if known.delivered else "open", _destination(known, sends)),
        Step(6, "backup", "Backup and retention", "advice", "Decide once; nothing here can tell whether you did."),
    ]  # fmt: skip


def _sources(arrived: Arrivals) -> str:
    told = [name for name, is_so in (("pages", arrived.from_pages), ("servers", arrived.from_servers)) if is_so]
    return (
        f"Hits come from the store's {' and '.join(told)}." if told else "Nothing has come from the store itself yet."
    )


def _destination(known: Facts, sends: list[str]) -> str:
    if known.delivered:
        return f"Events were delivered by {', '.join(known.delivered)}."
    return f"{', '.join(sends)} would send; nothing was delivered yet." if sends else "No live tag sends yet."


def as_data(step: Step) -> dict[str, Any]:
    """Returns a step as programs read it."""
    return step._asdict()
