"""Registrable domains and the question whether a host lies under a domain. Always by whole labels."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def host_name(host: str) -> str:
    """Returns a Host value in lower case without port, brackets and final dot."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    if name.count(":") == 1:
        name = name.partition(":")[0]
    return name.removesuffix(".")


def is_host_name(text: str) -> bool:
    """Whether a text is a host name in the form in which hosts are compared: small letters, no port, no final dot."""
    return _HOST.fullmatch(text) is not None


def is_address(name: str) -> bool:
    """Whether a host name without port is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Whether a host name (no port, no brackets) can only mean this machine."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    return is_address(name) and ipaddress.ip_address(name).is_loopback


@lru_cache(maxsize=4096)
def registrable(host: str) -> str | None:
    """Returns the part of the host that one owner registers: `shop.co.uk` of `www.shop.co.uk`.

    By the public suffix list, private suffixes included. None for IP addresses, single labels and suffixes
    themselves; an unlisted last label such as `localhost` counts as a suffix.
    """
    name = host_name(host)
    if not name or is_address(name):
        return None
    found = _suffixes().privatesuffix(name)
    return found if isinstance(found, str) else None


def within(host: str, domains: Iterable[str]) -> str | None:
    """Returns the listed domain that the host (port allowed) equals or lies beneath; the longest where several do."""
    name = host_name(host)
    matching = [domain for domain in domains if _covers(host_name(domain), name)]
    return max(matching, key=len, default=None)


def _covers(domain: str, name: str) -> bool:
    return bool(domain) and (name == domain or name.endswith("." + domain))
