"""Valid requests of every client, in every form that it takes, and the parts that a mutation may spoil.

A `Draft` is what the request says, a `Message` how it is sent. A mutation spoils one of the two; the draft of the same
shape that nobody touched is the valid twin.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from urllib.parse import quote

from tests.support.shop import AGENT, PIXEL, SECRETS

Shape = Literal[
    "pixel query", "pixel form", "pixel multipart", "bridge", "intake json", "intake form", "event", "event list"
]
"""A client, and how the request carries its event."""

Shapes = tuple[Shape, ...]
SHAPES: Shapes = get_args(Shape)
INTAKE: Shapes = ("intake json", "intake form")
COMMON: Shapes = ("event", "event list")
META: Shapes = ("bridge", *INTAKE)
JSON: Shapes = META + COMMON
POSTED: Shapes = SHAPES[1:]
BROWSER: Shapes = tuple(shape for shape in SHAPES if shape not in INTAKE)
"""The sender is the visitor, so that cookies and addresses say something."""

PATHS: dict[str, bytes] = {
    "pixel": b"/tr",
    "bridge": b"/events",
    "intake": b"/capi/%b/events" % PIXEL.encode(),
    "event": b"/e",
}
BOUNDARY = b"----firsthand"
HASH = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"
CONTENTS = '[{"id":"sku-1","quantity":1,"item_price":12.5}]'
PAGE = "https://shop.localhost/thanks"
FBP = "fb.1.1790000000000.1234567890"

Pair = tuple[bytes, bytes]


@dataclass
class Message:
    """A request as it goes over the wire. Content-Length is added where `framed`."""

    method: bytes
    target: bytes
    headers: list[Pair]
    body: bytes = b""
    version: bytes = b"HTTP/1.1"
    framed: bool = True
    separator: bytes = b": "

    def header(self, name: bytes, value: bytes) -> None:
        """Sets a header, in place of one of that name."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()]
        self.headers.append((name, value))

    def raw(self) -> bytes:
        """Returns the bytes to send."""
        framing = [(b"content-length", b"%d" % len(self.body))] if self.framed and self.method != b"GET" else []
        lines = [name + self.separator + value for name, value in self.headers + framing]
        head = [b"%b %b %b" % (self.method, self.target, self.version), *lines]
        return b"\r\n".join(head) + b"\r\n\r\n" + self.body


@dataclass
class Draft:
    """What a valid request says."""

    shape: Shape
    pairs: list[Pair] = field(default_factory=list)
    """Names and values of a query or a form, percent-encoded except in multipart."""
    event: dict[str, Any] = field(default_factory=dict)
    """The event of a JSON body."""
    events: Any = None
    """The list that holds the event, in the shapes that send one."""
    envelope: dict[str, Any] = field(default_factory=dict)
    """What stands beside `data`."""
    spoil: Callable[[bytes], bytes] = bytes
    """Spoils the JSON text."""
    token: bytes | None = None

    def value(self, name: str) -> bytes:
        """Returns the value of a pair."""
        return dict(self.pairs)[self._encoded(name)]

    def put(self, name: str, value: bytes) -> None:
        """Gives a pair another value, as it will be sent."""
        key = self._encoded(name)
        self.pairs = [(each, value if each == key else old) for each, old in self.pairs]

    def drop(self, name: str) -> None:
        """Leaves a pair out."""
        self.pairs = [pair for pair in self.pairs if pair[0] != self._encoded(name)]

    def add(self, name: str, value: str) -> None:
        """Adds a pair, the ones of that name notwithstanding."""
        self.pairs.append((self._encoded(name), self._encoded(value)))

    def _encoded(self, text: str) -> bytes:
        return text.encode() if self.shape == "pixel multipart" else quote(text, safe="").encode()

    def message(self) -> Message:
        """Returns the request."""
        headers = [(b"host", b"shop.localhost"), (b"user-agent", AGENT.encode())]
        if self.token is not None:
            headers.append((b"authorization", b"Bearer " + self.token))
        path = PATHS[self.shape.partition(" ")[0]]
        if self.shape == "pixel query":
            return Message(b"GET", path + b"?" + joined(self.pairs), headers)
        kind, body = self._body()
        return Message(b"POST", path, [*headers, (b"content-type", kind)], body)

    def _body(self) -> tuple[bytes, bytes]:
        if self.shape == "pixel multipart":
            return b"multipart/form-data; boundary=" + BOUNDARY, multipart(self.pairs)
        if self.shape == "pixel form":
            return b"application/x-www-form-urlencoded", joined(self.pairs)
        if self.shape == "intake form":
            data = quote(self._json(self.events), safe="").encode()
            return b"application/x-www-form-urlencoded", joined([(b"data", data), *self.pairs])
        if self.shape == "intake json":
            whole = self.envelope if self.events is None else {**self.envelope, "data": self.events}
            return b"application/json", self._json(whole)
        return b"text/plain", self._json(self.event if self.events is None else self.events)

    def _json(self, value: Any) -> bytes:
        return self.spoil(json.dumps(value).encode())


