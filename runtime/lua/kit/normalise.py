"""`normalise`: the normal forms of what identifies a person, in which advertising platforms compare hashes.

A function returns nil for what cannot be what it claims to be, and a hash as it is. Bad data raises nothing: data is
the visitor's, and an error would cost the whole event. Bad choices are the author's, and do raise.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from runtime.lua.kit import CallContext, KitError, KitFunction
from runtime.text import normal_forms
from runtime.text.calling_codes import international
from runtime.text.normal_forms import Forms
from runtime.text.user_data import KEYS, meta_value

_WORDS = ("drop_accents", "cut_state", "cut_zip", "us", "raw_id", "strip_appendix")
_MICROSECONDS = 1_000_000
_GOOGLE_DOMAINS = frozenset({"gmail.com", "googlemail.com"})


def _next_year(context: CallContext) -> int:
    return datetime.datetime.fromtimestamp(context.at_us / _MICROSECONDS, datetime.UTC).year + 1


def _digits(code: str) -> str:
    return "".join(c for c in code if c in "0123456789")


@lru_cache(maxsize=256)
def _forms(words: str) -> Forms:
    """Reads choices such as `cut_zip calling_code=49`."""
    given: dict[str, Any] = {}
    for word in words.split():
        name, _, value = word.partition("=")
        if name == "calling_code":
            given[name] = _digits(value)
        elif word in _WORDS:
            given[word] = True
        else:
            raise KitError(f"`{word}` is no form; known are calling_code=DIGITS, {', '.join(_WORDS)}")
    return Forms(**given)


def text_of(value: Any) -> str | None:
    """Returns a text or a finite number as text; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return str(int(value)) if value == int(value) else repr(value)


def _plain(value: Any, form: Callable[[str], str | None]) -> str | None:
    text = text_of(value)
    if text is None:
        return None
    return normal_forms.hashed(text) or form(normal_forms.prepared(text))


def _email(value: Any = None) -> str | None:
    return _plain(value, normal_forms.email)


def _google_email(value: Any = None, cut_plus: bool | None = None) -> str | None:
    return _plain(value, lambda text: _joined_email(text, plus=not cut_plus, domains=_GOOGLE_DOMAINS))


def _bare_email(value: Any = None) -> str | None:
    return _plain(value, lambda text: _joined_email(text, plus=False, domains=None))


def _joined_email(text: str, *, plus: bool, domains: frozenset[str] | None) -> str | None:
    """Returns an address without dots before its "@", and without its plus part, where its domain is one of some."""
    address = normal_forms.email(text)
    if address is None:
        return None
    local, _, domain = address.partition("@")
    if domains is not None and domain not in domains:
        return address
    local = (local if plus else local.partition("+")[0]).replace(".", "")
    return f"{local}@{domain}" if local else None


def _phone(value: Any = None, home: str | None = None) -> str | None:
    return _plain(value, lambda text: _dialled(text, home or ""))


def _dialled(text: str, home: str) -> str | None:
    """Returns the digits of a number; `home` is a calling code, or a country, for a national one."""
    country = normal_forms.country(normal_forms.prepared(home)) if home.strip("+ 0123456789") else None
    if country is not None:
        text = international(text, country)
    return normal_forms.phone(text, _digits(home))


def _e164(value: Any = None, home: str | None = None) -> str | None:
    number = _phone(value, home)
    return number if number is None or normal_forms.hashed(number) else f"+{number}"


def _name(value: Any = None) -> str | None:
    return _plain(value, normal_forms.name)


def _city(value: Any = None, accents: bool | None = None) -> str | None:
    return _plain(value, lambda text: normal_forms.city(text, accents=accents is not False))


def _region(value: Any = None, cut: bool | None = None) -> str | None:
    return _plain(value, lambda text: normal_forms.region(text, cut=bool(cut)))


def _zip(value: Any = None, country: str | None = None, cut: bool | None = None) -> str | None:
    us = normal_forms.country(country or "") == "us"
    return _plain(value, lambda text: normal_forms.postal_code(text, us=us, cut=bool(cut)))


def _country(value: Any = None) -> str | None:
    return _plain(value, normal_forms.country)


def _gender(value: Any = None) -> str | None:
    return _plain(value, normal_forms.gender)


def _birth_date(context: CallContext, value: Any = None) -> str | None:
    return _plain(value, lambda text: normal_forms.birth_date(text, _next_year(context)))


def _external_id(value: Any = None, raw: bool | None = None) -> str | None:
    if not raw:
        return _plain(value, normal_forms.external_id)
    text = text_of(value)
    return None if text is None else normal_forms.raw_id(text)


def _currency(value: Any = None) -> str | None:
    text = text_of(value)
    return None if text is None else normal_forms.currency(text)


def _meta_value(context: CallContext, key: str, value: str, forms: str | None = None) -> str | None:
    if key not in KEYS:
        raise KitError(f"`{key}` is no key with a form; the others travel as they are")
    chosen = _forms(forms or "")
    if key == "db":
        chosen = replace(chosen, latest_year=_next_year(context))
    return meta_value(key, value, chosen)


