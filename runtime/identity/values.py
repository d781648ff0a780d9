"""The form of `_fbp` and `_fbc` values: `fb.<index>.<creation ms>.<payload>[.<appendix>]`.

Meta developer documentation, 2026-09, and the behaviour of Meta's parameter builders 1.3.2, where they differ the
stricter one. A value that has another form counts as absent. The match is of the whole text and the classes are
spelled out, because an accepted value goes back out in a Set-Cookie header: a final newline, a `;` or digits of
another script must not slip through.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import msgspec

MAX_PAYLOAD = 500
_HEAD = r"fb\.([0-9]{1,2})\.([0-9]{10,16})\."
# The writer's mark: two characters of Meta's older builders, or any eight of base64url from the newer ones.
_APPENDIX = r"(?:\.(AQ|Ag|Aw|BA|BQ|Bg|[A-Za-z0-9_-]{8}))?"
_PAYLOAD = rf"[A-Za-z0-9_~%-]{{1,{MAX_PAYLOAD}}}"
_FBP = re.compile(rf"{_HEAD}([0-9]{{1,24}}){_APPENDIX}")
_FBC = re.compile(rf"{_HEAD}({_PAYLOAD}){_APPENDIX}")
_CLICK = re.compile(_PAYLOAD)


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
    return _parse(_FBP, text)


def parse_fbc(text: str | None) -> Value | None:
    """Reads an `_fbc` value that is not percent-encoded; None where it is absent or has another form."""
    return _parse(_FBC, text)


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
    return payload if _CLICK.fullmatch(payload) else ""


def subdomain_index(domain: str) -> int:
    """Returns the second part of a new value: the labels of the cookie's domain minus one, 1 without a domain."""
    return min(domain.strip(".").count("."), 99) if domain else 1
