"""A place in a hit where a consent platform, or the shop itself, has written down what the visitor said.

The platforms' formats are theirs and may change; each is told as it was in 2026-09, from the platforms' own pages for
developers (Cookiebot, OneTrust, CookieYes, Complianz) and, where these say too little, from cookies as sites have them.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, model_validator
from pydantic import Field as Declared

from runtime.model.consent import Purpose
from runtime.model.part import Part

PLACES = ("cookie", "header", "query", "form", "json")

Format = Literal["auto", "object", "map", "list", "tcf", "gpp", "google_mode", "gpc", "us_privacy"]
"""auto: whatever of the following the text looks like, a word for all purposes (`granted`, `denied`) among them ·
object: JSON, or JavaScript's way of writing it · map: `name:1,other:0` · list: the names of what is granted · tcf, gpp:
strings of the IAB · google_mode: `gcs` and `gcd` · gpc: `1` of Sec-GPC denies what is for ads · us_privacy: `1YNN`"""

_OWN_PURPOSES = frozenset(("tcf", "gpp", "google_mode", "gpc", "us_privacy"))
"""Formats whose purposes are fixed, so that no map is asked."""

Platform = Literal["cookiebot", "onetrust", "cookieyes", "complianz", "didomi", "gpc"]
PLATFORMS: tuple[Platform, ...] = get_args(Platform)

ADS: tuple[Purpose, ...] = ("ad_storage", "ad_user_data", "ad_personalization")
ANALYTICS: tuple[Purpose, ...] = ("analytics_storage",)

_NAME = r"!#$%&'*+.^_`|~-"


def _pointer(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"`{text[:40]}` is no JSON pointer: it begins with `/`, for example `/consent`")
    return text


def _token(text: str) -> str:
    if not text or not all(sign.isascii() and (sign.isalnum() or sign in _NAME) for sign in text):
        raise ValueError(f"`{text[:40]}` is not the name of a cookie or a header")
    return text


def _filled(text: str) -> str:
    if not text:
        raise ValueError("the name is empty")
    return text


Token = Annotated[str, AfterValidator(_token)]
Filled = Annotated[str, AfterValidator(_filled)]


class ConsentSource(Part):
    """One place. Exactly one of cookie, header, query, form, json and platform is given."""

    cookie: Token | None = None
    header: Token | None = None
    query: Filled | None = None
    form: Filled | None = None
    json_: Annotated[str, AfterValidator(_pointer)] | None = Declared(default=None, alias="json")
    platform: Platform | None = None
    """A consent platform whose cookie and format are known here."""
    format: Format = "auto"
    path: str = ""
    """Where in the value: a JSON pointer (`/purposes/ads`) where it is JSON, a name where it is `a=1&b=2`."""
    map: dict[str, tuple[Purpose, ...]] | None = None
    """The platform's categories, each with the purposes that need it. Without a map the names are ours. A category that
    the value does not hold counts as denied, so that a wrong name grants nothing."""

    @model_validator(mode="after")
    def _one_place(self) -> ConsentSource:
        given = [name for name, value in self.places().items() if value is not None]
        if self.platform is not None:
            given.append("platform")
        if len(given) != 1:
            found = "none is given" if not given else f"`{'` and `'.join(given)}` are given"
            raise ValueError(f"exactly one of {', '.join(PLACES)} and platform says where it is: {found}")
        if self.platform is not None and (self.format != "auto" or self.path):
            raise ValueError("`platform` knows the format: leave `format` and `path` out")
        return self

    @model_validator(mode="after")
    def _sound_map(self) -> ConsentSource:
        if self.map is None:
            return self
        if self.format in _OWN_PURPOSES or self.platform in ("didomi", "gpc"):
            raise ValueError(f"`map` is for categories of a platform: {self.platform or self.format} has none")
        if not self.map:
            raise ValueError("`map` is empty: name the platform's categories, or leave it out")
        empty = next((category for category, purposes in self.map.items() if not purposes), None)
        if empty is not None:
            raise ValueError(f"`map.{empty}` names no purpose: leave the category out")
        return self

    def places(self) -> dict[str, str | None]:
        """Returns the name under each kind of place."""
        return {"cookie": self.cookie, "header": self.header, "query": self.query, "form": self.form,
                "json": self.json_}  # fmt: skip


class PlatformCookie(Part):
    """One place of a platform, as `ConsentSource` would spell it out."""

    cookie: str = ""
    header: str = ""
    format: Format
    path: str = ""
    map: dict[str, tuple[Purpose, ...]] = {}
    silent: tuple[str, ...] = ()
    """Whole values that say nothing of the visitor's."""


COOKIES: dict[Platform, tuple[PlatformCookie, ...]] = {
    "cookiebot": (
        PlatformCookie(
            cookie="CookieConsent",
            format="object",
            map={"marketing": ADS, "statistics": ANALYTICS},
            silent=("0", "-1"),  # nothing was answered yet; nobody needs to be asked where the visitor is
        ),
    ),
    "onetrust": (
        PlatformCookie(cookie="OptanonConsent", format="map", path="groups", map={"C0004": ADS, "C0002": ANALYTICS}),
    ),
    "cookieyes": (
        PlatformCookie(cookie="cookieyes-consent", format="map", map={"advertisement": ADS, "analytics": ANALYTICS}),
    ),
    "complianz": (
        PlatformCookie(cookie="cmplz_marketing", format="list", map={"allow": ADS}),
        PlatformCookie(cookie="cmplz_statistics", format="list", map={"allow": ANALYTICS}),
    ),
    "didomi": (PlatformCookie(cookie="euconsent-v2", format="tcf"),),
    "gpc": (PlatformCookie(header="Sec-GPC", format="gpc"),),
}
"""What the platforms write where nobody has renamed anything."""
