"""Looks names up in the DNS, at the servers that are in charge of them where those answer. The one place that imports
dnspython.

What a resolver remembers may be hours old, so a record that was just set, or just removed, shows at its own servers
alone. Which servers those are is the resolver's word; it is asked itself where they cannot be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

from runtime.errors import AddressRefused
from runtime.http.addresses import Network, judge
from runtime.text.domains import registrable

Kind = Literal["A", "AAAA", "CNAME", "CAA", "NS"]
State = Literal["found", "empty", "no_name", "failed"]
"""found: there are records · empty: the name is there, without such records · no_name: it is not · failed: nobody
answered."""

PORT = 53
QUERY_S = 2.0
MOST_SERVERS = 3
"""Of one zone that are asked, one after the other."""
LONGEST_CHAIN = 8


@dataclass(frozen=True)
class Records:
    """What the DNS says of a name."""

    state: State
    values: tuple[str, ...] = ()
    """As in a zone file: addresses, names without their final dot, `0 issue "ca.example"`."""
    ttl: int = 0
    """Seconds for which others may remember them."""
    alias: str = ""
    """The name that this one is an alias (CNAME) of, in place of values."""
    is_direct: bool = False
    """Whether a server in charge of the name said so, and no memory of it."""


@dataclass(frozen=True)
class Walk:
    """Where a name leads."""

    name: str
    aliases: tuple[str, ...] = ()
    """The names that it leads over, in order; the last one has the addresses."""
    v4: tuple[str, ...] = ()
    v6: tuple[str, ...] = ()
    state: State = "failed"
    """Of the last name."""
    ttl: int = 0
    """The longest on the way, seconds."""
    is_direct: bool = False
    """Whether all of it came from servers in charge."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses."""
        return self.v4 + self.v6

    @property
    def end(self) -> str:
        """The name that has the addresses."""
        return self.aliases[-1] if self.aliases else self.name


@dataclass
class Dns:
    """Asks. For one event loop; what it learns of zones is kept."""

    resolvers: Sequence[tuple[str, int]] = field(default_factory=lambda: system_resolvers())
    """Address and port; by default those of this machine."""
    allow: Sequence[Network] = ()
    """Networks whose servers may be asked although they are not public."""
    port: int = PORT
    """Of the servers in charge."""
    query_s: float = QUERY_S
    _zones: dict[str, asyncio.Task[tuple[str, ...]]] = field(default_factory=dict)

    async def ask(self, name: str, kind: Kind) -> Records:
        """Returns what there is under a name. Never raises: who does not answer makes it `failed`."""
        for server in await self._in_charge(name):
            reply = await self._query(name, kind, server, self.port, recurse=False)
            if reply is not None and reply.flags & dns.flags.AA:
                return _records(reply, name, kind, is_direct=True)
        return await self._resolve(name, kind)

    async def walk(self, name: str) -> Walk:
        """Follows a name's aliases to its addresses."""
        aliases: list[str] = []
        ttl, is_direct = 0, True
        while True:
            last = aliases[-1] if aliases else name
            v4, v6 = await asyncio.gather(self.ask(last, "A"), self.ask(last, "AAAA"))
            ttl, is_direct = max(ttl, v4.ttl, v6.ttl), is_direct and v4.is_direct
            alias = v4.alias or v6.alias
            if not alias or alias in (name, *aliases) or len(aliases) == LONGEST_CHAIN:
                state = v4.state if not v6.values else v6.state
                return Walk(name, tuple(aliases), v4.values, v6.values, state, ttl, is_direct)
            aliases.append(alias)

    async def _resolve(self, name: str, kind: Kind) -> Records:
        for server, port in self.resolvers:
            reply = await self._query(name, kind, server, port, recurse=True)
            if reply is not None and reply.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return _records(reply, name, kind, is_direct=False)
        return Records("failed")

    async def _in_charge(self, name: str) -> tuple[str, ...]:
        """Returns addresses of the servers of the zone that a name lies in, empty where nobody tells."""
        zone, top = name, registrable(name)
        if top is None:
            return ()
        while True:
            if zone not in self._zones:
                self._zones[zone] = asyncio.ensure_future(self._servers(zone))
            found = await self._zones[zone]
            if found or zone == top:
                return found
            zone = zone.partition(".")[2]

    async def _servers(self, zone: str) -> tuple[str, ...]:
        names = (await self._resolve(zone, "NS")).values[:MOST_SERVERS]
        found = await asyncio.gather(*(self._address(name) for name in names))
        return tuple(address for address in found if address)

    async def _address(self, server: str) -> str:
        """Returns an address of a name server that may be asked, "" where there is none."""
        for kind in ("A", "AAAA"):
            for address in (await self._resolve(server, kind)).values:
                try:
                    judge(address, 443, self.allow)  # The port is not at issue: only who is asked.
                except AddressRefused:
                    continue
                return address
        return ""

    async def _query(
        self, name: str, kind: Kind, server: str, port: int, *, recurse: bool
    ) -> dns.message.Message | None:
        try:
            query = dns.message.make_query(name, kind)
            if not recurse:
                query.flags &= ~dns.flags.RD
            reply, _ = await dns.asyncquery.udp_with_fallback(query, server, self.query_s, port)
        except (dns.exception.DNSException, OSError, EOFError, ValueError):
            return None
        return reply


def system_resolvers() -> tuple[tuple[str, int], ...]:
    """Returns the resolvers of this machine, none where it names none."""
    try:
        return tuple((str(server), PORT) for server in dns.resolver.Resolver().nameservers)
    except (dns.exception.DNSException, OSError):
        return ()


def _records(reply: dns.message.Message, name: str, kind: Kind, *, is_direct: bool) -> Records:
    if reply.rcode() == dns.rcode.NXDOMAIN and not reply.answer:
        return Records("no_name", is_direct=is_direct)
    if reply.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Records("failed")
    owner, wanted = dns.name.from_text(name), dns.rdatatype.from_text(kind)
    for rrset in reply.answer:
        if rrset.name != owner:
            continue
        values = tuple(sorted(_text(each.to_text()) for each in rrset))  # Servers give them in turns.
        if rrset.rdtype == wanted:
            return Records("found", values, rrset.ttl, is_direct=is_direct)
        if rrset.rdtype == dns.rdatatype.CNAME:
            return Records("found", (), rrset.ttl, values[0], is_direct)
    return Records("empty", is_direct=is_direct)


def _text(value: str) -> str:
    return value.removesuffix(".").lower() if " " not in value else value
