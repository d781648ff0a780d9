"""A hit: one raw request as the edge accepted it, and what the edge decided about it."""

from __future__ import annotations

import msgspec


class Hit(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One accepted request. Its field order is the record's format: append only, with a default.

    Raw parts stay bytes as they came, credentials in them replaced by their id.
    """

    client: str
    """Instance id of the client that claimed it."""
    version: int
    """Container version it arrived on; parse to map run by that version for ever. Below zero: revision -N of a
    workspace, for a hit that is a preview."""
    received_us: int
    """Arrival, Unix microseconds."""
    method: str
    scheme: str
    host: str
    """Host header in lower case, port included where one was sent."""
    path: str
    """Decoded path without the query."""
    query: bytes
    """Raw query string without the question mark."""
    headers: dict[str, str]
    """Allow-listed headers, names in lower case. Never cookie or authorization."""
    cookies: dict[str, str]
    """Allow-listed cookies, as the browser sent them."""
    client_ip: str
    """The visitor's address by the trusted-proxy rule, or "" where there is none to send."""
    route: dict[str, str]
    """What the path's placeholders matched, for example pixel."""
    page_url: str
    """URL of the page that sent the hit, "" where unknown."""
    referrer: str
    consent: dict[str, bool]
    """Purpose to granted, all four. Later stages only tighten it."""
    fbp: str
    """The `_fbp` in force for this hit: kept, or issued with its answer. "" where consent denies it."""
    fbc: str
    visitor_id: str
    issued: tuple[str, ...] = ()
    """Names of the cookies that the answer sets."""
    verified: str = ""
    """Id of the credential that passed `verify`, for example `secret:INTAKE`; "" where none was asked."""
    trust: str = "browser"
    """`server` only where the client is marked so and verify passed: then the event's own IP and user agent count."""
    body: bytes = b""
    """The decompressed body."""
    repairs: dict[str, int] = {}
    """What the edge could not use and took for absent, by code, for example `bad_fbp`: 1."""
    environment: str = "live"
    """The environment whose version took it; `preview` for a visitor's own look at a draft. Hits of any other than
    `live` count in no figure, and no tag's queue holds them."""
    preview: str = ""
    """Id of the preview that it belongs to, "" for none."""
    sends: bool = True
    """Whether what it makes is sent. For hits that are not live: once, without retries."""
    geo: dict[str, str] = {}
    """Where its visitor is, as far as a proxy's header or the operator's database says: country (ISO 3166-1, upper
    case), region (the second half of ISO 3166-2), city."""
    consent_from: dict[str, str] = {}
    """Purpose to what decided it, in words for a person; only of purposes that something other than the container's
    plain default decided."""


class LoggedHit(msgspec.Struct, frozen=True):
    """A hit with its place in the log."""

    shard: int
    seq: int
    hit: Hit

    @property
    def id(self) -> str:
        """The public id, `<shard>.<seq>`."""
        return f"{self.shard}.{self.seq}"
