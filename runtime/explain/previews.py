"""Previews as programs and pages are shown them, and the collector's address to suggest for a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runtime.containers.previews import Link, open_previews
from runtime.containers.versions import live_version
from runtime.explain.explorer import iso
from runtime.explain.newest import newest_hits
from runtime.store.control import Control
from runtime.text.domains import host_name, is_loopback, within

LOOKED_AT = 50
"""Newest hits whose host is looked at."""


def as_row(link: Link) -> dict[str, Any]:
    """Returns a link as data: `version`, `what`, `id`, `sends`, `until`, `link`, `header`."""
    made = link.preview
    row = {"version": made.version, "what": link.what, "id": made.id, "sends": made.sends, "until": iso(made.expires)}
    return row | {"link": link.url, "header": link.header}


def suggested_address(control: Control, data_dir: Path) -> str:
    """Returns the collector's address that was used last; else the one that the newest hits came to, where that is the
    container's own or this machine's, since anybody may name another host; "" where nobody knows."""
    known = next((link.address for link in open_previews(control) if link.address), "")
    live = None if known else live_version(control)
    if live is None:
        return known
    domains = live.container.domains
    for _, logged in newest_hits(data_dir, looked_at=LOOKED_AT):
        hit = logged.hit
        if within(hit.host, domains) or is_loopback(host_name(hit.host)):
            return f"{hit.scheme}://{hit.host}"
    return ""
