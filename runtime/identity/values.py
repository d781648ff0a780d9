"""`_fbp` and `_fbc` values taken apart. A value that has another form than Meta's counts as absent."""

from __future__ import annotations

import re
from urllib.parse import unquote

import msgspec

from runtime.text.meta_forms import CLICK, FBC, FBP


class Decision(msgspec.Struct, frozen=True):
    """The value in force, "" where there is none, and whether the answer must set the cookie."""

    value: str
    changed: bool


class Value(msgspec.Struct, frozen=True):
    """A valid value and its parts."""

    text: str
    index: int
    created_ms: int
    payload: str
    appendix: str


def parse_fbp(text: str | None) -> Value | None:
    """Reads an `_fbp` value that is not percent-encoded; None where it is absent or has another form."""
    return _parse(FBP, text)


def parse_fbc(text: str | None) -> Value | None:
    """Reads an `_fbc` value that is not percent-encoded; None where it is absent or has another form."""
    return _parse(FBC, text)


def _parse(form: re.Pattern[str], text: str | None) -> Value | None:
    match = form.fullmatch(text) if text else None
    if match is None:
        return None
    return Value(match[0], int(match[1]), int(match[2]), match[3], match[4] or "")


def cookie_text(cookie: str | None) -> str | None:
    """Decodes a cookie's percent-escapes once: some writers encode the value, and decoding leaves raw ones alone."""
    return unquote(cookie) if cookie and "%" in cookie else cookie


def click_payload(fbclid: str) -> str:
    """Returns a click id as `_fbc` carries it, dots as `__DOT__`, else unaltered; "" where no cookie can carry it."""
    payload = fbclid.replace(".", "__DOT__")
    return payload if CLICK.fullmatch(payload) else ""


def subdomain_index(domain: str) -> int:
    """Returns the second part of a new value: the labels of the cookie's domain minus one, 1 without a domain."""
    return min(domain.strip(".").count("."), 99) if domain else 1
