"""The first-party cookies of an answer: `_fbp`, `_fbc` and the visitor id `_fhid`. None without the visitor's consent.

`_fbp` and `_fbc` stay readable by script, because the shop's own pixel must find the value or it would write another.
The visitor id is nobody's business but the server's. They are re-sent once a day, so that a visitor who returns keeps
them.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from runtime.edge.asgi import Header
from runtime.edge.facts import Facts
from runtime.edge.hosts import Host
from runtime.edge.incoming import Incoming
from runtime.identity.fbc import decide_fbc
from runtime.identity.fbp import decide_fbp
from runtime.identity.values import Decision, cookie_text, parse_fbp
from runtime.identity.visitor import VISITOR_COOKIE, decide_visitor

PIXEL_MAX_AGE_S = 7776000
"""90 days, the life of `_fbp` and `_fbc` (Meta developer documentation, 2026-09)."""
VISITOR_MAX_AGE_S = 34560000
"""400 days, the most that browsers grant (RFC 6265bis)."""

KNOWN_COOKIES = frozenset({"_fbp", "_fbc", VISITOR_COOKIE, "_ga", "_gcl_aw"})
"""Stored with each hit where they were sent."""

MAX_VALUE = 2048
_DAY_US = 86_400_000_000


class Identity(msgspec.Struct, frozen=True):
    """Who the visitor is as far as consent allows, and the cookies that the answer sets."""

    fbp: str = ""
    fbc: str = ""
    visitor_id: str = ""
    issued: tuple[str, ...] = ()
    headers: list[Header] = []


NOBODY = Identity()


def decide_identity(
    incoming: Incoming, facts: Facts, host: Host, scheme: str, now_us: int, trust: str, *, issue: bool
) -> Identity:
    """Decides who the visitor is. A trusted server's hit has none: its events say whom they are about."""
    if trust == "server":
        return NOBODY
    if not issue:
        return recognise(incoming, facts, now_us=now_us)
    return identify(incoming, facts, host, secure=scheme == "https", now_us=now_us)


def recognise(incoming: Incoming, facts: Facts, *, now_us: int) -> Identity:
    """Returns the identifiers that a request brought, where consent allows them; makes none up and sets no cookie."""
    fbp = fbc = visitor_id = ""
    if facts.consent["ad_storage"]:
        known = parse_fbp(cookie_text(incoming.cookies.get("_fbp"))) or parse_fbp(facts.fbp)
        fbp = known.text if known else ""
        fbc = _fbc(incoming, facts, 1, now_us).value
    if facts.consent["analytics_storage"]:
        visitor = decide_visitor(incoming.cookies.get(VISITOR_COOKIE), today=now_us // _DAY_US)
        visitor_id = "" if visitor.changed else visitor.id
    return Identity(fbp, fbc, visitor_id)


def identify(incoming: Incoming, facts: Facts, host: Host, *, secure: bool, now_us: int) -> Identity:
    """Decides the identifiers in force for a hit, and which of their cookies the answer sets."""
    fbp = fbc = visitor_id = ""
    renew = False
    due: list[tuple[str, str]] = []
    if facts.consent["analytics_storage"]:
        visitor = decide_visitor(incoming.cookies.get(VISITOR_COOKIE), today=now_us // _DAY_US)
        visitor_id, renew = visitor.id, visitor.refresh_due
        if renew:
            due.append((VISITOR_COOKIE, visitor.cookie_value))
    if facts.consent["ad_storage"]:
        browser = decide_fbp(incoming.cookies.get("_fbp"), facts.fbp, now_ms=now_us // 1000, index=host.index)
        click = _fbc(incoming, facts, host.index, now_us)
        fbp, fbc = browser.value, click.value
        pairs = (("_fbp", browser), ("_fbc", click))
        due += [(name, decided.value) for name, decided in pairs if decided.changed or (renew and decided.value)]
    headers = [set_cookie(name, value, host, secure=secure) for name, value in due]
    return Identity(fbp, fbc, visitor_id, tuple([name for name, _ in due]), headers)


def _fbc(incoming: Incoming, facts: Facts, index: int, now_us: int) -> Decision:
    return decide_fbc(
        incoming.cookies.get("_fbc"),
        facts.fbc,
        page_url=facts.page_url,
        referrer=facts.referrer,
        now_ms=now_us // 1000,
        index=index,
    )


def set_cookie(name: str, value: str, host: Host, *, secure: bool) -> Header:
    """Returns a Set-Cookie header. The value comes from `runtime.identity`, which lets no separator through."""
    attributes = _attributes(host.domain, secure or host.loopback, name == VISITOR_COOKIE)
    return b"set-cookie", f"{name}={value}; {attributes}".encode("ascii")


@lru_cache(maxsize=256)
def _attributes(domain: str, secure: bool, hidden: bool) -> str:
    age = VISITOR_MAX_AGE_S if hidden else PIXEL_MAX_AGE_S
    place = f"Path=/; Domain={domain}" if domain else "Path=/"
    flags = ("; Secure" if secure else "") + ("; HttpOnly" if hidden else "")
    return f"{place}; Max-Age={age}; SameSite=Lax{flags}"


def stored_cookies(incoming: Incoming, names: frozenset[str]) -> dict[str, str]:
    """Returns the cookies of those names as they were sent, without those that are far too long to be real."""
    if b"cookie" not in incoming.headers:
        return {}
    sent = incoming.cookies
    return {name: sent[name] for name in names & sent.keys() if len(sent[name]) <= MAX_VALUE}
