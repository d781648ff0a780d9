"""The one client for outgoing HTTP: httpx over aiohttp's connections. Nothing else imports either of them.

The address guard sits where sockets are opened: the connector asks it for each address, names and literal addresses
alike, and connects to just that address; the name stays for TLS and the Host header. Redirects are not followed,
proxies and other environment settings are not read, cookies are not kept.

A connection is used again only while it is silent. What a vendor sends on it unasked would else pass for the answer to
the next request, and an event that nobody took would count as delivered.
"""

from __future__ import annotations

import asyncio
import re
import select
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from runtime.errors import VendorError
from runtime.http.addresses import Network, check_url, judge
from runtime.http.bodies import read_body
from runtime.http.names import Names
from runtime.model.delivery import Request, Response

DNS_S, CONNECT_S = 2.0, 3.0

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port to addresses."""

_AddressInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]

_ANY_URL = re.compile(r"[a-z]+://\S*", re.IGNORECASE)

# The first that fits names the reason.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "dns"),
    (aiohttp.ClientConnectorCertificateError, "tls"),
    (aiohttp.ClientSSLError, "tls"),
    (ssl.SSLError, "tls"),
    (TimeoutError, "timeout"),
    (aiohttp.ServerDisconnectedError, "reset"),
    (aiohttp.ClientConnectorError, "connect"),
    (aiohttp.ClientOSError, "reset"),
    (aiohttp.ClientPayloadError, "reset"),
    (aiohttp.ClientError, "protocol"),
    (OSError, "connect"),
)


_KEPT: ContextVar[bool] = ContextVar("kept", default=False)
"""Whether the request at hand went out on a connection that had served another one before."""


def bundled_trust() -> ssl.SSLContext:
    """Returns what trusts the authorities that come with this program, whatever the machine trusts."""
    return httpx.create_ssl_context(trust_env=False)


class Sender:
    """Sends requests and keeps connections alive. One per process, used and closed on one loop.

    `allow` are networks that may be reached although they are not public; `trust` replaces the bundled roots.
    """

    def __init__(
        self, allow: Sequence[Network] = (), *, trust: ssl.SSLContext | None = None, find: LookUp | None = None
    ) -> None:
        """`find` replaces the system's resolver."""
        self._allow = tuple(allow)
        self._trust = trust or bundled_trust()
        self._find = find or Names().find
        self._client: httpx.AsyncClient | None = None

    async def send(self, request: Request) -> Response:
        """Returns the answer, whatever its status. Raises AddressRefused, and VendorError without a whole answer."""
        check_url(request.url, request.hosts)
        began = time.monotonic()
        try:
            async with asyncio.timeout(request.timeout_s):
                status, headers, body = await self._exchange(request)
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
            raise _vendor_error(error, request.timeout_s) from error
        return Response(status=status, headers=headers, body=body, ms=(time.monotonic() - began) * 1000)

    async def aclose(self) -> None:
        """Closes all connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _exchange(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        client = self._client or self._open()
        built = client.build_request(request.method, request.url, headers=request.headers, content=request.body)
        try:
            answer = await client.send(built, stream=True)
        except httpx.HTTPError as error:
            # A vendor may close a kept connection in the moment in which it is used again: that is no failure of it.
            if not (_KEPT.get() and _hung_up(error.__cause__)):
                raise
            answer = await client.send(built, stream=True)
        try:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            body = await read_body(answer.aiter_raw(), headers.get("content-encoding", ""), request.max_answer)
        finally:
            await answer.aclose()
        return answer.status_code, headers, body

    def _open(self) -> httpx.AsyncClient:
        connector = _Connector(
            ssl=self._trust,
            resolver=_Resolver(self._find, self._allow),
            socket_factory=self._socket,
            use_dns_cache=False,
            # One address after the other: races between several would swallow a refusal.
            happy_eyeballs_delay=None,
            # None over all: destinations that hang would keep the places of those that answer. Each tag has its own.
            limit=0,
            limit_per_host=20,
        )
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        self._client = httpx.AsyncClient(
            transport=AiohttpTransport(verify=self._trust, trust_env=False, client=session),
            timeout=httpx.Timeout(None, connect=CONNECT_S),
            headers={"user-agent": "firsthand", "accept": "*/*", "accept-encoding": "gzip, deflate"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )
        return self._client

    def _socket(self, info: _AddressInfo) -> socket.socket:
        family, kind, protocol, _, (address, port, *_) = info
        judge(address, port, self._allow)
        _KEPT.set(False)
        return socket.socket(family, kind, protocol)


class _Connector(aiohttp.TCPConnector):
    """Gives a kept connection out again only if nothing has come on it since."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[aiohttp.tracing.Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> aiohttp.connector.Connection:
        while True:
            _KEPT.set(True)  # Opening a socket says otherwise.
            connection = await super().connect(req, traces, timeout)
            if not _KEPT.get() or _is_silent(connection):
                return connection
            connection.close()


def _is_silent(connection: aiohttp.connector.Connection) -> bool:
    """Tells that neither an end nor a byte waits, be it read already or still in the socket's buffer."""
    protocol = connection.protocol
    if protocol is None or protocol.transport is None or protocol.should_close:
        return False
    poll = select.poll()
    poll.register(protocol.transport.get_extra_info("socket").fileno(), select.POLLIN)
    return not poll.poll(0)


class _Resolver(AbstractResolver):
    """Looks a name up once and refuses it if any of its addresses is refused."""

    def __init__(self, find: LookUp, allow: Sequence[Network]) -> None:
        self._find, self._allow = find, allow

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        try:
            async with asyncio.timeout(DNS_S):
                addresses = await self._find(host, port)
        except TimeoutError:
            raise socket.gaierror(socket.EAI_AGAIN, f"no answer within {DNS_S:g} s") from None
        for address in addresses:
            judge(address, port, self._allow)
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "the name has no address")
        return [_resolved(host, port, address) for address in dict.fromkeys(addresses)]

    async def close(self) -> None:
        """Holds nothing open."""


def _resolved(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)


def _vendor_error(error: BaseException, timeout_s: float) -> VendorError:
    """Names what went wrong by the innermost client error; its text never holds the URL, which may hold a secret."""
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) and error.__cause__ else error
    reason = next((reason for kind, reason in _REASONS if isinstance(cause, kind)), "protocol")
    if reason == "timeout":
        return VendorError(reason, f"No whole answer within {timeout_s:g} s.")
    return VendorError(reason, f"{type(cause).__name__}: {_plain(cause)}")


def _hung_up(cause: BaseException | None) -> bool:
    ended = isinstance(cause, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError))
    return ended and not isinstance(cause, aiohttp.ClientConnectorError)


def _plain(cause: BaseException) -> str:
    if isinstance(cause, (aiohttp.ClientResponseError, aiohttp.InvalidURL)):
        return ""
    text = str(cause.os_error if isinstance(cause, aiohttp.ClientConnectorError) else cause)
    return _ANY_URL.sub("(URL)", text)[:200]
