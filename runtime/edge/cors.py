"""Which pages may read the collector's answers: those of the container's own sites, with credentials.

An origin is compared by whole labels, must be https, and is echoed; never `*`, never `null`. Plain http and ports are
for a loopback host that the container lists itself: tests and the demo. An origin lends no authority: what a page may
read says nothing about whom a hit is from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from runtime.edge.answers import SAFE_HEADERS
from runtime.edge.asgi import Header, Reply, reply
from runtime.text.domains import is_loopback, within

MAX_AGE_S = 7200
VARY: Header = (b"vary", b"Origin")
_ALLOWED_HEADERS = b"content-type, content-encoding, authorization"
_ORIGIN = re.compile(r"(https?)://(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(:[0-9]{1,5})?")
_REMEMBERED = 1024


class Cors:
    """Judges origins for one container. Origins seen before are remembered, up to a bound."""

    def __init__(self, domains: tuple[str, ...]) -> None:
        self._domains = domains
        self._seen: dict[bytes, list[Header]] = {}

    def headers(self, origin: bytes) -> list[Header]:
        """Returns the headers that let this origin read an answer; none where it may not."""
        found = self._seen.get(origin)
        if found is None:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            found = self._seen[origin] = _echo(origin) if self.allows(origin.decode("latin-1")) else []
        return found

    def allows(self, origin: str) -> bool:
        """Whether pages of this origin are the container's own."""
        parts = _ORIGIN.fullmatch(origin)
        if parts is None:
            return False
        name: str = parts[2] or parts[3]
        if name.endswith("."):
            return False  # another site than the same name without the dot
        if is_loopback(name):
            return name in self._domains
        return parts[1] == "https" and not parts[4] and within(name, self._domains) is not None

    def preflight(self, origin: bytes, methods: Iterable[str]) -> Reply:
        """Returns the answer to OPTIONS on a claimed path."""
        allowed = ", ".join(methods).encode("ascii")
        headers = [*SAFE_HEADERS, VARY, (b"allow", allowed)]
        if echoed := self.headers(origin):
            headers += [
                *echoed,
                (b"access-control-allow-methods", allowed),
                (b"access-control-allow-headers", _ALLOWED_HEADERS),
                (b"access-control-max-age", b"%d" % MAX_AGE_S),
            ]
        return reply(204, headers)


def _echo(origin: bytes) -> list[Header]:
    return [(b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true")]
