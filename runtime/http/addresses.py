"""The guard against requests that a container or a vendor's DNS points into private networks (SSRF).

Two tests, both pure: the URL's text before anything is looked up, and each address in the moment a socket is opened
for it. The second one holds whatever the first one overlooked. Ranges are those of the IANA special-purpose address
registries (2026-09) and of cloud metadata services; `ipaddress.is_global` alone lets NAT64, 6to4, site-local and
multicast addresses pass.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from runtime.errors import AddressRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DENIED_4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's platform address.
    )
)  # fmt: skip
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_DENIED_6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)

# No userinfo, no backslash, nothing but ASCII: no two parsers can read such a URL differently.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?][\x21\x22\x24-\x5b\x5d-\x7e]*)?"
)
_PORTS = {"https": 443, "http": 80}


class Target(NamedTuple):
    """Where a URL leads."""

    scheme: str
    host: str
    """In lower case, without brackets and without a final dot."""
    port: int


def check_url(url: str, hosts: Sequence[str]) -> Target:
    """Returns where the URL leads. Raises AddressRefused where it is not of the plain form, or where its host is not
    one that the tag may contact: a name, a name with a port, or `*.name` for all beneath it."""
    found = _URL.fullmatch(url)
    if found is None:
        raise AddressRefused(
            "The URL is not plain: it needs http(s)://host/… in ASCII, without user name or backslash."
        )
    scheme, port = found["scheme"], int(found["port"] or _PORTS[found["scheme"]])
    host = found["host"].strip("[]").lower().removesuffix(".")
    if _odd_number(host):
        raise AddressRefused(f"{host} is an address in disguise: write it as four decimal numbers.")
    if not 0 < port < 65536 or (scheme == "http" and port == 443):
        raise AddressRefused(f"Port {port} cannot be reached by {scheme}.")
    if not any(_permitted(host, port, pattern) for pattern in hosts):
        raise AddressRefused(f"{host} is not a host that this tag may contact ({', '.join(hosts) or 'none declared'}).")
    return Target(scheme, host, port)


def judge(address: str, port: int, allow: Iterable[Network]) -> None:
    """Raises AddressRefused unless a socket may be opened to the address: a public one on 443, or one that the operator
    allows on any port. An IPv4 address inside an IPv6 one is judged as itself."""
    number = _number(address)
    if any(number in network for network in allow):
        return
    if not _public(number):
        raise AddressRefused(f"{address} is not a public address.")
    if port != 443:
        raise AddressRefused(f"Port {port} of {address} needs the operator's leave: https on 443 is what goes without.")


def _number(address: str) -> Address:
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        raise AddressRefused(f"{address} is not an address.") from None
    return getattr(number, "ipv4_mapped", None) or number


def _public(number: Address) -> bool:
    if isinstance(number, ipaddress.IPv4Address):
        return not any(number in network for network in _DENIED_4)
    plain = number.scope_id is None and number in _GLOBAL_6
    return plain and not any(number in network for network in _DENIED_6)


def _odd_number(host: str) -> bool:
    """URL parsers take a host whose last label is a number for an IPv4 address, in hexadecimal and octal too."""
    last = host.rsplit(".", 1)[-1]
    if ":" in host or not re.fullmatch(r"[0-9]+|0[xX][0-9a-fA-F]*", last):
        return False
    try:
        return str(ipaddress.IPv4Address(host)) != host
    except ValueError:
        return True


def _permitted(host: str, port: int, pattern: str) -> bool:
    wanted, _, wanted_port = pattern.lower().rpartition(":") if _has_port(pattern) else (pattern.lower(), "", "")
    wanted = wanted.strip("[]").removesuffix(".")
    if wanted_port and int(wanted_port) != port:
        return False
    return host.endswith(wanted[1:]) if wanted.startswith("*.") else host == wanted


def _has_port(pattern: str) -> bool:
    return re.fullmatch(r"(?:\[[^\]]*\]|[^:]*):[0-9]{1,5}", pattern) is not None
