"""The collector: takes a request, decides, makes the hit durable, answers. One function, `_take`, is the whole path.

A 2xx means that the hit is in the log. What cannot be taken is refused before that: 4xx where the sender must change
something, 503 with Retry-After where it is to send the same again. Nothing that a sender sends makes a 500.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from runtime.edge.asgi import Receive, Reply, Scope, Send, with_headers
from runtime.edge.body import Disconnected, read_body
from runtime.edge.claim import Claim
from runtime.edge.client import EdgeClient
from runtime.edge.client_ip import Proxies
from runtime.edge.config import EdgeConfig, Placed
from runtime.edge.cookies import decide_identity
from runtime.edge.geo import NOWHERE, make_locator
from runtime.edge.hosts import Host
from runtime.edge.incoming import Incoming
from runtime.edge.outcomes import Aside, Outcomes
from runtime.edge.preview import Previews, is_marked
from runtime.edge.preview_page import PREFIX, PreviewPages, cleared_cookie
from runtime.edge.probes import Reasons, probes
from runtime.edge.record import Decided, make_hit
from runtime.edge.served import Served, ServedFile
from runtime.errors import Overloaded, SenderError
from runtime.log.protocol import HitWriter
from runtime.settings import Settings
from runtime.telemetry import observe

LIVE = "live"

MAX_IN_FLIGHT = 1024
"""Requests that wait for their commit at once; the next one is asked to come again."""


def now_us() -> int:
    """Returns the time in Unix microseconds."""
    return time.time_ns() // 1000


class Collector:
    """The ASGI application of the collector port. Assigning `config` publishes another version to it at once.

    `environments` are those beside live, by host name: a version in its place, or why it cannot take hits.
    """

    def __init__(
        self,
        config: EdgeConfig,
        writer: HitWriter,
        settings: Settings,
        *,
        served: Mapping[str, ServedFile],
        previews: Previews,
        reasons: Reasons,
        shard: int,
        max_in_flight: int,
        clock: Callable[[], int],
    ) -> None:
        self._live = Placed(config)
        self.environments: Mapping[str, Placed | SenderError] = {}
        self._writer = writer
        self._largest_body = settings.max_body_bytes
        self._proxies = Proxies(settings.trusted_proxies)
        self._locator = make_locator(settings)
        self._outcomes = Outcomes(writer)
        self._aside = Outcomes(Aside(writer))
        self._previews = previews
        self._pages = PreviewPages(previews, self._proxies)
        self._probes = probes(reasons)
        self._served = {path: Served(file) for path, file in served.items()}
        self._shard = shard
        self._max_in_flight = max_in_flight
        self._in_flight = 0
        self._acks: dict[str, list[int]] = {}
        """Client to the histogram of how long its hits took to be acknowledged."""
        self._clock = clock

    @property
    def config(self) -> EdgeConfig:
        """The live version."""
        return self._live.config

    @config.setter
    def config(self, config: EdgeConfig) -> None:
        self._live = Placed(config)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, or the life of the server."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        answer = await self._answer(scope, receive)
        if answer is not None:
            await send(answer.start)
            await send(answer.body)

    async def _answer(self, scope: Scope, receive: Receive) -> Reply | None:
        """Returns the answer, None where the sender has gone."""
        path, live = scope["path"], self._live
        if path in self._probes:
            return self._probes[path]()
        incoming = Incoming(scope)
        if path in self._served:
            return self._served[path].answer(incoming)
        if path.startswith(PREFIX):
            return await self._page(incoming, receive)
        try:
            host = live.config.hosts.read(incoming.headers.get(b"host", b""))
        except SenderError as error:
            return self._outcomes.refused(error, incoming, None)
        placed = self.environments.get(host.name, live)
        if is_marked(incoming):
            return await self._perhaps_in_preview(incoming, receive, host, placed)
        if isinstance(placed, SenderError):
            return self._refuse(placed, incoming, host)
        return await self._by(placed, incoming, receive, host)

    async def _by(self, placed: Placed, incoming: Incoming, receive: Receive, host: Host) -> Reply | None:
        """Returns the answer by that version; None where the sender has gone."""
        config = placed.config
        if config is not self._live.config:
            host = config.hosts.read(incoming.headers.get(b"host", b""))
        claim = config.claims.find(incoming.method, host.name, incoming.path)
        if claim is None:
            outcomes = self._outcomes if placed.environment == LIVE else self._aside
            return outcomes.unclaimed(incoming, host, self._previews.for_preflight(incoming, host.name, config))
        answer = await self._attempt(incoming, receive, placed, host, claim)
        return answer and _readable(answer, incoming, config, claim.client)

    async def _perhaps_in_preview(
        self, incoming: Incoming, receive: Receive, host: Host, placed: Placed | SenderError
    ) -> Reply | None:
        try:
            found = await self._previews.find(incoming, self.config.container)
        except (SenderError, Overloaded) as error:
            return self._refuse(error, incoming, host)
        placed = found.placed or placed
        if isinstance(placed, SenderError):
            return self._refuse(placed, incoming, host)
        answer = await self._by(placed, incoming, receive, host)
        if answer is None or not found.over:
            return answer
        scheme, domains = self._proxies.locate(incoming).scheme, self.config.domains
        return with_headers(answer, [cleared_cookie(host, scheme=scheme, domains=domains)])

    def _refuse(self, error: SenderError | Overloaded, incoming: Incoming, host: Host) -> Reply:
        """Refuses what no version can take, in the shape of the live version's client for that path."""
        claim = self.config.claims.find(incoming.method, host.name, incoming.path)
        answer = self._aside.refused(error, incoming, claim.client if claim else None)
        return _readable(answer, incoming, self.config, claim.client) if claim else answer

    async def _page(self, incoming: Incoming, receive: Receive) -> Reply | None:
        try:
            return await self._pages.answer(incoming, receive, self.config)
        except Disconnected:
            return None

    async def _attempt(
        self, incoming: Incoming, receive: Receive, placed: Placed, host: Host, claim: Claim[EdgeClient]
    ) -> Reply | None:
        """Turns whatever stops `_take` into an answer of the client's own shape."""
        self._in_flight += 1
        outcomes = self._outcomes if placed.environment == LIVE else self._aside
        try:
            return await self._take(incoming, receive, placed, host, claim)
        except Disconnected:
            outcomes.disconnected(claim.client)
            return None
        except (SenderError, Overloaded) as error:
            return outcomes.refused(error, incoming, claim.client)
        except Exception as error:  # noqa: BLE001 # the last resort: counted and logged, and the sender tries again
            return outcomes.failed(error, incoming, claim.client)
        finally:
            self._in_flight -= 1

    async def _take(
        self, incoming: Incoming, receive: Receive, placed: Placed, host: Host, claim: Claim[EdgeClient]
    ) -> Reply:
        """The path of a hit. Everything that may refuse it comes before the append, and nothing after."""
        started, client, received_us = time.perf_counter_ns(), claim.client, self._clock()
        if self._in_flight > self._max_in_flight:
            raise Overloaded
        sender = self._proxies.locate(incoming)
        incoming.body = await read_body(incoming, receive, min(client.body_limit, self._largest_body))
        credential = client.verify(incoming)
        count = client.count(incoming)
        trust = client.trust if credential.id else "browser"
        geo = self._locator.locate(incoming, sender, trust) if placed.config.needs_geo else NOWHERE
        facts = client.facts(incoming, geo)
        identity = decide_identity(incoming, facts, host, sender.scheme, received_us, trust, may_set=client.may_set)
        decided = Decided(placed, received_us, host, claim, sender, facts, credential, trust, identity, geo)
        seq = await self._writer.append(make_hit(incoming, decided))
        answer = client.answers.accepted(incoming.method, count=count, hit_id=f"{self._shard}.{seq}")
        answer = with_headers(answer, identity.headers)
        if placed.environment == LIVE:
            observe(self._acks.get(client.id) or self._acks_of(client), (time.perf_counter_ns() - started) // 1000)
        else:
            self._writer.count("not_live", placed.environment)
        return answer

    def _acks_of(self, client: EdgeClient) -> list[int]:
        return self._acks.setdefault(client.id, self._writer.tally("ack", client.id))


def _readable(answer: Reply, incoming: Incoming, config: EdgeConfig, client: EdgeClient) -> Reply:
    """Lets the container's own pages read the answer, where its client says that they may."""
    origin = incoming.headers.get(b"origin")
    return with_headers(answer, config.cors.headers(origin)) if origin and client.cors else answer


async def _live(receive: Receive, send: Send) -> None:
    """Answers the server's start and stop; neither asks anything of the collector."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def make_collector(
    config: EdgeConfig,
    writer: HitWriter,
    settings: Settings,
    *,
    served: Mapping[str, ServedFile] | None = None,
    previews: Previews | None = None,
    reasons: Reasons = tuple,
    shard: int = 0,
    max_in_flight: int = MAX_IN_FLIGHT,
    clock: Callable[[], int] = now_us,
) -> Collector:
    """Makes the collector of one shard.

    `served` are files by path; without `previews` no link is valid; `reasons` says why the process is not ready;
    `shard` is the first part of hit ids; `clock` returns Unix microseconds.
    """
    return Collector(
        config,
        writer,
        settings,
        served=served or {},
        previews=previews or Previews(),
        reasons=reasons,
        shard=shard,
        max_in_flight=max_in_flight,
        clock=clock,
    )
