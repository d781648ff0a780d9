"""Which request headers are stored with a hit: the plain ones, and those that a template may read.

Cookie and Authorization never are.
"""

from __future__ import annotations

from runtime.edge.incoming import Incoming
from runtime.edge.wanted import Wanted

_PLAIN = ("user-agent", "accept-language", "referer", "origin", "content-type", "sec-gpc", "dnt")
_HINTS = ("", "-arch", "-bitness", "-form-factors", "-full-version", "-full-version-list")
_MORE_HINTS = ("-mobile", "-model", "-platform", "-platform-version", "-wow64")

STORED: dict[bytes, str] = {
    name.encode("ascii"): name for name in (*_PLAIN, *(f"sec-ch-ua{hint}" for hint in (*_HINTS, *_MORE_HINTS)))
}
"""Names by their bytes."""

MAX_VALUE = 4096
"""Bytes of one header that are kept."""


def stored_headers(incoming: Incoming, wanted: Wanted) -> dict[str, str]:
    """Returns the headers that are stored, names in lower case, long values cut."""
    stored = {
        STORED[name]: value[:MAX_VALUE].decode("utf-8", "replace")
        for name, value in incoming.headers.items()
        if name in STORED
    }
    if wanted:
        stored |= {
            name.decode("latin-1"): value[:MAX_VALUE].decode("utf-8", "replace").replace("\0", "")
            for name, value in incoming.headers.items()
            if name not in STORED and name.decode("latin-1") in wanted
        }
    return stored
