"""From where a request comes: the host that it names, the peer, and who stands behind the operator's proxies."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.requests import Request

from runtime.settings import Network
from runtime.text.domains import host_name, is_loopback


def names_loopback(request: Request) -> bool:
    """Tells whether the host that a request names can only be this machine, which is reached without TLS."""
    return is_loopback(host_name(request.headers.get("host", "")))


def peer_of(request: Request) -> str:
    """Returns the address at the other end of the connection, "" where there is none."""
    return request.client.host if request.client else ""


def address_of(request: Request, trusted: Sequence[Network]) -> str:
    """Returns the address of who asks: the peer's, or the rightmost one that trusted proxies tell and is none of
    theirs. Of IPv6 the network of 64 bits that one household has."""
    hops = [peer_of(request)]
    if _is_any(hops[0], trusted):
        hops += reversed(",".join(request.headers.getlist("x-forwarded-for")).split(","))
    told = [hop.strip() for hop in hops if hop.strip()]
    return _network(next((hop for hop in told if not _is_any(hop, trusted)), told[-1] if told else ""))


def _is_any(text: str, networks: Sequence[Network]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks)


def _network(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text[:64]
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)
