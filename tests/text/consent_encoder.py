"""Writes consent strings, for tests: an encoder that shares nothing with the readers but the published formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def text_of(bits: str) -> str:
    """Returns the characters of a run of bits, filled up with zeros."""
    bits += "0" * (-len(bits) % 6)
    return "".join(SIGNS[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def number(value: int, size: int) -> str:
    """Returns a number in that many bits."""
    return format(value, f"0{size}b")


def field_of(members: Iterable[int], size: int) -> str:
    """Returns a field of flags, the first for member 1."""
    chosen = set(members)
    return "".join("1" if place in chosen else "0" for place in range(1, size + 1))


@dataclass
class Tcf:
    """A string of the Transparency and Consent Framework, as its core segment spells it."""

    version: int = 2
    created_ds: int = 17_900_000_000
    policy: int = 4
    service_specific: bool = True
    features: set[int] = field(default_factory=set)
    consents: set[int] = field(default_factory=set)
    interests: set[int] = field(default_factory=set)
    vendor_consents: set[int] = field(default_factory=set)
    vendor_interests: set[int] = field(default_factory=set)
    restrictions: Mapping[tuple[int, int], set[int]] = field(default_factory=dict)
    ranges: bool = False
    """Vendors as ranges, not as a field."""

    def bits(self) -> str:
        """Returns the core segment."""
        head = number(self.version, 6) + number(self.created_ds, 36) * 2 + number(31, 12) + number(7, 12)
        head += number(1, 6) + number(4, 6) + number(13, 6) + number(133, 12) + number(self.policy, 6)
        head += "1" if self.service_specific else "0"
        head += "0" + field_of(self.features, 12) + field_of(self.consents, 24) + field_of(self.interests, 24)
        head += "0" + number(3, 6) + number(4, 6)
        body = self._vendors(self.vendor_consents) + self._vendors(self.vendor_interests)
        body += number(len(self.restrictions), 12)
        for (purpose, kind), vendors in self.restrictions.items():
            body += number(purpose, 6) + number(kind, 2) + _ranges(sorted(vendors))
        return head + body

    def text(self) -> str:
        """Returns the string."""
        return text_of(self.bits())

    def _vendors(self, vendors: set[int]) -> str:
        greatest = max(vendors, default=0)
        if self.ranges:
            return number(greatest, 16) + "1" + _ranges(sorted(vendors))
        return number(greatest, 16) + "0" + field_of(vendors, greatest)


def _ranges(vendors: Sequence[int]) -> str:
    runs: list[tuple[int, int]] = []
    for vendor in vendors:
        if runs and runs[-1][1] == vendor - 1:
            runs[-1] = (runs[-1][0], vendor)
        else:
            runs.append((vendor, vendor))
    entries = [
        f"0{number(first, 16)}" if first == last else f"1{number(first, 16)}{number(last, 16)}" for first, last in runs
    ]
    return number(len(runs), 12) + "".join(entries)


def fibonacci(value: int) -> str:
    """Returns a number in Fibonacci coding: the places of its Fibonacci numbers, the least first, and one more one."""
    numbers = [1, 2]
    while numbers[-1] <= value:
        numbers.append(numbers[-1] + numbers[-2])
    places = set()
    for place in range(len(numbers) - 1, -1, -1):
        if numbers[place] <= value:
            value -= numbers[place]
            places.add(place)
    return "".join("1" if place in places else "0" for place in range(max(places) + 1)) + "1"


def gpp(sections: Mapping[int, str]) -> str:
    """Returns a string of the Global Privacy Platform with these sections, runs of numbers as groups."""
    numbers = sorted(sections)
    runs: list[list[int]] = []
    for each in numbers:
        if runs and runs[-1][-1] == each - 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    bits, last = number(3, 6) + number(1, 6) + number(len(runs), 12), 0
    for run in runs:
        bits += "0" if len(run) == 1 else "1"
        bits += fibonacci(run[0] - last)
        bits += fibonacci(run[-1] - run[0]) if len(run) > 1 else ""
        last = run[-1]
    return "~".join([text_of(bits), *(sections[each] for each in numbers)])


def us_section(layout: Sequence[tuple[str, int]], values: Mapping[str, int], *, version: int = 1) -> str:
    """Returns a section of the United States: its version and its fields, 0 where no value is given."""
    return text_of(number(version, 6) + "".join(number(values.get(name, 0), size) for name, size in layout))
