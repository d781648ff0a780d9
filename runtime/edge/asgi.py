"""The ASGI types that the collector speaks, and a complete answer as two ready messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

Header = tuple[bytes, bytes]
"""Name in lower case, value."""


class Reply(NamedTuple):
    """One answer. Its messages may be shared between requests: nothing changes them."""

    start: Message
    body: Message


def reply(status: int, headers: list[Header], body: bytes = b"") -> Reply:
    """Builds an answer; its length is stated here, but for 204 and 304, which have none."""
    if status not in (204, 304):
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    return Reply(
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body, "more_body": False},
    )


def with_headers(made: Reply, extra: list[Header]) -> Reply:
    """Returns the answer with more headers; the given one stays as it is."""
    if not extra:
        return made
    return Reply({**made.start, "headers": made.start["headers"] + extra}, made.body)
