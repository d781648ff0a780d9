"""`text`: what Lua's own strings lack. Text is UTF-8; bytes that are none can be kept as hex."""

from __future__ import annotations

import base64
import binascii
import re
import sys
import unicodedata
from functools import cache

from runtime.lua.kit import KitError, KitFunction

_TEXT = "text: text"
_MARKS = 30


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")


def _base64_bytes(text: str) -> bytes:
    """Raises ValueError."""
    standard = text.translate(str.maketrans("-_", "+/")).rstrip("=")
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)


def _unbase64(text: str) -> str | None:
    try:
        return _base64_bytes(text).decode()
    except ValueError:
        return None


def _base64_to_hex(text: str) -> str | None:
    try:
        return _base64_bytes(text).hex()
    except ValueError:
        return None


def _hex_to_base64(text: str) -> str | None:
    try:
        return base64.b64encode(binascii.unhexlify(text)).decode("ascii")
    except ValueError:
        return None


@cache
def _long_run() -> re.Pattern[str]:
    """Matches more combining marks in a row than any language writes (stream-safe text, Unicode annex 15)."""
    marks = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.combining(c))
    return re.compile(f"[{marks}]{{{_MARKS + 1}}}")


def _nfc(text: str) -> str:
    # Sorting the marks of a run takes quadratic time: 6 s for 100,000 of them.
    if not text.isascii() and _long_run().search(text):
        raise KitError(f"more than {_MARKS} combining marks in a row")
    return unicodedata.normalize("NFC", text)


FUNCTIONS: dict[str, KitFunction] = {
    "trim": KitFunction(None, "Takes white space off both ends.", (_TEXT,), "text", 'text.trim("  a b ") --> "a b"'),
    "lower": KitFunction(
        str.lower,
        "Turns all letters, not only those of ASCII, to lower case.",
        (_TEXT,),
        "text",
        'text.lower("ÄB") --> "äb"',
        cost=1.0,
    ),
    "upper": KitFunction(
        str.upper,
        "Turns all letters, not only those of ASCII, to upper case.",
        (_TEXT,),
        "text",
        'text.upper("äb") --> "ÄB"',
        cost=1.0,
    ),
    "base64": KitFunction(
        _base64, "Encodes text as Base64 (RFC 4648).", (_TEXT,), "text", 'text.base64("hi") --> "aGk="'
    ),
    "base64url": KitFunction(
        _base64url,
        "Encodes text as URL-safe Base64 (RFC 4648, section 5) without padding.",
        (_TEXT,),
        "text",
        'text.base64url("a?>") --> "YT8-"',
    ),
    "hex_to_base64": KitFunction(
        _hex_to_base64,
        "Writes bytes that are given as hex as Base64, such as a digest.",
        (_TEXT,),
        "text? — nil where it is no hex",
        'text.hex_to_base64("ff00") --> "/wA="',
    ),
    "unbase64": KitFunction(
        _unbase64,
        "Decodes Base64, the URL-safe form and a missing padding included.",
        (_TEXT,),
        "text? — nil where it is no Base64 or does not decode to UTF-8",
        'text.unbase64("aGk") --> "hi"',
    ),
    "base64_to_hex": KitFunction(
        _base64_to_hex,
        "Writes the bytes that Base64 stands for as lower-case hex, the URL-safe form and a missing padding included. "
        "For hashes, whose bytes are no text.",
        (_TEXT,),
        "text? — nil where it is no Base64",
        'text.base64_to_hex("_wA") --> "ff00"',
    ),
    "hex": KitFunction(None, "Writes bytes as lower-case hex.", (_TEXT,), "text", 'text.hex("hi") --> "6869"'),
    "unhex": KitFunction(
        None,
        "Reads hex; what comes out may be any bytes.",
        (_TEXT,),
        "text? — nil where it is no hex",
        'text.unhex("6869") --> "hi"',
    ),
    "length": KitFunction(
        None,
        "Counts characters (code points); `#` counts bytes.",
        (_TEXT,),
        "integer? — nil where it is not UTF-8",
        'text.length("äb") --> 2',
    ),
    "cut": KitFunction(
        None,
        "Keeps the first characters of a text; none is split.",
        (_TEXT, "most: integer — characters to keep, 0 or more"),
        "text",
        'text.cut("äöü", 2) --> "äö"',
    ),
    "is_utf8": KitFunction(
        None,
        "Tells whether a text is valid UTF-8, as all that leaves a script must be.",
        (_TEXT,),
        "boolean",
        'text.is_utf8("\\xff") --> false',
    ),
    "nfc": KitFunction(
        _nfc,
        "Composes letters and their accents (Unicode normal form C). Raises an error for more than 30 combining marks "
        "in a row.",
        (_TEXT,),
        "text",
        'text.nfc("e\\u{301}") --> "é"',
        cost=4.0,
    ),
    "starts_with": KitFunction(
        None,
        "Tells whether a text begins with another.",
        (_TEXT, "start: text"),
        "boolean",
        'text.starts_with("fb.1.2", "fb.1.") --> true',
    ),
    "ends_with": KitFunction(
        None,
        "Tells whether a text ends with another.",
        (_TEXT, "ending: text"),
        "boolean",
        'text.ends_with("a.js", ".js") --> true',
    ),
    "split": KitFunction(
        None,
        "Cuts a text at a separator, which is no pattern. Empty parts are kept.",
        (_TEXT, "separator: text — not empty"),
        "table — a list of texts",
        'text.split("a,,b", ",") --> { "a", "", "b" }',
    ),
}
