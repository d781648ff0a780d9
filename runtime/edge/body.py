"""Reads a request's body within its limit, and decompresses it within four times that.

Only gzip and deflate are taken: their decoders stop at a given size. Brotli's does not, and a few hundred bytes of it
can hold hundreds of megabytes.
"""

from __future__ import annotations

import zlib

from runtime.edge.asgi import Receive
from runtime.edge.incoming import Incoming
from runtime.errors import SenderError

DECODED_FACTOR = 4
"""How many times the body limit its decompressed form may reach."""

_CODINGS = frozenset({b"identity", b"gzip", b"x-gzip", b"deflate"})
_GZIP_OR_ZLIB, _BARE_DEFLATE = 47, -15


class Disconnected(Exception):
    """The sender went away before its body was complete."""


async def read_body(incoming: Incoming, receive: Receive, limit: int) -> bytes:
    """Returns the body, decompressed. Raises `SenderError` (413, 415, 400) and `Disconnected`."""
    headers = incoming.headers
    length = headers.get(b"content-length")
    if length is None and b"transfer-encoding" not in headers:
        return b""
    if length is not None and int(length) > limit:
        raise _too_large(limit)
    coding = headers.get(b"content-encoding", b"identity").strip().lower()
    if coding not in _CODINGS:
        raise _unknown_coding()
    body = await _receive_all(receive, limit)
    return body if coding == b"identity" or not body else decompress(body, limit * DECODED_FACTOR)


async def _receive_all(receive: Receive, limit: int) -> bytes:
    message = await receive()
    chunks, size = [], 0
    while message["type"] == "http.request":
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
        message = await receive()
    raise Disconnected


def decompress(body: bytes, limit: int) -> bytes:
    """Returns the decompressed body; raises `SenderError` where it is damaged, goes on after its end, or is too large.

    `deflate` means zlib's format, but some senders send the bare one.
    """
    framed = body[:2] == b"\x1f\x8b" or _is_zlib(body)
    inflate = zlib.decompressobj(_GZIP_OR_ZLIB if framed else _BARE_DEFLATE)
    try:
        decoded = inflate.decompress(body, limit + 1)
    except zlib.error as error:
        raise _damaged() from error
    if len(decoded) > limit:
        raise _too_large(limit)
    if not inflate.eof or inflate.unused_data:
        raise _damaged()
    return decoded


def _is_zlib(body: bytes) -> bool:
    """Whether the first two bytes are a zlib header (RFC 1950 2.2)."""
    return len(body) > 1 and body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0


def _too_large(limit: int) -> SenderError:
    return SenderError(413, "body_too_large", "The body is too large.", hint=f"Send at most {limit} bytes.")


def _unknown_coding() -> SenderError:
    message = "The body's Content-Encoding is not supported."
    return SenderError(415, "unsupported_encoding", message, hint="Use gzip or deflate, or none.")


def _damaged() -> SenderError:
    return SenderError(400, "bad_encoding", "The compressed body is damaged.", hint="Send one complete gzip stream.")
