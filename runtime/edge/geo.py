"""Where a visitor is: what a trusted proxy's headers say, or the operator's database (MaxMind DB) for the address.

Nothing is looked up by name or over a network. A hit that speaks for a visitor who is elsewhere (`trust: server`) has
no place: its address is the shop's. The only module that imports maxminddb.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import maxminddb

from runtime.edge.client_ip import Sender
from runtime.edge.incoming import Incoming
from runtime.errors import OperatorError
from runtime.model.regions import COUNTRIES, PART
from runtime.model.snapshot import Snapshot
from runtime.settings import Settings

Place = dict[str, str]
"""country, region, city, as far as they are known: see `Hit.geo`."""

NOWHERE: Place = {}
_REMEMBERED = 8192
_LONGEST_CITY = 100


class Locator:
    """Tells where senders are. `headers` are pairs of a place's part and a header. Without them and `database` nobody
    is anywhere."""

    def __init__(self, headers: Iterable[tuple[str, str]] = (), database: Path | None = None) -> None:
        self._headers = [(part, name.lower().encode("ascii")) for part, name in headers]
        self._find = None if database is None else lru_cache(_REMEMBERED)(_Database(database).find)

    def locate(self, incoming: Incoming, sender: Sender, trust: str) -> Place:
        """Returns the visitor's place. Headers count only from a trusted proxy, and before the database."""
        if trust == "server":
            return NOWHERE
        if self._headers and sender.by_proxy:
            place = read_place({part: incoming.text_header(name) for part, name in self._headers})
            if place:
                return place
        return self._find(sender.ip) if self._find is not None and sender.ip else NOWHERE


def make_locator(settings: Settings) -> Locator:
    """Returns the locator of the operator's settings; OperatorError where the database cannot be read."""
    return Locator(settings.geo_headers, settings.geo_db)


def needs_geo(snapshot: Snapshot) -> bool:
    """Tells whether anything of a version asks where visitors are."""
    templates = snapshot.templates.values()
    return bool(snapshot.container.consent.regions) or any(each.readable.parts.allows("geo") for each in templates)


def read_place(said: Place) -> Place:
    """Returns what is sound of the parts of a place: a region may have its country before it (`US-CA`)."""
    country = said.get("country", "").strip().upper()
    region = said.get("region", "").strip().upper()
    if not country and "-" in region:
        country = region.partition("-")[0]
    if country not in COUNTRIES:
        return NOWHERE
    region = region.removeprefix(f"{country}-")
    city = said.get("city", "").replace("\0", "").strip()[:_LONGEST_CITY]
    place = {"country": country, "region": region if PART.fullmatch(region) else "", "city": city}
    return {part: value for part, value in place.items() if value}


class _Database:
    def __init__(self, path: Path) -> None:
        try:
            self._reader = maxminddb.open_database(path)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise OperatorError(
                f"The database of places {path} cannot be read: {error}.",
                hint="FIRSTHAND_GEO_DB names a file in MaxMind's format, for example GeoLite2-City.mmdb.",
            ) from None

    def find(self, ip: str) -> Place:
        """Returns the place of an address; the record has the fields of GeoIP2 and GeoLite2."""
        try:
            record: Any = self._reader.get(ip)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return NOWHERE
        if not isinstance(record, dict):
            return NOWHERE
        return read_place(
            {
                "country": _text(record, "country", "iso_code"),
                "region": _text(record, "subdivisions", 0, "iso_code"),
                "city": _text(record, "city", "names", "en"),
            }
        )


def _text(record: Any, *path: str | int) -> str:
    for step in path:
        try:
            record = record[step]
        except (KeyError, IndexError, TypeError):
            return ""
    return record if isinstance(record, str) else ""
