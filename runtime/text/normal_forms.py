"""Normal forms of what identifies a person, in which advertising platforms compare hashes.

Each function takes text that is already NFC, trimmed and in lower case (`prepared`), and returns its normal form, or
None where the value cannot be what it claims to be. Nothing here raises, hashes or logs.
Rules: Meta developer documentation, customer information parameters, 2026-09; where Meta's own sources differ, the
reading that keeps most information is the default and `Forms` holds the other one.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from dataclasses import dataclass

from runtime.text.meta_forms import APPENDIX
from runtime.text.places import country_code, region_code

HASH = re.compile(rf"([0-9a-fA-F]{{64}}|[0-9a-fA-F]{{32}})(\.{APPENDIX})?")
"""A SHA-256 or MD5 in hex, and the appendix by which Meta's parameter builders sign what they wrote."""

_ASCII_SYMBOLS = frozenset("$+<=>^`|~")
_DIGITS = re.compile(r"[0-9]+")
_NOT_LATIN = re.compile(r"[^a-z0-9]")
_SPACE = re.compile(r"\s+")
_TWO_DIGITS = re.compile(r"[0-9]{2}")
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_US_ZIP_PLUS_4 = re.compile(r"[0-9]{5}-?[0-9]{4}")
_GENDERS = {"m": "m", "male": "m", "man": "m", "f": "f", "female": "f", "woman": "f"}
_OLDEST_YEAR = 1800
LONGEST = 1000
"""Characters of an identifier; a longer text has no normal form."""


@dataclass(frozen=True, slots=True)
class Forms:
    """Choices between normal forms. Most exist because Meta's sources disagree; the defaults follow its documents."""

    calling_code: str = ""
    """Digits that a national phone number gets; "" = leave it as it is."""
    drop_accents: bool = False
    """In cities, letters outside a-z vanish, as in Meta's parameter builder."""
    cut_state: bool = False
    """Cut to two characters, as the parameter builder does with every state."""
    cut_zip: bool = False
    """Keep what stands before the first dash, as Meta's SDK does with every country's codes."""
    us: bool = False
    """The person lives in the US, so a postal code has five characters."""
    raw_id: bool = False
    """Ids are neither hashed nor changed in case."""
    strip_appendix: bool = False
    latest_year: int = datetime.MAXYEAR
    """Last year in which a birth date is believed."""


def composed(text: str) -> str:
    """Returns the text in NFC, "" where it is longer than any identifier.

    Composing is quadratic in combining marks, and a visitor may send as many as fit into a hit.
    """
    return unicodedata.normalize("NFC", text) if len(text) <= LONGEST else ""


def prepared(text: str) -> str:
    """Returns the text in NFC, without white space around it, in lower case."""
    return composed(text).strip().lower()


def hashed(text: str, *, strip_appendix: bool = False) -> str | None:
    """Returns a value that is a hash already, in lower case but for its appendix; None where it is none."""
    match = HASH.fullmatch(text.strip())
    if match is None:
        return None
    digest, appendix = match.groups()
    return digest.lower() + ("" if strip_appendix else appendix or "")


def email(text: str) -> str | None:
    """Returns the address where it has one `@`, a dot in its domain and no white space. Dots and plus stay."""
    local, _, domain = text.partition("@")
    return text if local and "@" not in domain and "." in domain[1:-1] and not _SPACE.search(text) else None


def phone(text: str, calling_code: str = "") -> str | None:
    """Returns the digits without leading zeros, 7 to 15 of them (E.164), or None."""
    digits = "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())
    national = digits[:1] == "0" and digits[:2] != "00" and "+" not in text
    number = (calling_code if national else "") + digits.lstrip("0")
    return number if 7 <= len(number) <= 15 else None


def name(text: str) -> str | None:
    """Returns the text without white space, punctuation and ASCII symbols; accents stay."""
    if text.isalnum():
        return text
    return "".join(c for c in text if _in_name(c)) or None


def _in_name(character: str) -> bool:
    if character.isalnum():
        return True
    return not (character.isspace() or character in _ASCII_SYMBOLS or unicodedata.category(character)[0] == "P")


def city(text: str, *, accents: bool = True) -> str | None:
    """Returns the name without digits; without `accents`, letters outside a-z go too."""
    letters = _DIGITS.sub("", name(text) or "")
    return (letters if accents else _NOT_LATIN.sub("", letters)) or None


def region(text: str, *, cut: bool = False) -> str | None:
    """Returns the code of a US state or Canadian province by its English name, else the name; `cut` to two letters."""
    plain = region_code(text) or name(text)
    return plain[:2] if plain and cut else plain


def postal_code(text: str, *, us: bool = False, cut: bool = False) -> str | None:
    """Returns the code without white space and dashes, a US one cut to five characters; `cut` ends it at a dash."""
    compact = _SPACE.sub("", text)
    joined = compact.split("-", 1)[0] if cut else compact.replace("-", "")
    if us or _US_ZIP_PLUS_4.fullmatch(compact):
        joined = joined[:5]
    return joined if len(joined) >= 2 else None


def country(text: str) -> str | None:
    """Returns the ISO 3166-1 alpha-2 code that the text is or names in English."""
    return country_code(text)


def gender(text: str) -> str | None:
    """Returns `m` or `f`, the two that Meta knows."""
    return _GENDERS.get(text)


def birth_date(text: str, latest_year: int = datetime.MAXYEAR) -> str | None:
    """Returns a real date as YYYYMMDD, from eight digits or from three groups of digits.

    A first group above 31 is the year, then month, day; else a second above 31 stands between day and month; else the
    order is month, day, year. A month above 12 changes places with the day.
    """
    groups = _DIGITS.findall(text)
    if len(groups) == 1 and len(groups[0]) == 8:
        groups = [groups[0][:4], groups[0][4:6], groups[0][6:]]
        return _date(*map(int, groups), latest_year=latest_year)
    if len(groups) < 3 or any(len(group) > 4 for group in groups[:3]):
        return None
    year, month, day = _in_order(*map(int, groups[:3]))
    if month > 12:
        month, day = day, month
    return _date(year, month, day, latest_year=latest_year)


def _in_order(first: int, second: int, third: int) -> tuple[int, int, int]:
    if first > 31:
        return first, second, third
    if second > 31:
        return second, third, first
    return third, first, second


def _date(year: int, month: int, day: int, *, latest_year: int) -> str | None:
    if not _OLDEST_YEAR <= year <= latest_year:
        return None
    try:
        return f"{datetime.date(year, month, day):%Y%m%d}"
    except ValueError:
        return None


def external_id(text: str) -> str | None:
    """Returns an id without white space."""
    return _SPACE.sub("", text) or None


def raw_id(text: str) -> str | None:
    """Returns an id in NFC without white space, in the case it came in."""
    return external_id(composed(text))


def number_between(text: str, least: int, most: int) -> str | None:
    """Returns a whole number within the bounds as two digits, for days and months."""
    digits = text.zfill(2)
    return digits if _TWO_DIGITS.fullmatch(digits) and least <= int(digits) <= most else None


def four_digits(text: str) -> str | None:
    """Returns a year of four digits."""
    return text if _FOUR_DIGITS.fullmatch(text) else None


def currency(text: str) -> str | None:
    """Returns a currency code as three capital letters (ISO 4217's form; the list itself is not checked)."""
    letters = "".join(c for c in text if c.isascii() and c.isalpha())
    return letters.upper() if len(letters) == 3 else None
