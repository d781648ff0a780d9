"""Safari's test for disguised third parties, as far as the DNS decides it.

Safari keeps a cookie that a server sets for as long as the server says, unless the answer comes from a host of the
page's own site that seems to be somebody else's: then for seven days. It seems so where the last name of its aliases
(CNAME) belongs to another site than the page, and the page's own host does not end at that same other site; and
without an alias, where its address and that of the page's host differ in their first half (the first 16 bits of IPv4,
the first 64 of IPv6). Requests to the page's own host and top-level navigations are not tested.
"""

from __future__ import annotations

import ipaddress
from typing import Literal, NamedTuple

from runtime.http.dns import Walk
from runtime.text.domains import registrable

Life = Literal["full", "capped", "mixed", "unknown"]
"""full: as the server says · capped: seven days · mixed: it depends on the address that a visitor gets."""

ESCAPES = (
    "In this order: serve the collector under a path of the store's own host (a proxy there hands it on); give the"
    " subdomain A and AAAA records in the same network as the store's; or put both behind the same CDN hostname."
)


class Verdict(NamedTuple):
    """What Safari does with cookies of the collector, and why."""

    life: Life
    why: str


def judge_cookies(collector: Walk, page: Walk) -> Verdict:
    """Returns how long Safari keeps the cookies that `collector` sets for pages of `page`."""
    if collector.name == page.name:
        return Verdict("full", "The collector answers on the page's own host, which Safari does not test.")
    if not collector.addresses:
        return Verdict("unknown", f"{collector.name} has no address yet.")
    if collector.aliases:
        site, own = _site(collector.end), _site(page.name)
        if site not in (own, _site(page.end)):
            return Verdict("capped", f"{collector.name} is an alias of {collector.end}, which is another site.")
        same = "the same site" if site == own else f"where {page.name} leads too"
        return Verdict("full", f"{collector.name} is an alias of {collector.end}, {same}.")
    if not page.addresses:
        return Verdict("unknown", f"{page.name} has no address to compare with; name the pages' host.")
    return _by_address(collector, page)


def _by_address(collector: Walk, page: Walk) -> Verdict:
    near = [any(is_near(one, other) for other in page.addresses) for one in collector.addresses]
    between = f"{collector.name} ({', '.join(collector.addresses)}) and {page.name} ({', '.join(page.addresses)})"
    if all(near) and all(any(is_near(one, other) for one in collector.addresses) for other in page.addresses):
        return Verdict("full", f"{between} share the first half of their addresses.")
    if any(near):
        return Verdict("mixed", f"{between} share the first half of some of their addresses only.")
    return Verdict("capped", f"{between} are in different networks.")


def is_near(one: str, other: str) -> bool:
    """Tells whether two addresses are of one family and share the first half that Safari compares."""
    left, right = ipaddress.ip_address(one), ipaddress.ip_address(other)
    if left.version != right.version:
        return False
    shift = 16 if left.version == 4 else 64
    return int(left) >> shift == int(right) >> shift


def _site(name: str) -> str:
    return registrable(name) or name
