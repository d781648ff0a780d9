"""Requests that ask to change the protocol, as some HTTP clients do with each first request. Only HTTP/1.1 is spoken.

httptools takes what follows such a head for the other protocol, so the body would be lost. The head is therefore parsed
again without its wish, and the body after it.
"""

from __future__ import annotations

from collections.abc import Sequence

_WISHES = (b"upgrade", b"http2-settings")


def plain_head(method: bytes, target: bytes, version: str, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Returns the head of the same request without the wish to upgrade. The given one was parsed: it is well formed."""
    lines = [b"%b %b HTTP/%b" % (method, target, version.encode("ascii"))]
    for name, value in headers:
        if name == b"connection":
            value = b", ".join(token for token in _tokens(value) if token.lower() not in _WISHES)
        if name not in _WISHES:
            lines.append(name + b": " + value)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _tokens(value: bytes) -> list[bytes]:
    return [token.strip() for token in value.split(b",")]
