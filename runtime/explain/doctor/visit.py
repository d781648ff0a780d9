"""What a visitor meets: TLS, the collector itself, its cookies, what proxies make of the visitor, and the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookies import CookieError, SimpleCookie

from runtime.errors import VendorError
from runtime.explain.doctor.finding import Finding
from runtime.explain.doctor.place import FORGED, Answered, Place, Told
from runtime.http.dial import Dialled, Fault
from runtime.text.domains import within

SOON_S = 14 * 86400
CLOCK_WARN_S, CLOCK_BAD_S = 5.0, 60.0
DAY_S = 86400

_TLS_TODO: dict[Fault, str] = {
    "refused": "Give the name a public address.",
    "timeout": "Open port 443 in the firewall, and let the proxy listen on this address.",
    "connect": "Start the proxy that holds the certificate: nobody takes connections on port 443 here.",
    "certificate": "Get a certificate for this very name; Caddy does so by itself once the name leads to it.",
    "tls": "Let something that speaks TLS listen here: Firsthand itself does not.",
}
_ABANDONED = (
    "no such app",
    "nosuchbucket",
    "there isn't a github pages site here",
    "unknown domain",
    "project not found",
)
"""What hosting companies show under names that nobody has claimed with them."""


async def tls(place: Place) -> Finding:
    """Does every address speak TLS with a certificate of this name, that lasts?"""
    name, title, dialled = "tls", "TLS", await place.dialled()
    if not dialled:
        return Finding(name, title, "unknown", "There is no address to connect to.")
    failed = [each for each in dialled if each.fault]
    if failed:
        found = " ".join(_fault(each) for each in failed)
        return Finding(name, title, "bad", found, _TLS_TODO[failed[0].fault])
    shown = [each.certificate for each in dialled if each.certificate]
    until = min((each.until for each in shown), default=0.0)
    names = ", ".join(dict.fromkeys(name for each in shown for name in each.names))
    issuer = ", ".join(dict.fromkeys(each.issuer for each in shown if each.issuer))
    found = f"Certificate for {names}{f' by {issuer}' if issuer else ''}, valid until {_day(until)}."
    if until - time.time() < SOON_S:
        return Finding(name, title, "warn", found, "It ends within two weeks: see that it renews itself.")
    return Finding(name, title, "ok", found)


async def answer(place: Place) -> Finding:
    """Is it this installation that answers?"""
    name, title, got = "answer", "The collector answers", await place.answered()
    if got.response is None:
        found = f"Nobody answered: {got.error.removesuffix('.')}."
        return Finding(name, title, "bad", found, "See TLS above, then the proxy's log.")
    if got.told:
        return _ours(place, got.told)
    if not place.subject.key and got.response.status == 200 and got.response.body.startswith(b'{"status"'):
        todo = "Run this where its data folder is, to know that it is yours."
        return Finding(name, title, "unknown", "A Firsthand answers, and is ready.", todo)
    return _stranger(place, got)


def _ours(place: Place, told: Told) -> Finding:
    live = place.subject.snapshot
    found = f"This installation answers, by version {told.version}."
    if live is not None and told.version != live.number:
        todo = "See the server's log: a version that lacks a secret, or that a script's check refuses, is not taken up."
        return Finding("answer", "The collector answers", "warn", f"{found} Live is version {live.number}.", todo)
    return Finding("answer", "The collector answers", "ok", found)


def _stranger(place: Place, got: Answered) -> Finding:
    assert got.response is not None
    server = got.response.headers.get("server", "")
    who = f"HTTP {got.response.status}{f' from {server[:60]}' if server else ''}"
    text = got.response.body[:4000].decode("utf-8", "replace").lower()
    if any(words in text for words in _ABANDONED):
        todo = "Remove the DNS record, or claim the name there: anybody else may."
        return Finding("answer", "The collector answers", "bad", f"A host where nobody claimed this name: {who}.", todo)
    known = "preview link is not valid" in text
    found = f"Another Firsthand than this one answers ({who})." if known else f"Something else answers: {who}."
    todo = "Point the proxy at this collector's port" + (
        f", without {place.subject.prefix}." if place.subject.prefix else "."
    )
    return Finding("answer", "The collector answers", "bad", found, todo)


async def cookie(place: Place) -> Finding:
    """Does a cookie come through, on the right domain?"""
    name, title, got = "cookie", "Cookies", await place.answered()
    if got.told is None or got.response is None:
        return Finding(name, title, "unknown", "The collector did not answer, so it set none.")
    sent = _cookie(got.response.headers.get("set-cookie", ""), got.told)
    if sent is None:
        todo = "Let the proxy or CDN pass Set-Cookie on, and cache nothing of this host."
        return Finding(name, title, "bad", "The cookie that the collector set did not arrive.", todo)
    domain, is_secure = sent
    wanted = within(place.subject.domain, place.subject.domains)
    if domain != wanted:
        sits, wants = domain or "the collector alone", wanted or "a domain of the container"
        found = f"The cookie sits on {sits}, and should on {wants}."
        todo = (
            "Let the proxy pass the Host header on unchanged, and list the store's domain in the container's `domains`."
        )
        return Finding(name, title, "bad", found, todo)
    if not is_secure:
        todo = "List the proxy in FIRSTHAND_TRUSTED_PROXIES, and let it send X-Forwarded-Proto."
        return Finding(
            name, title, "bad", "The cookie is not marked Secure, for the collector believes it is on http.", todo
        )
    return Finding(name, title, "ok", f"A cookie came through, for {domain} and all beneath it.")


def _cookie(header: str, told: Told) -> tuple[str, bool] | None:
    """Returns domain and mark of the check's cookie, None where it is not there."""
    try:
        found = SimpleCookie(header)
    except CookieError:
        return None
    morsel = next((each for each in found.values() if each.value == told.asked), None)
    return None if morsel is None else (morsel["domain"].lstrip(".").lower(), bool(morsel["secure"]))


