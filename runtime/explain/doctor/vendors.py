"""Can the hosts be reached that live tags send to? A connection is opened and closed; nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from runtime.explain.doctor.finding import Finding
from runtime.explain.doctor.place import Place
from runtime.http.dial import Dialled, dial
from runtime.http.names import Names
from runtime.model.snapshot import Snapshot
from runtime.pipeline.hosts import ENDPOINT, allowed_hosts

FIND_S = 4.0


class Door(NamedTuple):
    """Where a tag sends to."""

    host: str
    port: int
    has_tls: bool


async def vendors(place: Place) -> list[Finding]:
    """Returns a finding for each live tag that sends."""
    if place.subject.snapshot is None:
        return []
    tags = dict(_doors(place.subject.snapshot))
    known: dict[Door, asyncio.Task[str]] = {}
    for doors in tags.values():
        for door in doors:
            known.setdefault(door, asyncio.ensure_future(_fault(place, door)))
    await asyncio.gather(*known.values())
    return [_finding(tag, {door: known[door].result() for door in doors}) for tag, doors in tags.items()]


def _doors(snapshot: Snapshot) -> Iterator[tuple[str, list[Door]]]:
    """Yields the tags that send, and where to. Hosts of which only a pattern is known are left out."""
    for id, tag in snapshot.container.tags.items():
        if tag.paused or tag.dry_run:
            continue
        settings = snapshot.settings("destination", tag.template, tag.settings)
        endpoint = _endpoint(settings.get(ENDPOINT))
        if endpoint:
            yield id, [endpoint]
            continue
        hosts = allowed_hosts(snapshot.template("destination", tag.template).manifest, settings)
        yield id, [Door(host, 443, True) for host in hosts if "*" not in host]


def _endpoint(url: object) -> Door | None:
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or "{{" in parts.netloc:
        return None
    has_tls = parts.scheme != "http"
    return Door(parts.hostname, port or (443 if has_tls else 80), has_tls)


async def _fault(place: Place, door: Door) -> str:
    """Returns what keeps us from a host, "" where nothing does. One address that answers is enough."""
    find = place.net.find or Names().find
    try:
        async with asyncio.timeout(FIND_S):
            addresses = list(dict.fromkeys(await find(door.host, door.port)))[:4]
    except TimeoutError:
        return "its name was not answered in time"
    except OSError as error:
        return f"its name is not known: {error.strerror or error}"
    trust = place.net.trust if door.has_tls else None
    tries = (dial(door.host, each, door.port, trust=trust, allow=place.net.allow) for each in addresses)
    tried: list[Dialled] = await asyncio.gather(*tries)
    return "" if any(not each.fault for each in tried) else (tried[0].message if tried else "it has no address")


def _finding(tag: str, doors: dict[Door, str]) -> Finding:
    name, title = f"vendor:{tag}", f"Destination of {tag}"
    if not doors:
        return Finding(name, title, "unknown", "Where it sends depends on the event.")
    failed = [f"{door.host}: {why.removesuffix('.')}." for door, why in doors.items() if why]
    if failed:
        todo = "Let the firewall pass port 443 outwards; private addresses need FIRSTHAND_ALLOW_ADDRESSES."
        return Finding(name, title, "bad", " ".join(failed), todo)
    return Finding(name, title, "ok", f"{', '.join(door.host for door in doors)} takes connections.")
