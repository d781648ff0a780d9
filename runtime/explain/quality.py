"""How well vendors can match what is sent, and merge it with what they hear from browsers: a sample of the last events.

Events are made again from the last hits, without any tag, so nothing about visitors is stored for this.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from runtime.delivery.summaries import masked
from runtime.explain.newest import newest_hits
from runtime.explain.programs import Programs
from runtime.explain.put_away import careful_sandbox
from runtime.model.event import Event
from runtime.model.hit import LoggedHit
from runtime.model.policy import Policy
from runtime.pipeline.run import run
from runtime.store.files import control_path

SAMPLE = 300
"""Hits that are looked at."""
KEPT_S = 60.0
NO_TAGS: frozenset[str] = frozenset()


class Key(NamedTuple):
    """Something that a vendor can know a visitor, or an event, by."""

    name: str
    help: str
    holds: Callable[[Event], Any]


def _user(*names: str) -> Callable[[Event], Any]:
    def found(event: Event) -> Any:
        data = event.get("user_data")
        return isinstance(data, dict) and any(data.get(name) for name in names)

    return found


def _field(*names: str) -> Callable[[Event], Any]:
    return lambda event: any(event.get(name) for name in names)


KEYS = (
    Key("event id of the sender", "Without one no vendor can merge the browser's copy with the server's.",
        lambda event: event.get("event_id") and not event.get("x-event-id-generated")),
    Key("e-mail", "user_data.email_address, plain or hashed.", _user("email_address", "sha256_email_address")),
    Key("phone", "user_data.phone_number, plain or hashed.", _user("phone_number", "sha256_phone_number")),
    Key("external id", "user_id, the store's own number of the customer.", _field("user_id")),
    Key("browser id", "_fbp, set by Firsthand where consent allows.", _field("x-fb-ck-fbp")),
    Key("click id", "_fbc, made of fbclid on the landing page.", _field("x-fb-ck-fbc")),
    Key("IP address", "The visitor's, by the trusted proxies' word.", _field("ip_override")),
    Key("user agent", "The visitor's.", _field("user_agent")),
)  # fmt: skip


@dataclass
class NameQuality:
    """The events of one name."""

    name: str
    events: int = 0
    with_key: Counter[str] = field(default_factory=Counter)

    def share(self, key: str) -> float:
        """Returns the share of its events that have a key."""
        return self.with_key[key] / self.events if self.events else 0.0


@dataclass
class Quality:
    """The whole sample."""

    hits: int
    names: list[NameQuality]
    pairs: int
    """Event ids that came by more than one client: a browser's and a server's copy, for example."""
    repeated: int
    """Event ids that the same client sent more than once."""
    keys: tuple[Key, ...] = KEYS


_kept: dict[Path, tuple[float, Quality]] = {}


def quality(data_dir: Path, policy: Policy, *, sample: int = SAMPLE) -> Quality:
    """Returns the quality of the last live events; the same answer for a minute, as it takes a moment to make."""
    known = _kept.get(data_dir)
    if known and time.monotonic() - known[0] < KEPT_S:
        return known[1]
    found = _quality(data_dir, policy, sample)
    _kept[data_dir] = (time.monotonic(), found)
    return found


def _quality(data_dir: Path, policy: Policy, sample: int) -> Quality:
    programs = Programs(control_path(data_dir), careful_sandbox(data_dir), policy=policy)
    names: defaultdict[str, NameQuality] = defaultdict(lambda: NameQuality(""))
    senders: defaultdict[str, Counter[str]] = defaultdict(Counter)
    hits = [logged for _, logged in islice(newest_hits(data_dir), sample)]
    for client, event in _events(hits, programs):
        known = names[masked(str(event["event_name"]))]
        known.events += 1
        known.with_key.update(key.name for key in KEYS if key.holds(event))
        if not event.get("x-event-id-generated"):
            senders[str(event["event_id"])][client] += 1
    for name, each in names.items():
        each.name = name
    pairs = sum(len(clients) > 1 for clients in senders.values())
    repeated = sum(max(clients.values()) > 1 for clients in senders.values())
    return Quality(len(hits), sorted(names.values(), key=lambda each: -each.events), pairs, repeated)


def _events(hits: list[LoggedHit], programs: Programs) -> Iterator[tuple[str, Event]]:
    for logged in hits:
        for run_ in run(logged, programs.program(logged.hit.version), only=NO_TAGS).events:
            yield logged.hit.client, run_.event
