"""The first-party cookies of an answer: `_fbp`, `_fbc` and the visitor id `_fhid`. None without the visitor's consent,
and none that the client's manifest does not name: of those the edge recognises what the request brought.

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
from runtime.edge.wanted import Wanted
from runtime.identity.fbc import decide_fbc
from runtime.identity.fbp import decide_fbp
from runtime.identity.values import Decision, cookie_text, parse_fbp
from runtime.identity.visitor import VISITOR_COOKIE, decide_visitor

PIXEL_MAX_AGE_S = 7776000
"""90 days, the life of `_fbp` and `_fbc` (Meta developer documentation, 2026-09)."""
VISITOR_MAX_AGE_S = 34560000
"""400 days, the most that browsers grant (RFC 6265bis)."""

KNOWN_COOKIES = frozenset({"_fbp", "_fbc", VISITOR_COOKIE, "_ga", "_gcl_aw"})
"""Stored with each hit where they were sent, whoever may read them."""

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
    incoming: Incoming, facts: Facts, host: Host, scheme: str, now_us: int, trust: str, *, may_set: frozenset[str]
) -> Identity:
    """Decides who the visitor is, and which of the cookies in `may_set` the answer sets.

    A trusted server's hit has none: its events say whom they are about.
    """
    if trust == "server":
        return NOBODY
    return identify(incoming, facts, host, secure=scheme == "https", now_us=now_us, may_set=may_set)


def identify(
    incoming: Incoming, facts: Facts, host: Host, *, secure: bool, now_us: int, may_set: frozenset[str]
) -> Identity:
    """Decides the identifiers in force for a hit. Without its cookie among `may_set`, none is made up."""
    fbp = fbc = visitor_id = ""
    renew = False
    due: list[tuple[str, str]] = []
    if facts.consent["analytics_storage"]:
        visitor = decide_visitor(incoming.cookies.get(VISITOR_COOKIE), today=now_us // _DAY_US)
        if VISITOR_COOKIE in may_set:
            visitor_id, renew = visitor.id, visitor.refresh_due
        elif not visitor.changed:
            visitor_id = visitor.id
        if renew:
            due.append((VISITOR_COOKIE, visitor.cookie_value))
    if facts.consent["ad_storage"]:
        browser = _fbp(incoming, facts, host, now_us, may_set)
        click = _fbc(incoming, facts, host.index if "_fbc" in may_set else 1, now_us)
        fbp, fbc = browser.value, click.value
        pairs = [(name, decided) for name, decided in (("_fbp", browser), ("_fbc", click)) if name in may_set]
        due += [(name, decided.value) for name, decided in pairs if decided.changed or (renew and decided.value)]
    headers = [set_cookie(name, value, host, secure=secure) for name, value in due]
    return Identity(fbp, fbc, visitor_id, tuple([name for name, _ in due]), headers)


def _fbp(incoming: Incoming, facts: Facts, host: Host, now_us: int, may_set: frozenset[str]) -> Decision:
    if "_fbp" in may_set:
        return decide_fbp(incoming.cookies.get("_fbp"), facts.fbp, now_ms=now_us // 1000, index=host.index)
    known = parse_fbp(cookie_text(incoming.cookies.get("_fbp"))) or parse_fbp(facts.fbp)
    return Decision(known.text if known else "", changed=False)


def _fbc(incoming: Incoming, facts: Facts, index: int, now_us: int) -> Decision:
    return decide_fbc(
        incoming.cookies.get("_fbc"),
        facts.fbc,
        page_url=facts.page_url,
        referrer=facts.referrer,
        now_ms=now_us // 1000,
        index=index,
    )


def set_cookie(name: str, value: str, host: Host, *, secure: bool, age_s: int = 0) -> Header:
    """Returns a Set-Cookie header. The value comes from `runtime.identity`, which lets no separator through. Without
    `age_s` it lives as long as its name says."""
    attributes = _attributes(host.domain, secure or host.loopback, name == VISITOR_COOKIE, age_s)
    return b"set-cookie", f"{name}={value}; {attributes}".encode("ascii")


@lru_cache(maxsize=256)
def _attributes(domain: str, secure: bool, hidden: bool, age_s: int) -> str:
    age = age_s or (VISITOR_MAX_AGE_S if hidden else PIXEL_MAX_AGE_S)
    place = f"Path=/; Domain={domain}" if domain else "Path=/"
    flags = ("; Secure" if secure else "") + ("; HttpOnly" if hidden else "")
    return f"{place}; Max-Age={age}; SameSite=Lax{flags}"


def stored_cookies(incoming: Incoming, names: frozenset[str], wanted: Wanted) -> dict[str, str]:
    """Returns the cookies of those names, and those that a template may read, as they were sent.

    Without those that are far too long to be real.
    """
    if b"cookie" not in incoming.headers:
        return {}
    sent = incoming.cookies
    stored = {name: sent[name] for name in names & sent.keys() if len(sent[name]) <= MAX_VALUE}
    if wanted:
        stored |= {name: value for name, value in sent.items() if len(value) <= MAX_VALUE and name in wanted}
    return stored
