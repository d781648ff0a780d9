"""Files that the collector serves beside its clients: pixel script, demo shop. They are never logged as hits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from runtime.edge.asgi import Header, Reply, reply, with_headers
from runtime.edge.incoming import Incoming

SCRIPT_POLICY = "default-src 'none'"


@dataclass(frozen=True, slots=True)
class ServedFile:
    """One file, its type, and the policies that it has of its own."""

    content: bytes
    content_type: str
    policy: str = SCRIPT_POLICY
    """Its Content-Security-Policy."""
    cache: str = "public, max-age=3600"


class Served:
    """A served file with its answers made."""

    def __init__(self, file: ServedFile) -> None:
        self._tag = b'"%b"' % hashlib.sha256(file.content).hexdigest()[:32].encode()
        headers: list[Header] = [
            (b"cache-control", file.cache.encode("ascii")),
            (b"etag", self._tag),
            (b"x-content-type-options", b"nosniff"),
            (b"content-security-policy", file.policy.encode("ascii")),
        ]
        self._whole = reply(200, [(b"content-type", file.content_type.encode("ascii")), *headers], file.content)
        self._unchanged = reply(304, headers)
        self._wrong_method = with_headers(reply(405, headers[2:]), [(b"allow", b"GET, HEAD")])

    def answer(self, incoming: Incoming) -> Reply:
        """Returns the file, or that the sender's copy is the same."""
        if incoming.method not in ("GET", "HEAD"):
            return self._wrong_method
        known = incoming.headers.get(b"if-none-match", b"")
        return self._unchanged if known and self._tag in known else self._whole
