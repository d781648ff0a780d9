"""The wire of a simulated destination: parses requests on a connection, and answers well or in one of many bad ways."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, repeat
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

Manner = Literal[
    # The vendor takes the request and its answer counts.
    "answer",
    "interim",  # 100 and 103 before the answer
    "twice",  # the same answer twice in one piece
    "extra",  # the answer, and a moment later another one that nobody asked for
    "close_after",  # closes after the answer without having said so
    "stale",  # takes one request on a connection and hangs up on the next one
    # The request is lost, or its answer is.
    "refuse",  # hangs up as soon as somebody connects
    "hang",
    "reset",  # hangs up where an answer is due
    "reset_in_body",
    "close_after_headers",
    "drip",  # a byte every `pace_s`
    "big",  # 100 MB
    "endless",  # a body without an end
    "endless_head",  # headers without an end
    "endless_interim",  # 103 for ever
    "bad_gzip",
    "cut_gzip",
    "bomb",
    "gzip_tail",  # good gzip, and rubbish after its end without an end
    "garbage",
]
TAKEN = frozenset(("answer", "interim", "twice", "extra", "close_after", "stale"))

BIG = 100_000_000
_PIECE = b"x" * 65_536
_PACKED = {"content-encoding": "gzip"}
_EARLY = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"


@dataclass(frozen=True)
class Answer:
    """What the vendor says."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Behaviour:
    """How a request is treated. `answer` None lets the vendor decide."""

    manner: Manner = "answer"
    answer: Answer | None = None
    after_s: float = 0.0
    pace_s: float = 0.02


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at_s: float

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Desk:
    """What a connection needs of its vendor."""

    take: Callable[[Received], tuple[Behaviour, Answer]]
    """Notes a request and says how to treat it."""
    refuses: Callable[[], bool]
    """Tells that new connections are to be cut."""
    open: set[asyncio.Transport] = field(default_factory=set)
    sent: int = 0
    """Bytes that went out, so that a test can tell how much of a large answer was read."""


class Connection(asyncio.Protocol):
    """Parses requests with a Content-Length, one after the other."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._paused = self._spent = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._desk.open.add(transport)
        if self._desk.refuses():
            transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        assert self._transport is not None
        self._desk.open.discard(self._transport)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._pour()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._spent:
            self._hang_up()
        elif not self._buffer[:1].isalpha():
            self._write(b"!!! not TLS either\r\n\r\n")
        else:
            while (request := self._request()) is not None:
                behaviour, answer = self._desk.take(request)
                asyncio.get_running_loop().call_later(behaviour.after_s, self._respond, behaviour, answer)

    def _request(self) -> Received | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        stop = end + 4 + int(headers.get("content-length", 0))
        if len(self._buffer) < stop:
            return None
        method, target, _ = first.split(" ")
        body = bytes(self._buffer[end + 4 : stop])
        del self._buffer[:stop]
        return Received(method, target, headers, body, time.time())

    def _respond(self, behaviour: Behaviour, answer: Answer) -> None:
        manner, whole = behaviour.manner, encoded(answer)
        if manner in ("answer", "twice"):
            self._write(whole * (2 if manner == "twice" else 1))
        elif manner == "interim":
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n" + _EARLY + whole)
        elif manner in ("extra", "close_after", "stale"):
            self._write(whole)
            self._spent = manner == "stale"
            if manner == "close_after":
                self._close()
            elif manner == "extra":
                asyncio.get_running_loop().call_later(behaviour.pace_s, self._write, whole)
        elif manner == "drip":
            self._drip(encoded(Answer(body=b"x" * 1000)), behaviour.pace_s)
        else:
            self._misbehave(manner)

    def _misbehave(self, manner: Manner) -> None:
        if manner == "reset":
            self._hang_up()
        elif manner in ("reset_in_body", "close_after_headers"):
            self._write(_head(1000) + (b"x" * 10 if manner == "reset_in_body" else b""))
            self._hang_up() if manner == "reset_in_body" else self._close()
        elif manner == "garbage":
            self._write(b"!!! not HTTP at all\r\n\r\n")
        elif manner != "hang":
            self._pieces = _pieces(manner)
            self._pour()

    def _pour(self) -> None:
        """Writes as fast as the other side reads, in turns with the other connections."""
        if not self._paused and self._transport and not self._transport.is_closing():
            piece = next(self._pieces, None)
            if piece is not None:
                self._write(piece)
                asyncio.get_running_loop().call_soon(self._pour)

    def _drip(self, rest: bytes, pace_s: float) -> None:
        if rest and self._transport is not None and not self._transport.is_closing():
            self._write(rest[:1])
            asyncio.get_running_loop().call_later(pace_s, self._drip, rest[1:], pace_s)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._desk.sent += len(data)
            self._transport.write(data)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def encoded(answer: Answer) -> bytes:
    """Returns the answer as bytes."""
    headers = {"content-length": str(len(answer.body)), "content-type": "application/json"} | answer.headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} Status\r\n{lines}\r\n".encode() + answer.body


def _head(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n".encode()


def _pieces(manner: Manner) -> Iterator[bytes]:
    """Returns an answer that is written piece by piece."""
    chunk = b"%x\r\n%b\r\n" % (len(_PIECE), _PIECE)
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"
    if manner == "big":
        return chain((_head(BIG),), repeat(_PIECE, BIG // len(_PIECE)), (_PIECE[: BIG % len(_PIECE)],))
    if manner == "endless":
        return chain((chunked + b"\r\n",), repeat(chunk))
    if manner == "endless_head":
        return chain((b"HTTP/1.1 200 OK\r\n",), repeat(b"x-more: " + b"y" * 1000 + b"\r\n"))
    if manner == "endless_interim":
        return repeat(_EARLY)
    if manner == "gzip_tail":
        packed = gzip.compress(b"{}")
        first = b"%x\r\n%b\r\n" % (len(packed), packed)
        return chain((chunked + b"content-encoding: gzip\r\n\r\n" + first,), repeat(chunk))
    return iter((encoded(Answer(body=_packed(manner), headers=_PACKED)),))


@cache
def _packed(manner: Manner) -> bytes:
    if manner == "bomb":
        return gzip.compress(b"\0" * 50_000_000)
    return b"this is not gzip" if manner == "bad_gzip" else gzip.compress(b"x" * 1000)[:20]
