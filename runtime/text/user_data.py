"""One identifier of a Meta server event's `user_data`: hashed where Meta wants a hash, checked where it must be right.

A value that cannot be what its key says has no form that may be sent. Nothing here raises for a bad value, whatever it
is, so that it costs itself alone. Rules: Meta developer documentation, customer information parameters, 2026-09.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from runtime.text import normal_forms
from runtime.text.hashing import sha256_hex
from runtime.text.meta_forms import FBC, FBP
from runtime.text.normal_forms import Forms

_HASHED: dict[str, Callable[[str, Forms], str | None]] = {
    "em": lambda text, forms: normal_forms.email(text),
    "ph": lambda text, forms: normal_forms.phone(text, forms.calling_code),
    "fn": lambda text, forms: normal_forms.name(text),
    "ln": lambda text, forms: normal_forms.name(text),
    "ct": lambda text, forms: normal_forms.city(text, accents=not forms.drop_accents),
    "st": lambda text, forms: normal_forms.region(text, cut=forms.cut_state),
    "zp": lambda text, forms: normal_forms.postal_code(text, us=forms.us, cut=forms.cut_zip),
    "country": lambda text, forms: normal_forms.country(text),
    "db": lambda text, forms: normal_forms.birth_date(text, forms.latest_year),
    "ge": lambda text, forms: normal_forms.gender(text),
    "external_id": lambda text, forms: normal_forms.external_id(text),
    "f5first": lambda text, forms: text[:5] or None,
    "f5last": lambda text, forms: text[:5] or None,
    "fi": lambda text, forms: text[:1] or None,
    "dobd": lambda text, forms: normal_forms.number_between(text, 1, 31),
    "dobm": lambda text, forms: normal_forms.number_between(text, 1, 12),
    "doby": lambda text, forms: normal_forms.four_digits(text),
}
"""Normal form of a prepared text, by key."""


def _is_address(text: str) -> bool:
    """Takes IPv4 in four decimal parts, and IPv6 without a zone; ten times faster than building an address object."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        return False
    return True


_CHECKED: dict[str, Callable[[str], object]] = {
    "client_ip_address": _is_address,
    "fbc": FBC.fullmatch,
    "fbp": FBP.fullmatch,
}
"""Whether a value that is never hashed can be right, by key."""

KEYS = frozenset(_HASHED) | frozenset(_CHECKED)
"""Keys with a form. Meta's other keys travel as they are."""


def meta_value(key: str, text: str, forms: Forms) -> str | None:
    """Returns what may be sent as that key, or None. A hash, with or without an appendix, stays one."""
    if key in _CHECKED:
        return text if _CHECKED[key](text) else None
    if key == "external_id" and forms.raw_id:
        return normal_forms.raw_id(text)
    already = normal_forms.hashed(text, strip_appendix=forms.strip_appendix)
    if already is not None:
        return already
    form = _HASHED[key](normal_forms.prepared(text), forms)
    return sha256_hex(form) if form else None
