"""What a container says about consent: where else than in the hit's own words it is found, and what holds without.

Each purpose is decided by the first that says something about it: the client's own facts, the rule's sources in their
order, the default of the visitor's region, the default. What is found and cannot be understood denies.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator
from pydantic import Field as Declared

from runtime.model.consent import Purpose
from runtime.model.consent_source import ConsentSource
from runtime.model.part import Part
from runtime.model.regions import Region

Word = Literal["granted", "denied"]
Default = Word | dict[Purpose, Word]
"""One word for all purposes, or one for each; a purpose that the map leaves out is denied."""

TcfPurpose = Annotated[int, Declared(ge=1, le=24)]
"""A purpose of the Transparency and Consent Framework; the string has room for 24, 11 of them are defined."""
VendorId = Annotated[int, Declared(ge=1, le=65535)]
"""A vendor of the framework's Global Vendor List."""

LEGITIMATE = frozenset((2, 7, 8, 9, 10, 11))
"""Purposes for which the framework's policies admit legitimate interest (TCF 2.2, May 2023)."""

TCF_PURPOSES: dict[Purpose, tuple[int, ...]] = {
    "ad_storage": (1,),
    "ad_user_data": (1, 7),
    "ad_personalization": (3, 4),
    "analytics_storage": (1, 8),
}
"""Purposes of the framework that ours need, all of them. The first three as Google reads such strings in its consent
mode; for analytics storage and measuring audiences, since Google leaves that one to other signals."""


def _path(text: str) -> str:
    if not all(text.split(".")) or any(sign.isspace() for sign in text):
        raise ValueError(f"`{text[:40]}` is no path: names with dots between them are expected, for example `consent`")
    return text


FieldPath = Annotated[str, AfterValidator(_path)]


class TcfRule(Part):
    """How consent strings of the IAB Transparency and Consent Framework are read."""

    purposes: dict[Purpose, tuple[TcfPurpose, ...]] = {}
    """Purposes of the framework that must be granted for ours; of one that is not named the default holds, and of one
    with an empty list the string says nothing."""
    vendors: tuple[VendorId, ...] = ()
    """Vendors that must have the visitor's consent too. Restrictions that the publisher made for them count."""
    legitimate_interest: tuple[TcfPurpose, ...] = ()
    """Purposes of the framework for which a legitimate interest that the visitor did not object to is enough."""
    policy: int = Declared(default=2, ge=0, le=63)
    """Strings of an older policy deny. 4 is what the framework itself asks for since 2023-09-30, with strings for this
    service alone."""

    @model_validator(mode="after")
    def _admitted(self) -> TcfRule:
        wrong = sorted(set(self.legitimate_interest) - LEGITIMATE)
        if wrong:
            known = ", ".join(map(str, sorted(LEGITIMATE)))
            raise ValueError(f"purpose {wrong[0]} needs consent: legitimate interest is admitted for {known}")
        return self

    def needs(self, purpose: Purpose) -> tuple[int, ...]:
        """Returns the purposes of the framework that one of ours needs."""
        return self.purposes.get(purpose, TCF_PURPOSES[purpose])


class RegionalDefault(Part):
    """What holds for a visitor from these regions where nothing in the hit says more."""

    regions: tuple[Region, ...]
    default: Default

    @model_validator(mode="after")
    def _some(self) -> RegionalDefault:
        if not self.regions:
            raise ValueError("`regions` is empty: name at least one, or leave the entry out")
        return self


class ConsentRule(Part):
    """What a container says about consent. Absent = denied."""

    default: Default = "denied"
    """What holds where neither hit, sources nor region say anything."""
    regions: tuple[RegionalDefault, ...] = ()
    """Defaults by the visitor's region; the first that names it counts. Without a known region `default` holds."""
    sources: tuple[ConsentSource, ...] = ()
    """Where the hit's consent is found beside what its client reads, in their order."""
    tcf: TcfRule = TcfRule()
    ldu: tuple[Purpose, ...] = ()
    """Purposes that Meta's Limited Data Use in a hit or event denies, whatever else is said. The mark goes to Meta
    either way."""
    field: FieldPath = "consent_state"
    """Dotted path of the event's own word; it can only deny what would be granted."""

    @model_validator(mode="after")
    def _reachable(self) -> ConsentRule:
        seen: set[str] = set()
        for place, entry in enumerate(self.regions):
            for region in entry.regions:
                if region in seen or region.partition("-")[0] in seen:
                    raise ValueError(f"`regions.{place}` comes too late for {region}: an entry above it counts")
            seen.update(entry.regions)
        return self
