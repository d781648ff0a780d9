"""What the Host header means: whether it is a host at all, and on which domain this host's cookies may sit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from runtime.errors import SenderError
from runtime.identity.values import subdomain_index
from runtime.text.domains import host_name, is_address, is_loopback, registrable, within

_HOST = re.compile(r"(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Host:
    """One Host header."""

    text: str
    """In lower case, with its port."""
    name: str
    """Without port and brackets."""
    domain: str
    """The domain its cookies sit on, "" for the host alone."""
    index: int
    """Second part of new `_fbp` and `_fbc` values: labels of the domain that the cookie sits on, minus one."""
    loopback: bool


def plain_domains(domains: tuple[str, ...]) -> tuple[str, ...]:
    """Returns domains as browsers send them: lower case, non-ASCII labels in their ASCII form."""
    return tuple(_ascii(domain.strip().lower().strip(".")) for domain in domains)


def _ascii(domain: str) -> str:
    try:
        return domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


class Hosts:
    """Reads Host headers for one container. Hosts seen before are remembered, up to a bound.

    Cookies are shared on the listed domains that can be registered: not on an address, a single label or a suffix.
    """

    def __init__(self, domains: tuple[str, ...]) -> None:
        # Asking now also loads the list of suffixes, which takes longer than any request may.
        self._shared = tuple(domain for domain in domains if registrable(domain) is not None)
        self._seen: dict[bytes, Host] = {}

    def read(self, header: bytes) -> Host:
        """Returns what the header means; raises `SenderError` (400 bad_host) where it names no host."""
        host = self._seen.get(header)
        if host is None:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            host = self._seen[header] = self._read(header)
        return host

    def _read(self, header: bytes) -> Host:
        text = header.decode("latin-1").lower()
        if not _HOST.fullmatch(text):
            raise SenderError(400, "bad_host", "The Host header names no host.")
        name = host_name(text)
        domain = within(name, self._shared) or ""
        index = 0 if is_address(name) else subdomain_index(domain or name)
        return Host(text, name, domain, index, is_loopback(name))
