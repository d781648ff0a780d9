"""Stands in for a hit whose record is damaged, so that one bad record stops nobody who reads the log in order."""

from __future__ import annotations

from collections.abc import Callable

from runtime.log.records import RecordUnreadable
from runtime.model.event import Dead, Outcome
from runtime.model.hit import Hit, LoggedHit
from runtime.telemetry import log

_CLIENT = "(damaged)"
"""No client's id: those have no parentheses."""

Read = Callable[[int, int], list[LoggedHit]]
"""Returns up to that many hits after that one, in order."""


def passing_damage(read: Read) -> Read:
    """Returns a reader that gives a stand-in where the next record is damaged, and tells the operator."""

    def reading(after: int, limit: int) -> list[LoggedHit]:
        try:
            return read(after, limit)
        except RecordUnreadable as error:
            log().error("record_unreadable", hit=f"{error.shard}.{error.seq}", problem=error.problem, hint=error.hint)
            return [_stand_in(error)]

    return reading


def outcome_of_damage(logged: LoggedHit) -> Outcome | None:
    """Returns what comes of a stand-in: a dead letter; None for any other hit."""
    if logged.hit.client != _CLIENT:
        return None
    return Outcome(dead=(Dead("record_unreadable", f"The hit's record in the log is damaged: {logged.hit.path}."),))


def _stand_in(error: RecordUnreadable) -> LoggedHit:
    hit = Hit(
        client=_CLIENT, version=0, received_us=0, method="", scheme="", host="", path=error.problem, query=b"",
        headers={}, cookies={}, client_ip="", route={}, page_url="", referrer="", consent={}, fbp="", fbc="",
        visitor_id="",
    )  # fmt: skip
    return LoggedHit(error.shard, error.seq, hit)
