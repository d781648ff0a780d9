"""What the app lends to delivery, and the figures that tests make small.

Delivery knows neither scripts nor HTTP clients: it is handed plain callables.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from runtime.delivery.retry import Backoff
from runtime.model.delivery import Batch, Envelope, Request, Response, Verdict
from runtime.model.event import Outcome
from runtime.model.hit import LoggedHit
from runtime.store.control import CommandRow


@dataclass(frozen=True, slots=True)
class Source:
    """Where hits come from and what the pipeline makes of them."""

    read: Callable[[int, int], list[LoggedHit]]
    """Returns up to that many hits after that one, in order."""
    run: Callable[[LoggedHit, frozenset[str] | None], Outcome]
    """Runs parse to map by the version that the hit carries; for the given tags only, or for all (None). Raises
    OperatorError where it cannot now (the hit waits); what a script does wrong is part of the outcome."""
    version: Callable[[str, int], int] = lambda tag, arrived: arrived
    """Returns the version whose `map` makes a tag's items of hits that arrived on that version."""
    costs: Mapping[str, list[int]] = field(default_factory=dict)
    """Template to [nanoseconds, calls] that its scripts have cost this process so far."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where commands come from, and what only the app can do about them."""

    shard: int
    """The router's own."""
    stamp: Callable[[], int]
    """A number that changes when there may be a new command."""
    next: Callable[[int], CommandRow | None]
    """Returns the command that follows that number. Raises FormatTooNew where it is of an unknown kind."""
    lift: Callable[[str], bool] = lambda script: False
    """Lets a quarantined script run again; returns whether it was quarantined."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """How a batch leaves. All by the live version."""

    request: Callable[[str, Batch], Envelope]
    """Describes the request of a tag's batch. Raises ScriptFault."""
    judge: Callable[[str, Response, Batch], Verdict]
    """Says what the answer means. Raises ScriptFault."""
    send: Callable[[Request], Awaitable[Response]]
    """Raises VendorError."""
    secret: Callable[[str], str]
    """Returns a secret by name. Raises OperatorError."""
    clock: Callable[[], float] = time.time
    """Unix seconds."""
    basis: str = ""
    """What beside hit, version and look-ups decides the bytes, as attempts keep it; "" where nobody told."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Delivery's own figures. Those of a vendor are in its manifest."""

    backoff: Backoff = field(default_factory=Backoff)
    stopped_probe_s: float = 300.0
    """How often a tag that was stopped (bad credential, faulty script) is tried again."""
    queue_items: int = 5000
    queue_bytes: int = 16_000_000
    """Items of one tag in memory; beyond, the tag lags and re-reads the log later."""
    park_after: int = 5
    """A batch that fails as a whole so often, while others of its tag pass, is parked so that the cursor can move."""
    settle_s: float = 0.25
    settle_rows: int = 5000
    """A settlement of so many rows is written at once."""
    coalesce_s: float = 0.005
    """Wait after a wake-up, so that one read serves what arrived together."""
    poll_s: float = 1.0
    """The log is read so often even if no wake-up came."""
    slice_s: float = 0.002
    """The consumer yields to the loop after working so long."""
    read_hits: int = 256
    commands_s: float = 0.5
    """How often the router looks for commands."""
    replay_s: float = 0.1
    """How often a replay that has to wait looks whether it may go on."""
    replay_items: int = 500
    """Items of one tag that replays may have handed over and that were not tried yet: live ones wait for no more."""
    replay_share: float = 0.2
    """Of the loop's time that a replay may take while it looks for what to send."""
    sweep_s: float = 60.0
    """How often a tag that cannot send looks for items that became too old."""
    waiting_hits: int = 5000
    """Hits that may wait for look-ups; beyond, the consumer reads no further until some have gone on."""
    answers: int = 10_000
    answer_bytes: int = 16_000_000
    """Answers of look-ups that are kept for other hits."""
    lookups_at_once: int = 10
    """Look-ups under way at one host."""
    lookup_failures: int = 5
    """Look-ups without an answer, in a row, after which their host is left alone."""
    lookup_pause_s: float = 1.0
    lookup_most_pause_s: float = 30.0
    """For so long at first, and at most."""
