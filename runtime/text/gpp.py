"""Reads strings of the IAB Global Privacy Platform: which sections there are, and what those of the United States say.

Source: IAB Tech Lab, "Global Privacy Platform String" 1.0 (November 2023) and the sections' own specifications (US
National 1 and 2, the states up to Rhode Island; December 2025); checked 2026-09. The section of the European Union (2)
is a string of the Transparency and Consent Framework, see tcf.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from runtime.text.bits import LONGEST, BitText

TCF_EU = 2
US_PRIVACY = 6
_HEADER, _VERSION, _SIGNAL = 3, 1, 1
_OPTED_OUT, _NOT_OPTED_OUT = 1, 2
_MOST_SECTIONS = 64

# `1YNN`: version, notice, opt-out of sale, covered transaction (US Privacy String 1.0, 2020; its users moved to GPP).
_US_PRIVACY = re.compile(r"1[YN-]([YN-])[YN-]", re.IGNORECASE)


class Layout(NamedTuple):
    """Where a section of the United States says who opted out: the place of the first bit of each answer's two."""

    name: str
    answers: Mapping[str, int]
    size: int
    """Bits of its core."""
    signals: bool = True
    """Global Privacy Control may stand behind the core."""
    has_header: bool = False
    """A part of its own with number and version may stand before the core, which begins with another version."""


def _state(name: str, size: int, *, notices: int = 3, signals: bool = True) -> Layout:
    """Returns the layout that most states share: version, notices, the answers on sale and on targeted advertising."""
    first = 6 + 2 * notices
    return Layout(name, {"sale": first, "targeted advertising": first + 2}, size, signals)


def _recent(name: str, size: int, *, signals: bool = False) -> Layout:
    """Returns the layout of the newest states: the agreement's version and two answers about it come first."""
    return Layout(name, {"sale": 16, "targeted advertising": 18}, size, signals, has_header=True)


_NATIONAL = {"sale": 18, "sharing": 20, "targeted advertising": 22}
_VERSIONS = {1: Layout("usnat", _NATIONAL, 60), 2: Layout("usnat", _NATIONAL, 70)}
NATIONAL = 7
STATES: dict[int, Layout] = {
    8: Layout("usca", {"sale": 12, "sharing": 14}, 46),
    9: _state("usva", 40, signals=False),
    10: _state("usco", 38),
    11: _state("usut", 42, notices=4, signals=False),
    12: _state("usct", 44),
    13: _state("usfl", 46, signals=False),
    14: _state("usmt", 46),
    15: _state("usor", 52),
    16: _state("ustx", 42),
    17: _state("usde", 52),
    18: _state("usia", 42, notices=4),
    19: _state("usne", 42),
    20: _state("usnh", 46),
    21: _state("usnj", 54),
    22: _state("ustn", 42),
    23: _state("usmn", 42),
    24: _recent("usmd", 22, signals=True),
    25: _recent("usin", 24),
    26: _recent("usky", 24),
    27: _recent("usri", 24),
}
"""Layouts of version 1, the only one so far, by the section's number."""
NAMES = {NATIONAL: "usnat"} | {number: layout.name for number, layout in STATES.items()}


class OptOut(NamedTuple):
    """What a section of the United States says: that the visitor opted out, that not, or (None) neither."""

    opted_out: bool | None
    of: str = ""
    """What the visitor opted out of first."""


def read_gpp(text: str) -> list[tuple[int, str]]:
    """Returns number and text of each section; ValueError, with the reason, where header and sections do not fit."""
    if len(text) > LONGEST:
        raise ValueError("it is too long")
    header, *sections = text.split("~")
    numbers = _numbers(BitText(header))
    if len(numbers) != len(sections):
        raise ValueError(f"its header names {len(numbers)} sections, {len(sections)} follow")
    return list(zip(numbers, sections, strict=True))


def _numbers(bits: BitText) -> list[int]:
    if (bits.take(6), bits.take(6)) != (_HEADER, _VERSION):
        raise ValueError("it does not begin as version 1 does")
    numbers: list[int] = []
    last = 0
    for _ in range(bits.take(12)):
        is_group, first = bits.flag(), last + bits.fibonacci()
        last = first + bits.fibonacci() if is_group else first
        if last - first > _MOST_SECTIONS or len(numbers) > _MOST_SECTIONS:
            raise ValueError("its header names more sections than there are")
        numbers += range(first, last + 1)
    return numbers


def read_us_section(number: int, text: str) -> OptOut:
    """Returns what a section of the United States says; ValueError where it is broken or of an unknown version."""
    layout, core, others = _core(number, text.split("."))
    BitText(core).text(layout.size)
    said = {what: _answer(core, place) for what, place in layout.answers.items()}
    if layout.signals and any(_signals(BitText(other)) for other in others):
        return OptOut(True, "Global Privacy Control")
    out = next((what for what, answer in said.items() if answer == _OPTED_OUT), None)
    if out is not None:
        return OptOut(True, out)
    return OptOut(False if _NOT_OPTED_OUT in said.values() else None)


def read_us_privacy(text: str) -> OptOut:
    """Returns what the older string of four signs says; ValueError where it is none."""
    found = _US_PRIVACY.fullmatch(text)
    if found is None:
        raise ValueError("it is no US Privacy string")
    return OptOut({"Y": True, "N": False}.get(found[1].upper()), "sale")


def _core(number: int, parts: list[str]) -> tuple[Layout, str, list[str]]:
    """Returns the layout, the core and the parts behind it."""
    first, *others = parts
    bits = BitText(first)
    begins = bits.take(6)
    layout = _VERSIONS.get(begins) if number == NATIONAL else STATES[number]
    if layout is not None and layout.has_header:
        # The specification's draft begins with the header; IAB Tech Lab's own encoder leaves it out (2026-09).
        if begins == number and others and bits.take(6) == _VERSION:
            first, *others = others
        return layout, first, others
    if layout is None or (number != NATIONAL and begins != _VERSION):
        raise ValueError(f"it is of version {begins}")
    return layout, first, others


def _answer(core: str, place: int) -> int:
    bits = BitText(core)
    bits.text(place)
    answer = bits.take(2)
    if answer > _NOT_OPTED_OUT:
        raise ValueError("an answer is none of the three")
    return answer


def _signals(bits: BitText) -> bool:
    """Tells whether a part behind the core holds Global Privacy Control."""
    return bits.take(2) == _SIGNAL and bits.flag()
