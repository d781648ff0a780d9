"""What the edge could not use of a request that it took. It counts as absent; the hit says so, by code.

Codes: `bad_fbp`, `bad_fbc`, `bad_visitor_id` an identifier of another form, as cookie or in the hit · `bad_forwarded`
an X-Forwarded-For without the visitor's address · `bad_origin` · `invalid_utf8` headers with bad bytes, which are
replaced · `header_cut` headers too long to be kept whole. What consent or trust keep from being read is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from runtime.edge.client_ip import Sender, parse_address
from runtime.edge.cookies import Identity
from runtime.edge.facts import Facts
from runtime.edge.headers import MAX_VALUE
from runtime.edge.incoming import Incoming
from runtime.identity.values import cookie_text, parse_fbc, parse_fbp
from runtime.identity.visitor import VISITOR_COOKIE

_ORIGIN = re.compile(rb"null|[A-Za-z][A-Za-z0-9+.-]*://[!-.0->A-~]+")
"""RFC 6454 7, of any scheme and without a path; whether the page may read the answer is another question."""

_LONGEST_CHARACTER = 4
"""Bytes, in UTF-8."""


def repairs_of(
    incoming: Incoming, sender: Sender, facts: Facts, identity: Identity, headers: dict[str, str], *, trust: str
) -> dict[str, int]:
    """Returns how often each code applies, those that do; `headers` are the stored ones. Runs for every hit."""
    found: dict[str, int] = {}
    raw = incoming.headers
    text = "".join(headers.values())
    if "\ufffd" in text:
        found["invalid_utf8"] = sum(["\ufffd" in value for value in headers.values()])
    if len(text) >= MAX_VALUE // _LONGEST_CHARACTER:  # else none of them was cut
        found["header_cut"] = sum([len(v) > MAX_VALUE and name.decode("latin-1") in headers for name, v in raw.items()])
    if b"x-forwarded-for" in raw and not sender.ip:
        found["bad_forwarded"] = _is_unreadable(raw[b"x-forwarded-for"])
    if b"origin" in raw and _ORIGIN.fullmatch(raw[b"origin"]) is None:
        found["bad_origin"] = 1
    if trust != "server":
        _judge_identity(found, incoming, facts, identity)
    return {code: int(count) for code, count in found.items() if count} if found else found


def _is_unreadable(forwarded: bytes) -> bool:
    """Whether there is something else than addresses among the hops; without it the visitor's is merely private."""
    return any(parse_address(hop) is None for hop in forwarded.decode("latin-1").split(","))


def _judge_identity(found: dict[str, int], incoming: Incoming, facts: Facts, identity: Identity) -> None:
    cookies = incoming.cookies
    if facts.consent["ad_storage"]:
        if bad := _unreadable(parse_fbp, identity.fbp, cookies.get("_fbp", ""), facts.fbp):
            found["bad_fbp"] = bad
        if bad := _unreadable(parse_fbc, identity.fbc, cookies.get("_fbc", ""), facts.fbc):
            found["bad_fbc"] = bad
    visitor = cookies.get(VISITOR_COOKIE)
    if visitor and facts.consent["analytics_storage"]:
        found["bad_visitor_id"] = not identity.visitor_id or identity.visitor_id not in visitor


def _unreadable(parse: Callable[[str | None], object], used: str, cookie: str, given: str) -> int:
    """Counts the texts that were sent, are not the one in force, and have another form."""
    if cookie in ("", used) and given in ("", used):
        return 0
    sent = {cookie_text(cookie) or "", given} - {"", used}
    return sum([parse(text) is None for text in sent])
