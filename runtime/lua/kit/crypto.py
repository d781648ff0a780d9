"""`crypto`: hashes. A script holds no secret, so what needs one is a placeholder that the host fills in."""

from __future__ import annotations

import re

from runtime.lua.kit import KitError, KitFunction
from runtime.text.hashing import sha256_hex

_SECRET = re.compile(r"\0secret:([^\0:]+)\0")


def _hmac_sha256(secret: str, message: str) -> str:
    found = _SECRET.fullmatch(secret)
    if found is None:
        raise KitError("crypto.hmac_sha256 takes a setting of type secret as its first argument, unchanged")
    return f"\0hmac:{found[1]}:{message.encode().hex()}\0"


FUNCTIONS: dict[str, KitFunction] = {
    "sha256": KitFunction(
        sha256_hex,
        "Hashes the UTF-8 bytes of a text.",
        ("text: text",),
        "text — 64 lower-case hexadecimal digits",
        'crypto.sha256("ann@shop.example")',
    ),
    "hmac_sha256": KitFunction(
        _hmac_sha256,
        "Stands for the HMAC-SHA256 of a message. What comes back is a placeholder, for which the host puts the digest "
        "(lower-case hex) when it sends the request. The message may hold placeholders itself, such as batch.body.",
        ("secret: text — a setting of type secret, as it is", "message: text"),
        "text — to be placed in the request's url, headers or body",
        'headers["x-signature"] = crypto.hmac_sha256(settings.signing_key, batch.body)',
    ),
}
