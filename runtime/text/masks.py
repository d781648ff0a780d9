"""Masks personal data and tokens for views, traces and log lines. What is shown here is never sent anywhere.

By key: e-mails, phones, names, addresses, addresses of machines and everything under `user_data` and the like, in the
names of common event data, of Meta and of webhooks; tokens always whole. By form, wherever they stand: e-mail
addresses, phone numbers in international form, hashes, tokens in queries. Event names, values, ids of items and events
and other plain data stay as they are.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote_plus

HIDDEN = "***"
_HASH_SHOWN = 8
_MAX_DEPTH = 40


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_USER_DATA_PREFIX = "x_fb_ud_"
_PARENTS = _words(
    "user_data ud udff address billing shipping billing_address shipping_address default_address customer traits"
    " fb.advanced_matching"
)
_PLAIN_CHILDREN = _words("fbp fbc client_user_agent user_agent dropped")
"""Parts of user data that name no person; the two cookies are what a person looks for when events do not match."""
_EMAILS = _words("em email emails email_address e_mail mail contact_email")
_PHONES = _words("ph phone phones phone_number mobile tel telephone")
_PERSONAL = (
    _EMAILS
    | _PHONES
    | _words(
        "fn ln first_name last_name full_name customer_name firstname lastname street address1 address2 ct city zp zip"
        " postal_code zip_code postcode db birthday birth_date date_of_birth dob external_id"
    )
)
_ADDRESSES = _words(
    "ip ip_override ip_address client_ip client_ip_address remote_addr browser_ip x_forwarded_for x_real_ip uip"
)
_TOKENS = _words(
    "authorization proxy_authorization cookie set_cookie api_key apikey x_api_key signature sig jwt bearer"
)
_TOKEN_ENDINGS = ("token", "secret", "password", "passwd")

_REFERENCE = re.compile("[\x00{]?secret:[A-Za-z][A-Za-z0-9_-]*[\x00}]?")
_HASH = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128}")
# Every repetition is bounded, so that the time stays linear in texts that anybody may have written.
_EMAIL = re.compile(r"[\w.+%'-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,63}")
_PHONE = re.compile(r"(?:\+|%2B)\d(?:[ ().-]{0,2}\d){7,14}", re.IGNORECASE)
_TOKEN_PAIR = re.compile(r"(?i)\b((?:\w{0,40}(?:token|secret|password|passwd)|api_?key|sig|signature)=)([^&\s\"'<>#]+)")
_BEARER = re.compile(r"(?i)\b(bearer\s{1,4})[\w.~+/=-]+")
_URL = re.compile(r"(?i)(?:https?:|/)[^\s?#]*")
_PARTS = re.compile(r"[\[\].]+")


def mask_event(event: dict[str, Any]) -> dict[str, Any]:
    """Returns a copy of event data, or of any JSON object, with personal data masked and tokens hidden."""
    return {_mask_forms(key): _mask(value, (key,), 0) for key, value in event.items()}


def mask(value: Any, key: str) -> Any:
    """Returns a JSON value as it may be shown under that key, which may be a path: `user_data.em`, `ud[em]`."""
    parts = [part for part in _PARTS.split(key) if part]
    return _mask(value, (key, *parts) if parts != [key] else (key,), 0)


def mask_query(query: str | bytes) -> str:
    """Returns a query string or a form body as it may be shown; pairs without personal data stay as they came."""
    text = query.decode("utf-8", "replace") if isinstance(query, bytes) else query
    return "&".join(_mask_pair(pair) for pair in text.split("&"))


def mask_text(text: str) -> str:
    """Returns free text with what has the form of personal data or of a token masked."""
    if not (_URL.match(text) and "?" in text):
        return _mask_forms(text)
    path, _, rest = text.partition("?")
    query, hash_sign, fragment = rest.partition("#")
    return f"{_mask_forms(path)}?{mask_query(query)}{hash_sign}{_mask_forms(fragment)}"


def _mask_pair(pair: str) -> str:
    name, equals, raw = pair.partition("=")
    value = unquote_plus(raw)
    masked = mask(value, unquote_plus(name)) if equals else _mask_forms(name)
    if not equals:
        return str(masked)
    return f"{_mask_forms(name)}={raw if masked == value else quote(masked, safe='*@:/ ')}"


def _mask(value: Any, keys: Sequence[str], depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if depth > _MAX_DEPTH:
        return HIDDEN
    if isinstance(value, dict):
        return {_mask_forms(key): _mask(part, (*keys, key), depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_mask(part, keys, depth + 1) for part in value]
    return _mask_leaf(value, [_folded(key) for key in keys])


def _mask_leaf(value: Any, keys: list[str]) -> Any:
    name, text = keys[-1], str(value)
    if name in _TOKENS or name.removesuffix("s").endswith(_TOKEN_ENDINGS):
        return value if _REFERENCE.fullmatch(text) else HIDDEN
    if _HASH.fullmatch(text) and (name.startswith("sha256_") or _is_personal(keys)):
        return f"{text[:_HASH_SHOWN]}..."
    if name in _ADDRESSES:
        return _mask_address(text)
    if _is_personal(keys):
        return _mask_personal(text, name)
    return _mask_plain(value) if isinstance(value, str) else value


def _is_personal(keys: list[str]) -> bool:
    name = keys[-1].removeprefix(_USER_DATA_PREFIX)
    if name in _PLAIN_CHILDREN:
        return False
    below = name != keys[-1] or any(key in _PARENTS or key.startswith(_USER_DATA_PREFIX) for key in keys)
    return below or name in _PERSONAL or name.startswith("sha256_")


def _mask_personal(text: str, name: str) -> str:
    if text[:1] in ("{", "["):
        return HIDDEN
    name = name.removeprefix(_USER_DATA_PREFIX)
    if name in _EMAILS and "@" in text:
        return _mask_email(text)
    if name in _PHONES:
        return _mask_phone(text)
    return f"{text[0]}{HIDDEN}" if len(text) > 2 and text[0].isalpha() else HIDDEN


def _mask_plain(text: str) -> str:
    """Masks text under a plain key: JSON part by part, an address of a machine, a URL, else by form."""
    if text[:1] in ("{", "["):
        try:
            return json.dumps(_mask(json.loads(text), ("",), 0), ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError):
            return _mask_forms(text)
    if text.count(".") == 3 or text.count(":") > 1:
        return _mask_address(text, otherwise=mask_text(text))
    return mask_text(text)


def _mask_forms(text: str) -> str:
    text = _EMAIL.sub(lambda found: _mask_email(found[0]), text)
    text = _PHONE.sub(lambda found: _mask_phone(found[0]), text)
    text = _TOKEN_PAIR.sub(rf"\g<1>{HIDDEN}", text)
    return _BEARER.sub(rf"\g<1>{HIDDEN}", text)


def _mask_email(text: str) -> str:
    local, _, domain = text.replace("%40", "@").rpartition("@")
    first = local[0] if len(local) > 2 else ""
    ending = domain.rpartition(".")[2] if "." in domain else HIDDEN
    return f"{first}{HIDDEN}@{HIDDEN}.{ending}"


def _mask_phone(text: str) -> str:
    digits = [character for character in text if character.isdigit()]
    return f"{HIDDEN}{''.join(digits[-2:])}" if len(digits) > 6 else HIDDEN


def _mask_address(text: str, *, otherwise: str = HIDDEN) -> str:
    """Keeps the network: the first three numbers of IPv4, the first 48 bits of IPv6."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return otherwise
    if isinstance(address, ipaddress.IPv4Address):
        return f"{str(address).rpartition('.')[0]}.*"
    return f"{':'.join(address.exploded.split(':')[:3])}:*"


def _folded(key: str) -> str:
    return key.lower().replace("-", "_").replace(" ", "_")