async def proxies(place: Place) -> Finding:
    """Do visitors' addresses arrive, and only true ones?"""
    name, title, told = "proxies", "Trusted proxies", (await place.answered()).told
    wide = [str(each) for each in place.subject.settings.trusted_proxies if each.prefixlen == 0]
    if wide:
        todo = "List the proxies' own networks in FIRSTHAND_TRUSTED_PROXIES."
        return Finding(
            name, title, "bad", f"{', '.join(wide)} trusts everybody: any visitor may forge an address.", todo
        )
    if told is None:
        return Finding(name, title, "unknown", "The collector did not answer, so it told of no address.")
    if told.ip == FORGED:
        return _forged(told)
    if told.forwarded not in ("", FORGED) and not told.by_proxy:
        todo = f"Set FIRSTHAND_TRUSTED_PROXIES={told.peer} (or the proxy's network) and start anew."
        found = f"A proxy at {told.peer} tells visitors' addresses, and is not trusted: all hits seem to come from it."
        return Finding(name, title, "bad", found, todo)
    if told.scheme != "https":
        todo = f"Trust the proxy (FIRSTHAND_TRUSTED_PROXIES={told.peer}), and let it send X-Forwarded-Proto."
        return Finding(name, title, "bad", "The collector takes an https request for http.", todo)
    if not told.ip:
        todo = "If it asked from this machine's own network that is so; else let the proxy send X-Forwarded-For."
        return Finding(name, title, "unknown", "The address that asked is a private one, which is not handed on.", todo)
    return Finding(name, title, "ok", f"The collector saw {told.ip}, and no forged address.")


def _forged(told: Told) -> Finding:
    """A made-up address in X-Forwarded-For was believed: the proxy handed it on alone, or trusts where this runs."""
    if told.forwarded == FORGED:
        todo = "Let the proxy add the address it sees to X-Forwarded-For, or set it anew (see the recipes)."
        return Finding("proxies", "Trusted proxies", "bad", "A made-up visitor's address was believed.", todo)
    found = "This runs in a network that FIRSTHAND_TRUSTED_PROXIES trusts, so it cannot test for forged addresses."
    return Finding("proxies", "Trusted proxies", "unknown", found, "Run it on another machine to be sure.")


async def clock(place: Place) -> Finding:
    """Is this machine's clock right, as far as others tell?"""
    name, title, seen = "clock", "Clock", []
    told = await place.answered()
    if told.told:
        seen.append((f"the collector at {place.subject.domain}", told.told.now_ms / 1000 - told.at))
    other = await _date(place, (await place.page()).name)
    if other is not None:
        seen.append((f"the store at {place.subject.shop}", other))
    if not seen:
        return Finding(name, title, "unknown", "Nobody told the time.", "Let the machine keep its time by NTP.")
    off = max((abs(by) for _, by in seen), default=0.0)
    found = "; ".join(f"{who} differs by {by:+.0f} s" for who, by in seen) + "."
    if off <= CLOCK_WARN_S:
        return Finding(name, title, "ok", found)
    todo = "Set this machine's clock by NTP: events with a wrong time are refused or counted on another day."
    return Finding(name, title, "bad" if off > CLOCK_BAD_S else "warn", found, todo)


async def _date(place: Place, host: str) -> float | None:
    """Returns by how much another server's Date differs, None where it tells none."""
    if host == place.subject.domain:
        return None
    try:
        response = await place.get(host, "/")
        then = parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except (VendorError, ValueError, TypeError):
        return None
    off = then + 0.5 - (time.time() - response.ms / 2000)  # It counts whole seconds.
    return 0.0 if abs(off) < 1 else off


def _fault(dialled: Dialled) -> str:
    shown = dialled.certificate
    names = f" (it is for {', '.join(shown.names) or 'no name'}, until {_day(shown.until)})" if shown else ""
    return f"{dialled.address}: {dialled.message.removesuffix('.')}{names}."


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
