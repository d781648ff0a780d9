"""What a template's script may read or reach, as its manifest asks for it. What is absent is refused.

Names and paths are compared as written. One that ends in `*` stands for all that begin so. `{setting: id}` stands for
what the instances of the template give under that setting, so that a container names what a template cannot know.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator

from runtime.model.part import Part

NEVER_HEADERS = frozenset(("cookie", "authorization", "proxy-authorization"))
"""Request headers that nobody can be granted and that are never stored: they hold credentials."""

SettableCookie = Literal["_fbp", "_fbc", "_fhid"]
SETTABLE_COOKIES: tuple[SettableCookie, ...] = get_args(SettableCookie)
"""The cookies that the edge knows how to make."""

HitField = Literal[
    "id", "method", "path", "host", "query", "received_ms", "received_s", "client_ip", "user_agent", "language",
    "page_url", "referrer", "fbp", "fbc", "visitor_id", "trust", "verified", "route", "consent", "headers", "cookies",
    "geo",
]  # fmt: skip
HIT_FIELDS: tuple[HitField, ...] = get_args(HitField)

SETTING = re.compile(r"\{\s*setting:\s*(\w+)\s*\}")
"""The form of a name that a setting gives."""
_TOKEN = re.compile(r"[a-z0-9!#$%&'+.^_`|~-]+\*?")
"""A header's name in lower case, or a cookie's in any (RFC 9110 5.6.2), and the wildcard at its end."""


def _reason(text: str) -> str:
    if not text.strip():
        raise ValueError("`why` is empty: say what the script does with it")
    return text


def _header(name: str) -> str:
    if SETTING.fullmatch(name):
        return name
    lower = name.lower()
    if lower in NEVER_HEADERS:
        raise ValueError(f"no script may read the header `{lower}`: it holds credentials")
    if not _TOKEN.fullmatch(lower):
        raise ValueError(f"`{name}` is not the name of a header; a `*` may stand at its end")
    return lower


def _cookie(name: str) -> str:
    if not SETTING.fullmatch(name) and not _TOKEN.fullmatch(name.lower()):
        raise ValueError(f"`{name}` is not the name of a cookie; a `*` may stand at its end")
    return name


def is_one_name(name: object) -> bool:
    """Tells whether a setting's value names one header or cookie, and not many by a `*`."""
    return isinstance(name, str) and not name.endswith("*") and _TOKEN.fullmatch(name.lower()) is not None


Why = Annotated[str, AfterValidator(_reason)]
"""What a permission is for, in the author's words. Shown to whoever uses the template."""
HeaderName = Annotated[str, AfterValidator(_header)]
CookieName = Annotated[str, AfterValidator(_cookie)]


class HitPermission(Part):
    """Which parts of the hit a client's script receives beside the payload (`params`, `body`, or `events`, `fields` and
    `index`); "*" is all. `headers` and `cookies` hold what the permissions of that name grant."""

    fields: tuple[HitField | Literal["*"], ...]
    why: Why


class EventPermission(Part):
    """Which parts of the event the script receives; "*" is all. Dotted paths."""

    fields: tuple[str, ...]
    why: Why


class HeaderPermission(Part):
    """Request headers of the hit that the script may read, names in any case, or {setting: id}. Never Cookie or
    Authorization."""

    names: tuple[HeaderName, ...]
    why: Why


class CookiePermission(Part):
    """Cookies of the hit that the script may read, by name or {setting: id}, and (clients only) those that the edge
    may set with the answer."""

    read: tuple[CookieName, ...] = ()
    set: tuple[SettableCookie, ...] = ()
    why: Why


class HostPermission(Part):
    """Hosts that requests may go to: names, `*.name`, or {setting: endpoint} for the host of a setting."""

    names: tuple[str, ...]
    why: Why


class SecretPermission(Part):
    """Settings of type secret that the script may place, by field id; it never sees a value."""

    fields: tuple[str, ...]
    why: Why


class LogPermission(Part):
    """Where lines of the script's `log` go: `debug` = traces and `firsthand try`, `always` = the process log too."""

    scope: Literal["debug", "always"]
    why: Why


class Permissions(Part):
    """All that the script may read or reach. What is absent is refused."""

    hit: HitPermission | None = None
    event: EventPermission | None = None
    headers: HeaderPermission | None = None
    cookies: CookiePermission | None = None
    hosts: HostPermission | None = None
    secrets: SecretPermission | None = None
    log: LogPermission | None = None


def setting_names(permissions: Permissions) -> frozenset[str]:
    """Returns the settings that give the names of headers and cookies."""
    headers = permissions.headers.names if permissions.headers else ()
    cookies = permissions.cookies.read if permissions.cookies else ()
    return frozenset(found[1] for name in (*headers, *cookies) if (found := SETTING.fullmatch(name)))
