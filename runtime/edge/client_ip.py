"""The visitor's address and the scheme that the visitor used, behind any number of trusted proxies.

X-Forwarded-For grows to the right, so only its right end is known to be true: the walk goes from there past trusted
addresses, and the first other one is the visitor. Everything further left may be forged and is never looked at.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import NamedTuple

from runtime.edge.incoming import Incoming
from runtime.settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_UNUSABLE: tuple[Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "224.0.0.0/4", "::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8"),
    )
)
"""Addresses that no destination can use. Documentation ranges are not among them, unlike with `is_global`."""


class Sender(NamedTuple):
    """Who sent a request: address, "" where there is none to hand on, and effective scheme."""

    ip: str
    scheme: str
    by_proxy: bool = False
    """It came by a trusted proxy, whose headers are true."""


class Hop(NamedTuple):
    """One address on a request's way."""

    trusted: bool
    """It is a proxy of the operator's, so what it says of the hop before it is true."""
    ip: str
    """The address as it may be handed on as the visitor's, "" where it may not."""


def parse_address(text: str) -> Address | None:
    """Reads an address as proxies write it: perhaps with a port, in brackets, with a zone, or IPv4 mapped into IPv6."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def usable(address: Address) -> bool:
    """Whether the address may be handed on as the visitor's."""
    return not any(address in network for network in _UNUSABLE)


class Proxies:
    """Knows the operator's trusted proxies. Addresses seen before are remembered, up to a bound."""

    def __init__(self, trusted: tuple[Network, ...]) -> None:
        self._networks = trusted
        self._hop = lru_cache(maxsize=8192)(self._judge)

    def _judge(self, text: str) -> Hop:
        address = parse_address(text)
        if address is None:
            return Hop(trusted=False, ip="")
        trusted = any(address in network for network in self._networks)
        return Hop(trusted, str(address) if usable(address) else "")

    def locate(self, incoming: Incoming) -> Sender:
        """Returns the sender; forwarding headers count only where the peer itself is a trusted proxy."""
        hop = self._hop(incoming.peer[0]) if incoming.peer else Hop(trusted=False, ip="")
        if not hop.trusted:
            return Sender(hop.ip, incoming.scheme)
        forwarded = incoming.headers.get(b"x-forwarded-for", b"")
        scheme = _forwarded_scheme(incoming.headers.get(b"x-forwarded-proto", b""))
        return Sender(self._walk(forwarded) if forwarded else hop.ip, scheme or incoming.scheme, by_proxy=True)

    def _walk(self, forwarded: bytes) -> str:
        """Returns the rightmost address that is no trusted proxy, or the leftmost where all are."""
        hop = Hop(trusted=True, ip="")
        for entry in reversed(forwarded.split(b",")):
            hop = self._hop(entry.decode("latin-1"))
            if not hop.trusted:
                break
        return hop.ip


def _forwarded_scheme(value: bytes) -> str:
    """Returns the scheme that the nearest proxy states, "" for anything but http and https."""
    scheme = value.rpartition(b",")[2].strip().lower()
    return scheme.decode("ascii") if scheme in (b"http", b"https") else ""
