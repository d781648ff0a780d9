"""Where a look is taken from, and what it has learnt so far: several checks need the same answers."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from runtime.errors import VendorError
from runtime.explain.doctor.subject import Subject
from runtime.http.dial import Dialled, dial
from runtime.http.dns import Dns, Walk
from runtime.http.transport import LookUp, Sender, bundled_trust
from runtime.model.delivery import Request, Response
from runtime.settings import Network
from runtime.text.signed import Preview, new_id, sign

CHECK_PATH = "/_preview/check"
HEADER = "x-firsthand-preview"
FORGED = "192.0.2.77"
"""An address that nobody has: a collector that believes it believes anything."""
TOKEN_S = 120
ASK_S = 8.0
MOST_ADDRESSES = 8
HTTPS = 443


@dataclass
class Net:
    """How to look into the network; tests have their own."""

    dns: Dns
    find: LookUp | None = None
    """Finds the addresses of vendors, as delivery does; None: the system's resolver."""
    trust: ssl.SSLContext = field(default_factory=bundled_trust)
    allow: Sequence[Network] = ()
    port: int = HTTPS
    """Of the collector and the store, as browsers reach them."""


class Told(msgspec.Struct, frozen=True):
    """What the collector says of itself."""

    firsthand: str
    asked: str
    container: str
    version: int
    host: str
    scheme: str
    ip: str
    by_proxy: bool
    peer: str
    forwarded: str
    now_ms: int


class Answered(NamedTuple):
    """What came of asking the collector for itself."""

    told: Told | None
    """None where something else answered, or nobody."""
    response: Response | None
    error: str
    """Why nobody did."""
    at: float
    """Unix seconds, half-way between question and answer."""


class Place:
    """One look. For one event loop."""

    def __init__(self, subject: Subject, net: Net) -> None:
        self.subject, self.net = subject, net
        self._sender = Sender(net.allow, trust=net.trust, find=self._find)
        self._known: dict[str, asyncio.Future[Any]] = {}

    async def walk(self, name: str) -> Walk:
        """Returns where a name leads."""
        found: Walk = await self._once(f"walk {name}", lambda: self.net.dns.walk(name))
        return found

    async def page(self) -> Walk:
        """Returns where the host of the store's pages leads; where the bare domain leads nowhere, `www.` beneath it."""
        shop = self.subject.shop
        found = await self.walk(shop)
        if found.addresses or shop == self.subject.domain:
            return found
        other = await self.walk(f"www.{shop}")
        return other if other.addresses else found

    async def answered(self) -> Answered:
        """Returns what the collector says of itself."""
        found: Answered = await self._once("answered", self._ask_itself)
        return found

    async def dialled(self) -> tuple[Dialled, ...]:
        """Returns what each address of the collector shows."""
        found: tuple[Dialled, ...] = await self._once("dialled", self._dial)
        return found

    async def get(self, host: str, path: str, headers: dict[str, str] | None = None) -> Response:
        """Asks a host of the store by https; raises VendorError."""
        await self.walk(host)  # The client waits less for names than a first look may take.
        port = "" if self.net.port == HTTPS else f":{self.net.port}"
        url = f"https://{host}{port}{path}"
        return await self._sender.send(Request("GET", url, headers or {}, b"", ASK_S, (host,)))

    async def aclose(self) -> None:
        """Closes all connections, and stops what still asks."""
        for task in self._known.values():
            task.cancel()
        await asyncio.gather(*self._known.values(), return_exceptions=True)
        await self._sender.aclose()

    async def _find(self, host: str, port: int) -> Sequence[str]:
        found = (await self.walk(host)).addresses
        if not found:
            raise OSError(f"{host} has no address")
        return found

    async def _dial(self) -> tuple[Dialled, ...]:
        domain, net = self.subject.domain, self.net
        addresses = (await self.walk(domain)).addresses[:MOST_ADDRESSES]
        tries = (dial(domain, each, net.port, trust=net.trust, allow=net.allow) for each in addresses)
        return tuple(await asyncio.gather(*tries))

    async def _ask_itself(self) -> Answered:
        subject, id, began = self.subject, new_id(), time.time()
        headers = {"x-forwarded-for": FORGED, "cache-control": "no-cache"} | self._proof(id)
        path = f"{subject.prefix}{CHECK_PATH if subject.key else '/readyz'}"
        try:
            response = await self.get(subject.domain, path, headers)
        except VendorError as error:
            return Answered(None, None, error.message, began)
        at = time.time() - response.ms / 2000
        try:
            told = msgspec.json.decode(response.body, type=Told)
        except (msgspec.DecodeError, UnicodeDecodeError):
            told = None
        return Answered(told if told and told.asked == id else None, response, "", at)

    def _proof(self, id: str) -> dict[str, str]:
        live = self.subject.snapshot
        if live is None or not self.subject.key:
            return {}
        preview = Preview(live.number, id, False, live.container.container, int(time.time()) + TOKEN_S)
        return {HEADER: sign(preview, self.subject.key)}

    async def _once(self, key: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        if key not in self._known:
            self._known[key] = asyncio.ensure_future(ask())
        return await asyncio.shield(self._known[key])
