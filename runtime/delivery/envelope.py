"""Fills what a script described: items, secrets, the time of the attempt, HMACs of secrets.

A placeholder is a name between two NUL characters. Scripts pass it around as text, so it arrives in three dialects:
raw, JSON-escaped (in a body that was a table) and percent-encoded (after `url.encode`); what fills it is escaped in
kind. Items are put in last and never searched, so that event data cannot pose as a placeholder.

Order: secrets and time, then items, then HMACs, whose message may hold the finished body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol
from urllib.parse import quote

import msgspec

from runtime.errors import ScriptFault
from runtime.model.delivery import MAX_ANSWER, Envelope, Request
from runtime.text.marks import NAMED, WORDS
from runtime.text.secrets import reference

# A JSON-escaped NUL counts only where its backslash is not itself escaped.
_HOLE = re.compile(
    r"(?:(?P<raw>\x00)|(?P<percent>%00)|(?P<lead>(?<!\\)(?:\\\\)*)(?P<quote>\"?)\\u0000)"
    + rf"(?:{WORDS}|{NAMED})"
    + r"(?(raw)\x00|(?(percent)%00|\\u0000(?P<unquote>\"?)))"
)


class Filled(msgspec.Struct, frozen=True):
    """A request that is ready to send, and what may be said about it."""

    request: Request
    body_sha256: bytes
    secrets: dict[str, str]
    """Secrets that went in, by name: whoever shows an answer masks them first. Never log or store it."""


class Masked(msgspec.Struct, frozen=True):
    """The same request as people may see it: `secret:NAME` and `hmac:NAME` stand for what they name."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    body_sha256: bytes


class _Values(Protocol):
    def secret(self, name: str) -> str: ...
    def hmac(self, name: str, message: bytes, form: str | None) -> str: ...


class _Real:
    def __init__(self, secret: Callable[[str], str]) -> None:
        self._look_up = secret
        self.used: dict[str, str] = {}

    def secret(self, name: str) -> str:
        if name not in self.used:
            self.used[name] = self._look_up(name)
        return self.used[name]

    def hmac(self, name: str, message: bytes, form: str | None) -> str:
        digest = hmac.digest(self.secret(name).encode(), message, "sha256")
        return base64.b64encode(digest).decode("ascii") if form else digest.hex()


class _Names:
    def secret(self, name: str) -> str:
        return reference(name)

    def hmac(self, name: str, message: bytes, form: str | None) -> str:
        return f"hmac:{name}"


def fill(
    envelope: Envelope,
    items: Sequence[bytes],
    *,
    at_s: int,
    secret: Callable[[str], str],
    timeout_s: float,
    hosts: tuple[str, ...],
    max_answer: int = MAX_ANSWER,
) -> Filled:
    """Returns the complete request. `at_s` is the attempt's Unix time.

    Raises ScriptFault where a placeholder stands where it cannot be filled, and whatever `secret` raises.
    """
    values = _Real(secret)
    joined = b",".join(items)
    method, url, headers, body = _filled(envelope, joined, at_s, values)
    request = Request(method, url, headers, body, timeout_s, hosts, max_answer)
    return Filled(request, _hash_before_secrets(envelope, joined, at_s), values.used)


def mask(envelope: Envelope, items: Sequence[bytes], *, at_s: int) -> Masked:
    """Returns the request with names in place of secrets; its hash equals the one of the attempt that sent it."""
    joined = b",".join(items)
    method, url, headers, body = _filled(envelope, joined, at_s, _Names())
    return Masked(method, url, headers, body, hashlib.sha256(body).digest())


def _filled(envelope: Envelope, items: bytes, at_s: int, values: _Values) -> tuple[str, str, dict[str, str], bytes]:
    body = b"".join(_Filler(values, items, at_s).pieces(envelope.body))
    outer = _Filler(values, items, at_s, body)
    headers = {name: outer.text(value) for name, value in envelope.headers.items()}
    return envelope.method.upper(), outer.url(envelope.url), headers, body


def _hash_before_secrets(envelope: Envelope, items: bytes, at_s: int) -> bytes:
    hashed = hashlib.sha256()
    for piece in _Filler(_Names(), items, at_s).pieces(envelope.body):
        hashed.update(piece)
    return hashed.digest()


class _Filler:
    """Fills one text after another; `body` is given once it is final."""

    def __init__(self, values: _Values, items: bytes, at_s: int, body: bytes | None = None) -> None:
        self._values, self._items, self._at_s, self._body = values, items, at_s, body

    def text(self, template: str) -> str:
        return b"".join(self.pieces(template)).decode()

    def url(self, template: str) -> str:
        """A secret inside a URL is one component of it, so it is percent-encoded; at the start it is the URL itself."""
        start = _HOLE.match(template)
        head = template[: start.end()] if start else ""
        rest = b"".join(self.pieces(template[len(head) :], raw=lambda value: quote(value, safe="")))
        return self.text(head) + rest.decode()

    def pieces(self, template: str, raw: Callable[[str], str] = str) -> Iterator[bytes]:
        end = 0
        for hole in _HOLE.finditer(template):
            yield template[end : hole.start()].encode()
            yield from self._fill(hole, raw)
            end = hole.end()
        yield template[end:].encode()

    def _fill(self, hole: re.Match[str], raw: Callable[[str], str]) -> Iterator[bytes]:
        if hole["raw"] or hole["percent"]:
            escape = raw if hole["raw"] else _percent
            yield self._whole(hole["word"]) if hole["word"] in ("items", "body") else escape(self._value(hole)).encode()
        elif hole["word"] == "items":
            yield from self._array(hole)
        else:
            value = self._body_text() if hole["word"] == "body" else self._value(hole)
            yield f"{hole['lead']}{hole['quote']}{_json(value)}{hole['unquote']}".encode()

    def _array(self, hole: re.Match[str]) -> Iterator[bytes]:
        if not (hole["quote"] and hole["unquote"]):
            raise ScriptFault("result", "`batch.items` in a table must be a value of its own, not part of a text")
        yield hole["lead"].encode() + b"["
        yield self._items
        yield b"]"

    def _whole(self, word: str) -> bytes:
        return self._items if word == "items" else self._body_text().encode()

    def _body_text(self) -> str:
        if self._body is None:
            raise ScriptFault("result", "`batch.body` can stand in an HMAC's message or a header, not in the body")
        return self._body.decode()

    def _value(self, hole: re.Match[str]) -> str:
        if hole["word"] == "time":
            return str(self._at_s)
        if hole["secret"]:
            return self._values.secret(hole["secret"])
        return self._values.hmac(hole["key"], b"".join(self.pieces(_message(hole["message"]))), hole["form"])


def _message(digits: str) -> str:
    try:
        return bytes.fromhex(digits).decode()
    except UnicodeDecodeError as error:
        raise ScriptFault("result", "the message of an HMAC must be UTF-8 text") from error


def _json(value: str) -> str:
    return msgspec.json.encode(value).decode()[1:-1]


def _percent(value: str) -> str:
    return quote(value, safe="")
