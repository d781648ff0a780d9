"""What travels between the pipeline, the dispatchers and the one HTTP module."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

MAX_ANSWER = 1024 * 1024
"""Bytes of a vendor's answer."""


class Item(msgspec.Struct, frozen=True):
    """One event mapped for one tag, encoded once."""

    seq: int
    pos: int
    version: int
    """Container version whose `map` made it."""
    data: bytes
    key: str
    event_id: str
    expires_s: int
    received_us: int = 0
    """When its hit arrived, Unix microseconds; 0 where it goes out of turn, so that nobody measures its time."""
    own: bool = False
    """Known to be made by the version that its hit arrived on. An item that waited in a file may be, too."""
    check: int = 0
    """The fingerprint of its hit, 0 where it is not known any more."""


class Batch(msgspec.Struct, frozen=True):
    """What `request` and `verdict` may know of a batch."""

    key: str
    count: int
    version: int


class Envelope(msgspec.Struct, frozen=True):
    """A described request: text with placeholders for the items, secrets, HMACs of secrets and the attempt's time."""

    method: str
    url: str
    headers: dict[str, str]
    body: str


class Request(msgspec.Struct, frozen=True):
    """An outgoing request, complete. It holds secrets: never log or store it."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    timeout_s: float = 10.0
    hosts: tuple[str, ...] = ()
    """Host patterns that this tag may contact."""
    max_answer: int = MAX_ANSWER
    """Bytes of the answer; a larger one is a VendorError."""


class Response(msgspec.Struct, frozen=True):
    """A vendor's answer."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    ms: float


class Disposition(enum.Enum):
    """What an answer means for an item."""

    DELIVERED = "delivered"
    """The vendor took it."""
    RETRY = "retry"
    """Not now; the same item goes again, with the same event id."""
    REJECT = "reject"
    """Never; the item becomes a dead letter, alone: a rejected batch is halved until the bad items are found."""


class Verdict(msgspec.Struct, frozen=True):
    """Disposition of a whole batch, or of its items by place."""

    disposition: Disposition
    reason: str = ""
    """Short code or the vendor's words, shown to people."""
    retry_after_s: float = 0.0
    stop: bool = False
    """With RETRY: the credential or the destination is at fault; the tag stops, loudly, and loses nothing."""
    final: bool = False
    """With REJECT: every item of the batch is known to be bad, so do not halve."""
    items: dict[int, Verdict] = {}
    """Places (from 0) whose verdict differs from the whole's."""


class TagPlan(msgspec.Struct, frozen=True):
    """How a tag delivers: numbers from its manifest and settings, all resolved."""

    tag: str
    template: str
    max_items: int = 1
    max_bytes: int = 1_000_000
    linger_ms: int = 50
    concurrency: int = 4
    timeout_s: float = 10.0
    backlog_age_s: int = 7 * 86400
    requests_per_s: float | None = None
    """None: as fast as the vendor answers."""
    events_per_s: float | None = None
    dry_run: bool = False
    paused: bool = False
    hosts: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
