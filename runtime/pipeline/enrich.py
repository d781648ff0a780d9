"""What an event does not carry itself comes from the hit.

A browser's word on its own address and user agent never counts: those two are always the hit's. A hit with
`trust: server` speaks for a visitor who is elsewhere, so nothing of the sender's is filled in.
"""

from __future__ import annotations

from typing import Any

from runtime.model.event import Event
from runtime.model.hit import Hit, LoggedHit
from runtime.pipeline.hit_table import first_language
from runtime.text.compare import text_of


class Visitor:
    """What a hit says about its visitor, read once for all events of the hit."""

    __slots__ = ("_forced", "_id", "_offered", "_time")

    def __init__(self, logged: LoggedHit) -> None:
        hit = logged.hit
        browser = hit.trust != "server"
        self._id = logged.id
        self._time = hit.received_us // 1_000_000
        self._forced = _forced(hit) if browser else {}
        self._offered = {name: value for name, value in _offered(hit).items() if value} if browser else {}

    def enrich(self, event: Event, position: int) -> Event:
        """Fills in the event, in place, and returns it."""
        for name, value in self._offered.items():
            if _lacks(event.get(name)):
                event[name] = value
        for name, value in self._forced.items():
            if value:
                event[name] = value
            else:
                event.pop(name, None)
        self._identify(event, position)
        return event

    def _identify(self, event: Event, position: int) -> None:
        given = event.get("event_id")
        if isinstance(given, int | float) and not isinstance(given, bool):
            event["event_id"] = text_of(given)
        elif not isinstance(given, str) or not given:
            event["event_id"] = f"{self._id}.{position}"
            event["x-event-id-generated"] = True
        if _lacks(event.get("event_time")):
            event["event_time"] = self._time


def _forced(hit: Hit) -> dict[str, str]:
    return {"ip_override": hit.client_ip, "user_agent": hit.headers.get("user-agent", "")}


def _offered(hit: Hit) -> dict[str, Any]:
    return {
        "page_location": hit.page_url,
        "page_referrer": hit.referrer,
        "language": first_language(hit),
        "client_id": hit.visitor_id,
        "x-fb-ck-fbp": hit.fbp,
        "x-fb-ck-fbc": hit.fbc,
    }


def _lacks(value: Any) -> bool:
    return value is None or value == ""