def joined(pairs: list[Pair]) -> bytes:
    """Writes pairs as a query."""
    return b"&".join(name + b"=" + value for name, value in pairs)


def part(name: bytes, value: bytes) -> bytes:
    """Writes one part of a multipart form, with whatever stands behind `form-data`."""
    return b"--%b\r\nContent-Disposition: form-data%b\r\n\r\n%b\r\n" % (BOUNDARY, name, value)


def multipart(pairs: list[Pair]) -> bytes:
    """Writes pairs as a multipart form."""
    return b"".join(part(b'; name="%b"' % name, value) for name, value in pairs) + b"--%b--\r\n" % BOUNDARY


def draft(shape: Shape, event_id: str) -> Draft:
    """Returns a valid purchase."""
    client = shape.partition(" ")[0]
    if client == "pixel":
        made = Draft(shape)
        for name, value in _pixel(event_id).items():
            made.add(name, value)
        return made
    event = {"bridge": _bridge, "intake": _intake, "event": _common}[client](event_id)
    made = Draft(shape, event=event, events=[event] if shape.startswith("intake") or shape == "event list" else None)
    if client == "intake":
        made.token = SECRETS["FIRSTHAND_SECRET_INTAKE"].encode()
    return made


def _pixel(event_id: str) -> dict[str, str]:
    return {
        "id": PIXEL, "ev": "Purchase", "eid": event_id, "dl": PAGE, "rl": "", "ts": str(int(time.time() * 1000)),
        "sw": "1920", "sh": "1080", "fbp": FBP, "ud[em]": HASH, "cd[value]": "12.5", "cd[currency]": "EUR",
        "cd[num_items]": "1", "cd[contents]": CONTENTS, "cd[content_ids]": '["sku-1"]',
    }  # fmt: skip


def _bridge(event_id: str) -> dict[str, Any]:
    return {
        "fb.pixel_id": PIXEL,
        "event_name": "Purchase",
        "event_id": event_id,
        "website_context": {"location": PAGE},
        "custom_data": {"value": 12.5, "currency": "EUR", "contents": json.loads(CONTENTS)},
        "fb.advanced_matching": {"em": HASH},
        "fb.fbp": FBP,
    }


def _intake(event_id: str) -> dict[str, Any]:
    return {
        "event_name": "Purchase",
        "event_time": int(time.time()),
        "event_id": event_id,
        "action_source": "website",
        "event_source_url": PAGE,
        "user_data": {"em": [HASH], "client_user_agent": AGENT},
        "custom_data": {"value": 12.5, "currency": "EUR", "contents": json.loads(CONTENTS)},
    }


def _common(event_id: str) -> dict[str, Any]:
    return {
        "event_name": "purchase",
        "event_id": event_id,
        "page_location": PAGE,
        "value": 12.5,
        "currency": "EUR",
        "items": [{"item_id": "sku-1", "quantity": 1, "price": 12.5}],
        "user_data": {"email_address": "customer@shop.example"},
    }