_VALUE = "value: any? — text or a number; anything else gives nil"
_HOME = "home: text? — for national numbers: a calling code such as 49, or a country's code or English name"

FUNCTIONS: dict[str, KitFunction] = {
    "email": KitFunction(
        _email,
        "Trims and lower-cases an e-mail address; dots and plus parts stay.",
        (_VALUE,),
        'text? — nil without one "@", a dot after it, or with white space',
        'normalise.email(" Ann@Shop.Example ") --> "ann@shop.example"',
    ),
    "google_email": KitFunction(
        _google_email,
        'As `email`; of addresses at gmail.com and googlemail.com the dots before the "@" go too, as Google hashes '
        "them.",
        (_VALUE, "cut_plus: boolean? — of these addresses the plus part goes as well"),
        "text? — nil where it is no address",
        'normalise.google_email("John.Smith@gmail.com") --> "johnsmith@gmail.com"',
    ),
    "bare_email": KitFunction(
        _bare_email,
        'As `email`, without dots and plus part before the "@" of any domain, as Reddit and Microsoft hash it.',
        (_VALUE,),
        "text? — nil where it is no address",
        'normalise.bare_email("John.Smith+shop@example.com") --> "johnsmith@example.com"',
    ),
    "phone": KitFunction(
        _phone,
        "Keeps the digits and drops leading zeros. A number that begins with one zero gets the calling code; where a "
        "country is given, so does a number without zero that has the length of its national numbers.",
        (_VALUE, _HOME),
        "text? — nil with fewer than 7 or more than 15 digits",
        'normalise.phone("0151 2345678", "DE") --> "491512345678"',
    ),
    "e164": KitFunction(
        _e164,
        "As `phone`, with a plus sign before it: the form that TikTok, Google, Reddit and X hash.",
        (_VALUE, _HOME),
        "text? — nil with fewer than 7 or more than 15 digits",
        'normalise.e164("(650) 555-1212", "US") --> "+16505551212"',
    ),
    "name": KitFunction(
        _name,
        "Lower-cases a name and deletes white space and punctuation; accents stay.",
        (_VALUE,),
        "text? — nil where nothing is left",
        'normalise.name("O\'Brien") --> "obrien"',
    ),
    "city": KitFunction(
        _city,
        "As a name, without digits.",
        (_VALUE, "accents: boolean? — false deletes every letter outside a-z"),
        "text? — nil where nothing is left",
        'normalise.city("San Francisco 3") --> "sanfrancisco"',
    ),
    "region": KitFunction(
        _region,
        "As a name; the English name of a US state or a Canadian province becomes its code.",
        (_VALUE, "cut: boolean? — keep two characters of any region"),
        "text? — nil where nothing is left",
        'normalise.region("California") --> "ca"',
    ),
    "zip": KitFunction(
        _zip,
        "Deletes white space and dashes of a postal code; of a US code the first five characters stay.",
        (
            _VALUE,
            "country: text? — code or English name",
            "cut: boolean? — end it at the first dash",
        ),
        "text? — nil with fewer than 2 characters",
        'normalise.zip("94105-1234") --> "94105"',
    ),
    "country": KitFunction(
        _country,
        "Turns a country's code or English name into its ISO 3166-1 alpha-2 code in lower case.",
        (_VALUE,),
        "text? — nil where no country has that code or name",
        'normalise.country("Germany") --> "de"',
    ),
    "gender": KitFunction(
        _gender,
        "Reads m, male, man, f, female, woman.",
        (_VALUE,),
        'text? — "m" or "f", else nil',
        'normalise.gender("Female") --> "f"',
    ),
    "birth_date": KitFunction(
        _birth_date,
        "Reads eight digits, or three groups of digits in the order that their sizes tell, else month, day, year.",
        (_VALUE,),
        "text? — YYYYMMDD; nil where that is no date from 1800 to next year",
        'normalise.birth_date("2/16/1997") --> "19970216"',
        context=True,
    ),
    "external_id": KitFunction(
        _external_id,
        "Deletes white space; lower-cases as well unless it shall stay raw.",
        (_VALUE, "raw: boolean? — keep the case"),
        "text? — nil where nothing is left",
        'normalise.external_id(" Customer 42 ") --> "customer42"',
    ),
    "currency": KitFunction(
        _currency,
        "Keeps the letters of a currency code, as capitals.",
        (_VALUE,),
        "text? — nil unless three letters are left",
        'normalise.currency("eur") --> "EUR"',
    ),
    "meta_value": KitFunction(
        _meta_value,
        "Gives one identifier the form in which Meta takes it: hashed, or checked where Meta hashes nothing. "
        "What is hashed already stays.",
        (
            "key: text — Meta's key: em, ph, fn, ln, ct, st, zp, country, db, ge, external_id, f5first, f5last, fi, "
            "dobd, dobm, doby, client_ip_address, fbc, fbp",
            "value: text — as it came",
            "forms: text? — words: drop_accents cut_state cut_zip us raw_id strip_appendix calling_code=49",
        ),
        "text? — nil where the value cannot be what the key says",
        'normalise.meta_value("em", "nobody") --> nil',
        context=True,
    ),
}
