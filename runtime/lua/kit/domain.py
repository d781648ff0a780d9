"""`domain`: host names."""

from __future__ import annotations

from runtime.lua.kit import KitFunction
from runtime.text.domains import registrable

_LONGEST = 300


def _registrable(host: str) -> str | None:
    # Answers are cached by host; no host name is longer than 253 bytes (RFC 1035), but a script's text may be.
    return registrable(host) if len(host) <= _LONGEST else None


FUNCTIONS: dict[str, KitFunction] = {
    "registrable": KitFunction(
        _registrable,
        "Returns the part of a host name that one owner registers, by the public suffix list.",
        ("host: text — with or without port",),
        "text? — nil for IP addresses, single labels and public suffixes",
        'domain.registrable("www.shop.co.uk") --> "shop.co.uk"',
        base_cost=200,
    ),
}
