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


def _unbase64(text: str) -> str | None:
    standard = text.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
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
    "unbase64": KitFunction(
        _unbase64,
        "Decodes Base64, the URL-safe form and a missing padding included.",
        (_TEXT,),
        "text — nil where it is no Base64 or does not decode to UTF-8",
        'text.unbase64("aGk") --> "hi"',
    ),
    "hex": KitFunction(None, "Writes bytes as lower-case hex.", (_TEXT,), "text", 'text.hex("hi") --> "6869"'),
    "unhex": KitFunction(
        None,
        "Reads hex; what comes out may be any bytes.",
        (_TEXT,),
        "text — nil where it is no hex",
        'text.unhex("6869") --> "hi"',
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
