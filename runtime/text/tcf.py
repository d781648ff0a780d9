"""Reads consent strings of the IAB Transparency and Consent Framework, version 2: what the visitor allowed, to whom.

Source: IAB Tech Lab, "Consent string and vendor list formats v2", with TCF 2.2 (May 2023) and 2.3 (April 2025);
checked 2026-09. The core segment is read whole; those behind it say nothing about consent for a purpose. Which purposes
of ours follow is not decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from runtime.text.bits import BitText

VERSION = 2
NOT_ALLOWED, NEEDS_CONSENT, NEEDS_INTEREST = range(3)
"""What a publisher can restrict a vendor's purpose to."""

_PURPOSES, _FEATURES = 24, 12
_REMEMBERED = 512


class TcfString(NamedTuple):
    """What a string says. Sets are numbers whose bit n stands for member n."""

    created_ms: int
    """When it was written, Unix milliseconds."""
    policy: int
    """Version of the framework's policies that it was made under."""
    is_service_specific: bool
    """It is about one service alone, as the framework asks since TCF 2.2."""
    features: int
    """Special features that the visitor opted in to."""
    consents: int
    """Purposes with consent."""
    interests: int
    """Purposes with a legitimate interest that the visitor did not object to."""
    vendor_consents: int
    vendor_interests: int
    restrictions: Mapping[tuple[int, int], int]
    """(purpose, kind of restriction) to the vendors that it is for."""

    def allows(self, purpose: int, vendor: int | None = None, *, by_interest: bool = False) -> bool:
        """Tells whether a purpose is allowed: to the vendor where one is given, else as such.

        `by_interest` lets a legitimate interest stand for consent.
        """
        consent = _has(self.consents, purpose)
        interest = by_interest and _has(self.interests, purpose)
        if vendor is None:
            return consent or interest
        if self._restricts(purpose, vendor, NOT_ALLOWED):
            return False
        consent &= _has(self.vendor_consents, vendor) and not self._restricts(purpose, vendor, NEEDS_INTEREST)
        interest &= _has(self.vendor_interests, vendor) and not self._restricts(purpose, vendor, NEEDS_CONSENT)
        return consent or interest

    def _restricts(self, purpose: int, vendor: int, kind: int) -> bool:
        return _has(self.restrictions.get((purpose, kind), 0), vendor)


@lru_cache(_REMEMBERED)
def read_tcf(text: str) -> TcfString:
    """Returns what a string says; ValueError, with the reason, where it is broken. Read strings are remembered."""
    core, *others = text.split(".")
    for other in others:
        BitText(other)
    bits = BitText(core)
    version = bits.take(6)
    if version != VERSION:
        raise ValueError(f"it is of version {version}")
    created_ds = bits.take(36)
    bits.take(36 + 12 + 12 + 6 + 12 + 12)  # last change, platform and its version, screen, language, vendor list
    policy, is_service_specific = bits.take(6), bits.flag()
    bits.take(1)  # texts that are not the standard's
    features, consents, interests = bits.members(_FEATURES), bits.members(_PURPOSES), bits.members(_PURPOSES)
    bits.take(1 + 12)  # whether purpose 1 was shown, and the publisher's country
    return TcfString(
        created_ds * 100,
        policy,
        is_service_specific,
        features,
        consents,
        interests,
        _vendors(bits),
        _vendors(bits),
        _restrictions(bits),
    )


def _vendors(bits: BitText) -> int:
    greatest = bits.take(16)
    if not bits.flag():
        return bits.members(greatest)
    vendors = _ranges(bits)
    if vendors.bit_length() > greatest + 1:
        raise ValueError("it lists a vendor beyond the greatest")
    return vendors


def _ranges(bits: BitText) -> int:
    vendors = 0
    for _ in range(bits.take(12)):
        is_range, first = bits.flag(), bits.take(16)
        last = bits.take(16) if is_range else first
        if not 1 <= first <= last:
            raise ValueError("it lists vendors in a range that is none")
        vendors |= ((1 << (last - first + 1)) - 1) << first
    return vendors


def _restrictions(bits: BitText) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for _ in range(bits.take(12)):
        key = bits.take(6), bits.take(2)
        found[key] = found.get(key, 0) | _ranges(bits)
    return found


def _has(members: int, number: int) -> bool:
    return bool(members >> number & 1)
