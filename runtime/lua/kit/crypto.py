"""`crypto`: hashes. A script holds no secret, so what needs one is a placeholder that the host fills in."""

from __future__ import annotations

import base64
import hashlib
import re

from runtime.lua.kit import KitError, KitFunction
from runtime.text.hashing import sha256_hex

_SECRET = re.compile(r"\0secret:([^\0:]+)\0")


def _sha256_base64(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _hmac_sha256(secret: str, message: str) -> str:
    return _hmac("hmac", secret, message)


def _hmac_sha256_base64(secret: str, message: str) -> str:
    return _hmac("hmac_base64", secret, message)


def _hmac(mark: str, secret: str, message: str) -> str:
    found = _SECRET.fullmatch(secret)
    if found is None:
        raise KitError("an HMAC takes a setting of type secret as its first argument, unchanged")
    return f"\0{mark}:{found[1]}:{message.encode().hex()}\0"


_HMAC_PARAMS = ("secret: text — a setting of type secret, as it is", "message: text")


FUNCTIONS: dict[str, KitFunction] = {
    "sha256": KitFunction(
        sha256_hex,
        "Hashes the UTF-8 bytes of a text.",
        ("text: text",),
        "text — 64 lower-case hexadecimal digits",
        'crypto.sha256("john") --> "96d9632f363564cc3032521409cf22a852f2032eec099ed5967c0d000cec607a"',
    ),
    "sha256_base64": KitFunction(
        _sha256_base64,
        "Hashes the UTF-8 bytes of a text.",
        ("text: text",),
        "text — the 32 bytes as Base64 (RFC 4648)",
        'crypto.sha256_base64("john") --> "ltljLzY1ZMwwMlIUCc8iqFLyAy7sCZ7VlnwNAAzsYHo="',
    ),
    "is_sha256": KitFunction(
        None,
        "Tells whether a value is a SHA-256 in hexadecimal digits of any case, so that it is not hashed twice.",
        ("value: any? — anything; what is no text is none",),
        "boolean",
        'crypto.is_sha256("ann@shop.example") --> false',
    ),
    "hmac_sha256": KitFunction(
        _hmac_sha256,
        "Stands for the HMAC-SHA256 of a message. What comes back is a placeholder, for which the host puts the digest "
        "(lower-case hex) when it sends the request. The message may hold placeholders itself, such as batch.body.",
        _HMAC_PARAMS,
        "text — to be placed in the request's url, headers or body",
        'headers["x-signature"] = crypto.hmac_sha256(settings.signing_key, batch.body)',
    ),
    "hmac_sha256_base64": KitFunction(
        _hmac_sha256_base64,
        "As `hmac_sha256`, with the digest as Base64.",
        _HMAC_PARAMS,
        "text — to be placed in the request's url, headers or body",
        'headers["x-signature"] = crypto.hmac_sha256_base64(settings.signing_key, batch.body)',
    ),
}
