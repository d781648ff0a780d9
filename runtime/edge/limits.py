"""Bounds of a connection, and the refusals of requests that break them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.settings import Settings

HEAD_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one connection, in bytes, headers and seconds."""

    url: int = 16 * 1024
    head: int = HEAD_BYTES
    """Header bytes, request line not included."""
    headers: int = 100
    message: int = 8 * 1024 * 1024
    """All bytes of one request. Chunk framing and trailers pass no other bound."""
    receive_s: float = 10.0
    """From a request's first byte to its last."""
    linger_s: float = 1.0
    """How long a refused sender may go on sending, so that it can read its answer before the connection ends."""
    connections: int = 4096

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Returns the limits that the operator's settings imply."""
        head = settings.max_url_bytes + HEAD_BYTES
        return cls(url=settings.max_url_bytes, message=2 * settings.max_body_bytes + head)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The status that the sender gets, the code that is counted and sent, and what the sender must change."""

    status: int
    reason: str
    message: str


BAD_SYNTAX = Refusal(400, "bad_request", "The request is not valid HTTP/1.1.")
BAD_TARGET = Refusal(400, "bad_target", "Ask for a path; a whole URL is not taken here.")
NOT_ONE_HOST = Refusal(400, "not_one_host", "Send exactly one Host header.")
BAD_CODING = Refusal(400, "bad_transfer_encoding", "The only transfer coding taken is chunked, and only in HTTP/1.1.")
TOO_SLOW = Refusal(408, "receive_deadline", "The request did not arrive whole in time. Send it again.")
TOO_LARGE = Refusal(413, "message_too_large", "The request is larger than any that is taken here.")
URL_TOO_LONG = Refusal(414, "url_too_long", "The URL is too long. Send the data in the body.")
HEAD_TOO_LARGE = Refusal(
    431, "headers_too_large", "The headers are too many or too large. Send fewer or shorter cookies."
)
TOO_MANY_CONNECTIONS = Refusal(503, "too_many_connections", "The server is busy. Send the request again in a moment.")


def judge_head(target: bytes, headers: Sequence[tuple[bytes, bytes]], version: str, limits: Limits) -> Refusal | None:
    """Returns what is wrong with a request line and its headers (names in lower case), or None.

    Only a path is taken as target: with an absolute URL a request would name two hosts. Only `chunked` is taken as
    transfer coding, and not from HTTP/1.0, which does not know it: anything else two servers may read differently.
    """
    if not target.startswith(b"/") and target != b"*":
        return BAD_TARGET
    size = hosts = 0
    for name, value in headers:
        size += len(name) + len(value) + 4
        if name == b"host":
            hosts += 1
        elif name == b"transfer-encoding" and (value.lower() != b"chunked" or version == "1.0"):
            return BAD_CODING
    if size > limits.head or len(headers) > limits.headers:
        return HEAD_TOO_LARGE
    return None if hosts == 1 else NOT_ONE_HOST
