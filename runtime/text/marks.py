"""The grammar of placeholders, between two NULs: what the pipeline checks and what delivery fills must be the same.

Words stand for what is known only at an attempt. `secret:NAME` is a secret, `hmac:NAME:HEX` the HMAC of a message whose
UTF-8 bytes stand in hexadecimal, and `hmac_base64:NAME:HEX` the same as Base64. A colon may arrive percent-encoded.
"""

from __future__ import annotations

WORDS = r"(?P<word>items|body|time)"
NAMED = (
    r"(?:secret(?::|%3[Aa])(?P<secret>[\w.-]+)"
    r"|hmac(?P<form>_base64)?(?::|%3[Aa])(?P<key>[\w.-]+)(?::|%3[Aa])(?P<message>(?:[0-9a-f]{2})*))"
)
