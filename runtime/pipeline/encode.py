"""The one place where event data and items become bytes, and where NULs are taken out of what scripts made."""

from __future__ import annotations

from typing import Any

import orjson

from runtime.errors import ScriptFault
from runtime.model.event import Event
from runtime.text.jsons import without_nuls

_SORTED = orjson.OPT_SORT_KEYS
_ESCAPED_NUL = b"\\u0000"


def clean(event: Event) -> Event:
    """Returns event data without NULs; raises ScriptFault (result) where it is no JSON data.

    Encoding and searching the bytes is far cheaper than walking the table, and nearly every event holds none.
    """
    return without_nuls(event) if _ESCAPED_NUL in encode(event) else event


def encode(value: Any) -> bytes:
    """Encodes JSON data with sorted keys, so that equal data is equal bytes; raises ScriptFault (result)."""
    try:
        return orjson.dumps(value, option=_SORTED)
    except orjson.JSONEncodeError as error:
        raise ScriptFault("result", f"what the script returned cannot be written as JSON: {error}") from error
