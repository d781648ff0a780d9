"""The visitor id, Firsthand's own cookie `_fhid`: `1.<22 url-safe characters>.<Unix day it was last sent>`.

It is HttpOnly, so no script renews it: the day tells the server when to send it again, at most once a day.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import msgspec

from runtime.identity.chance import draw_bytes

VISITOR_COOKIE = "_fhid"
_FORM = re.compile(r"1\.([A-Za-z0-9_-]{22})\.([0-9]{1,6})")


class VisitorDecision(msgspec.Struct, frozen=True):
    """The visitor's id and the cookie that carries it from today on."""

    id: str
    cookie_value: str
    changed: bool
    """A new id: the cookie came not at all or in another form."""
    refresh_due: bool
    """The cookie was not sent today: send `cookie_value` so that it lives on."""


def draw_visitor_id() -> str:
    """Draws 128 random bits as 22 url-safe characters."""
    return base64.urlsafe_b64encode(draw_bytes())[:22].decode("ascii")


def decide_visitor(cookie: str | None, *, today: int, draw: Callable[[], str] = draw_visitor_id) -> VisitorDecision:
    """Keeps a valid id, else draws one. `today` is the Unix day."""
    match = _FORM.fullmatch(cookie) if cookie else None
    if match is None:
        id = draw()
        return VisitorDecision(id, f"1.{id}.{today}", changed=True, refresh_due=True)
    return VisitorDecision(match[1], f"1.{match[1]}.{today}", changed=False, refresh_due=int(match[2]) != today)
