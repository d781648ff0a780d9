"""All checks at once. Each has its time, and none can keep the others from telling."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from runtime.errors import FirsthandError
from runtime.explain.doctor import home, names, visit
from runtime.explain.doctor.finding import Finding, Report
from runtime.explain.doctor.place import Net, Place
from runtime.explain.doctor.subject import Subject
from runtime.explain.doctor.vendors import vendors
from runtime.http.dns import Dns
from runtime.telemetry import log

CHECK_S = 20.0

Check = Callable[[Place], Awaitable[Finding]]
CHECKS: tuple[tuple[str, Check], ...] = (
    ("DNS records", names.records),
    ("Alias that leads nowhere", names.alias),
    ("Same site as the store", names.site),
    ("Safari", names.safari),
    ("TLS", visit.tls),
    ("The collector answers", visit.answer),
    ("Cookies", visit.cookie),
    ("Trusted proxies", visit.proxies),
    ("Who may issue certificates (CAA)", names.authorities),
    ("Wildcard record", names.wildcard),
    ("Clock", visit.clock),
    ("Disk", home.disk),
    ("Data folder", home.data),
    ("Secrets", home.secrets),
)
"""In the order in which they are shown."""


def examine(subject: Subject, net: Net | None = None, *, check_s: float = CHECK_S) -> Report:
    """Looks at everything; waits for it. Never raises for what it meets."""
    return asyncio.run(examine_on_loop(subject, net, check_s=check_s))


async def examine_on_loop(subject: Subject, net: Net | None = None, *, check_s: float = CHECK_S) -> Report:
    """The same, for who has a loop."""
    began = time.time()
    allow = subject.settings.allow_addresses
    place = Place(subject, net or Net(Dns(allow=allow), allow=allow))
    try:
        checks = [_within(title, check(place), check_s) for title, check in CHECKS]
        found = await asyncio.gather(*checks, _within("Destinations", vendors(place), check_s))
    finally:
        await place.aclose()
    return Report(subject.domain, subject.shop, began, tuple(each for part in found for each in part))


async def _within(title: str, work: Awaitable[Finding] | Awaitable[list[Finding]], check_s: float) -> list[Finding]:
    """Returns what a check finds, in its time."""
    name = title.lower().replace(" ", "_")
    try:
        async with asyncio.timeout(check_s):
            found = await work
    except TimeoutError:
        return [Finding(name, title, "unknown", f"This took more than {check_s:g} s.", "Try again.")]
    except FirsthandError as error:
        return [Finding(name, title, "unknown", error.message, error.hint)]
    except Exception as error:  # noqa: BLE001 - one check that fails is told as such, beside the others
        log().warning("doctor_check_failed", check=title, exc_info=True)
        return [Finding(name, title, "unknown", f"The check itself failed ({type(error).__name__}).")]
    return found if isinstance(found, list) else [found]
