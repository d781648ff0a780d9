"""What has arrived from a store so far, as the install wizard asks: the newest live hits, and how far they came."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runtime.explain.explorer import iso
from runtime.explain.newest import newest_hits
from runtime.explain.shard import Shard
from runtime.model.hit import LoggedHit
from runtime.text.domains import host_name, is_loopback, within
from runtime.text.masks import mask_text

LOOKED_AT = 200
"""Hits, the newest."""
MOST_EVENTS = 5
"""Of one hit, of which the names are told."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Arrivals:
    """What the newest hits say."""

    rows: tuple[Row, ...] = ()
    """The newest: `id`, `time`, `at` (Unix seconds), `client`, `request`, `host`, `events` (names; None until the
    router has read it)."""
    hits: int = 0
    """How many were looked at."""
    host: str = ""
    """The collector's host in the store's domain that the newest of them came by, "" where none did."""
    from_pages: bool = False
    """Whether one came from a page of the store."""
    from_servers: bool = False
    """Whether one came from a server that proved itself."""


def arrivals(data_dir: Path, domains: tuple[str, ...], *, limit: int = 10) -> Arrivals:
    """Returns what has arrived, by the newest hits."""
    rows: list[Row] = []
    host, from_pages, from_servers, hits = "", False, False, 0
    for shard, logged in islice(newest_hits(data_dir), LOOKED_AT):
        hit, hits = logged.hit, hits + 1
        name = host_name(hit.host)
        if not host and within(name, domains) and not is_loopback(name):
            host = name
        from_pages = from_pages or within(_host_of(hit.page_url), domains) is not None
        from_servers = from_servers or hit.trust == "server"
        if len(rows) < limit:
            rows.append(_row(shard, logged))
    return Arrivals(tuple(rows), hits, host, from_pages, from_servers)


def _host_of(url: str) -> str:
    """Returns a URL's host, "" where it has none or is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _row(shard: Shard, logged: LoggedHit) -> Row:
    hit = logged.hit
    found = shard.delivery.events_of(logged.seq, MOST_EVENTS) if shard.delivery else []
    at = hit.received_us / 1e6
    return {
        "id": logged.id,
        "time": iso(at),
        "at": at,
        "client": hit.client,
        "request": f"{hit.method} {mask_text(hit.path)[:200]}",
        "host": hit.host[:200],
        "events": [mask_text(event.name) for event in found] or None,
    }
