"""Compiles the answers that a manifest declares. What no request changes is made once, here.

Every answer of the collector forbids sniffing, scripts and storing: its host is same-site with the shop, so a page
served from it could set the shop's cookies.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from runtime.edge.asgi import Header, Reply, reply
from runtime.errors import Overloaded, SenderError
from runtime.model.manifest import Answer, Answers

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""One transparent pixel, 43 bytes."""

SAFE_HEADERS: list[Header] = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
]

Values = Mapping[str, Any]

_NOTHING: dict[str, Any] = {
    "count": 0,
    "hit_id": "",
    "message": "",
    "reason": "",
    "code": 0,
    "hint": "",
    "transient": False,
}
"""Every placeholder, and what it stands for where an outcome does not say."""

_PLACEHOLDER = re.compile('"\\{(NAMES)\\}"|\\{(NAMES)\\}'.replace("NAMES", "|".join(_NOTHING)))


class Template:
    """The body of one answer, and its type."""

    def __init__(self, answer: Answer) -> None:
        self.type = _TYPES[answer.kind]
        self.fixed: bytes | None = PIXEL if answer.kind == "gif" else b""
        self._pieces: list[_Piece] = []
        if answer.kind == "json":
            text = msgspec.json.encode(answer.template).decode()
            self._pieces = _pieces(text)
            self.fixed = text.encode() if len(self._pieces) == 1 else None

    def body(self, values: Values) -> bytes:
        """Returns the body with its placeholders filled in; a placeholder without a value stands for nothing."""
        if self.fixed is not None:
            return self.fixed
        return "".join([text or _fill(name, whole, values) for text, name, whole in self._pieces]).encode()


_TYPES: dict[str, list[Header]] = {
    "gif": [(b"content-type", b"image/gif")],
    "json": [(b"content-type", b"application/json")],
    "empty": [],
}
_Piece = tuple[str, str, bool]
"""Literal text; or "" and a placeholder's name, and whether it is the whole value and so keeps its type."""


def _pieces(text: str) -> list[_Piece]:
    """Splits JSON text at its placeholders."""
    parts = _PLACEHOLDER.split(text)  # literal, whole value or None, part of a text or None, literal, ...
    pieces = [(part or "", "", False) for part in parts[::3]]
    names = [("", whole or part, whole is not None) for whole, part in zip(parts[1::3], parts[2::3], strict=True)]
    woven = [piece for pair in zip(pieces, names, strict=False) for piece in pair]
    return [piece for piece in [*woven, pieces[-1]] if piece[0] or piece[1]]


def _fill(name: str, whole: bool, values: Values) -> str:
    value = values.get(name, _NOTHING[name])
    if whole:
        return msgspec.json.encode(value).decode()
    return msgspec.json.encode(value if isinstance(value, str) else str(value)).decode()[1:-1]


class ClientAnswers:
    """The answers of one client. `headers` stand in each of them."""

    def __init__(self, declared: Answers, headers: list[Header]) -> None:
        self._headers = SAFE_HEADERS + headers
        self._accepted = self._compile(declared.accepted)
        self._by_method = {method: self._compile(answer) for method, answer in declared.by_method.items()}
        self._refused = Template(declared.refused)
        self._codes = declared.codes

    def _compile(self, answer: Answer) -> tuple[int, Template, Reply | None]:
        template = Template(answer)
        fixed = template.fixed
        ready = None if fixed is None else reply(answer.status, self._headers + template.type, fixed)
        return answer.status, template, ready

    def accepted(self, method: str, *, count: int, hit_id: str) -> Reply:
        """Returns the answer to a hit that is durable."""
        status, template, ready = self._by_method.get(method, self._accepted)
        if ready is not None:
            return ready
        body = template.body({"count": count, "hit_id": hit_id})
        return reply(status, self._headers + template.type, body)

    def refused(self, error: SenderError | Overloaded) -> Reply:
        """Returns the answer to a request that was not taken: its status is the error's, its shape the client's."""
        status = error.status if isinstance(error, SenderError) else 503
        values = {
            "message": error.message,
            "reason": error.reason,
            "code": self._codes.get(error.reason, self._codes.get("*", status)),
            "hint": error.hint,
            "transient": isinstance(error, Overloaded),
        }
        headers = self._headers + self._refused.type + _explaining(error)
        return reply(status, headers, self._refused.body(values))


def _explaining(error: SenderError | Overloaded) -> list[Header]:
    """Returns the headers that HTTP itself asks for beside a status."""
    if isinstance(error, Overloaded):
        return [(b"retry-after", b"%d" % error.retry_after_s)]
    return [(b"accept-encoding", b"gzip, deflate")] if error.status == 415 else []
