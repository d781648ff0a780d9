"""What the DNS says: records, aliases that lead nowhere, who may issue certificates, wildcards, whose site it is."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from runtime.errors import AddressRefused
from runtime.explain.doctor.finding import Finding
from runtime.explain.doctor.place import Place
from runtime.explain.doctor.safari import ESCAPES, judge_cookies
from runtime.http.addresses import judge
from runtime.http.dns import Walk
from runtime.text.domains import registrable, within

LONG_TTL_S = 3600
CADDYS = ("letsencrypt.org", "sectigo.com")
"""Issuers that Caddy asks by itself: Let's Encrypt, and ZeroSSL under its owner's name."""


async def records(place: Place) -> Finding:
    """Does the name have addresses that anybody can reach?"""
    walk = await place.walk(place.subject.domain)
    name, title = "dns", "DNS records"
    if walk.state == "failed":
        return Finding(name, title, "unknown", "No DNS server answered.", "Try again; see this machine's resolver.")
    if not walk.addresses:
        found = f"There is no name {walk.end}." if walk.state == "no_name" else f"{walk.end} has no address."
        todo = f"Add an A record (and AAAA) for {walk.name} with the address of this server or of its proxy."
        return Finding(name, title, "bad", found, todo)
    hidden = list(_hidden(place, walk))
    if hidden:
        todo = "Browsers cannot reach a private address: give it a public one."
        return Finding(name, title, "bad", " ".join(hidden), todo)
    if walk.ttl > LONG_TTL_S:
        todo = f"Lower the TTL to 300 while you set this up: others remember the record for {walk.ttl} seconds."
        return Finding(name, title, "warn", _told(walk), todo)
    return Finding(name, title, "ok", _told(walk))


async def alias(place: Place) -> Finding:
    """Does an alias lead to a name that is gone, which somebody else could take?"""
    walk = await place.walk(place.subject.domain)
    name, title = "alias", "Alias that leads nowhere"
    if not walk.aliases:
        return Finding(name, title, "ok", "The name is no alias.")
    if walk.state == "failed":
        return Finding(name, title, "unknown", f"No DNS server told of {walk.end}.", "Try again.")
    if not walk.addresses:
        why = "does not exist" if walk.state == "no_name" else "has no address"
        found = (
            f"{walk.name} is an alias of {walk.end}, which {why}. Whoever gets that name gets this store's subdomain."
        )
        return Finding(name, title, "bad", found, "Remove the record now, or point it at what you own.")
    return Finding(
        name, title, "ok", f"It leads to {walk.end}, which exists.", "At uninstall remove this record first."
    )


async def authorities(place: Place) -> Finding:
    """Do CAA records let the usual authorities issue a certificate?"""
    name, title = "caa", "Who may issue certificates (CAA)"
    owner, issuers = await _issuers(place)
    if issuers is None:
        return Finding(name, title, "ok", "No CAA record: every authority may.")
    listed = ", ".join(issuers) or "nobody"
    if not issuers:
        todo = f'Add `0 issue "{CADDYS[0]}"` beside it, or use a certificate that you have.'
        return Finding(name, title, "bad", f"The CAA records of {owner} allow nobody.", todo)
    if not set(issuers) & set(CADDYS):
        todo = f'For Caddy\'s own certificates add `0 issue "{CADDYS[0]}"`; else nothing, if these are yours.'
        return Finding(name, title, "warn", f"The CAA records of {owner} allow {listed} only.", todo)
    return Finding(name, title, "ok", f"The CAA records of {owner} allow {listed}.")


async def wildcard(place: Place) -> Finding:
    """Does every name beneath the store's domain lead somewhere?"""
    name, title = "wildcard", "Wildcard record"
    top = registrable(place.subject.domain)
    if top is None:
        return Finding(name, title, "unknown", f"{place.subject.domain} is nobody's registered domain.")
    walk = await place.walk(f"firsthand-{secrets.token_hex(6)}.{top}")
    if walk.addresses or walk.aliases:
        todo = "Name each subdomain: a wildcard gives every name to whatever answers there."
        return Finding(name, title, "warn", f"Every name beneath {top} leads to {walk.end}.", todo)
    if walk.state == "failed":
        return Finding(name, title, "unknown", "No DNS server answered.", "Try again.")
    return Finding(name, title, "ok", f"Names beneath {top} that nobody made lead nowhere.")


async def site(place: Place) -> Finding:
    """Are the collector and the store's pages one site, and do the container's domains cover them?"""
    subject, name, title = place.subject, "site", "Same site as the store"
    own, shop = registrable(subject.domain), registrable(subject.shop)
    if own is None or own != shop:
        found = f"{subject.domain} is of the site {own or '(none)'}, the store's pages of {shop or '(none)'}."
        todo = f"Use a subdomain of {shop or 'the store'}: elsewhere every cookie is a third party's."
        return Finding(name, title, "bad", found, todo)
    if subject.snapshot is not None and within(subject.domain, subject.domains) is None:
        found = f"{subject.domain} lies under none of the container's domains ({', '.join(subject.domains) or 'none'})."
        todo = f"Add {shop} to the container's `domains`, or cookies sit on the collector's host alone."
        return Finding(name, title, "bad", found, todo)
    return Finding(name, title, "ok", f"{subject.domain} and {subject.shop} are both {own}.")


async def safari(place: Place) -> Finding:
    """How long does Safari keep the collector's cookies?"""
    name, title = "safari", "Safari"
    verdict = judge_cookies(await place.walk(place.subject.domain), await place.page())
    if verdict.life == "full":
        return Finding(name, title, "ok", f"Cookies live as long as the server says. {verdict.why}")
    if verdict.life == "unknown":
        return Finding(name, title, "unknown", verdict.why, "Look again once the records are there.")
    kept = "Safari keeps the collector's cookies for seven days only."
    kept = kept if verdict.life == "capped" else "Safari may keep the collector's cookies for seven days only."
    return Finding(name, title, "warn", f"{kept} {verdict.why}", ESCAPES)


def _told(walk: Walk) -> str:
    way = f"an alias of {', '.join(walk.aliases)}, " if walk.aliases else ""
    by = "by the servers in charge" if walk.is_direct else "as a resolver remembers it"
    return f"{walk.name} is {way}at {', '.join(walk.addresses)}; TTL {walk.ttl} s, {by}."


def _hidden(place: Place, walk: Walk) -> Iterator[str]:
    for address in walk.addresses:
        try:
            judge(address, 443, place.net.allow)
        except AddressRefused as error:
            yield error.message


async def _issuers(place: Place) -> tuple[str, list[str] | None]:
    """Returns whose CAA records count and whom they let issue; None where there are none."""
    walk = await place.walk(place.subject.domain)
    for start in dict.fromkeys((place.subject.domain, walk.end)):
        owner, top = start, registrable(start)
        while top is not None:
            found = await place.net.dns.ask(owner, "CAA")
            allowed = [_issuer(value) for value in found.values if value.split(" ")[1:2] == ["issue"]]
            if allowed:
                return owner, [issuer for issuer in allowed if issuer]
            if owner == top:
                break
            owner = owner.partition(".")[2]
    return "", None


def _issuer(value: str) -> str:
    """Returns whom `0 issue "ca.example; account=1"` names, "" for nobody."""
    return value.split(" ", 2)[2].strip('"').partition(";")[0].strip().lower()
