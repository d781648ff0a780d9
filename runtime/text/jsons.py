"""Reads JSON from outside: strictly, within limits, and without NULs.

The decoder refuses what the standard library lets through (NaN, infinities, bad UTF-8, lone surrogates). NULs inside
texts are removed, because they mark the host's own placeholders in what scripts return. What is mended is counted.

Repairs: `control_chars` texts and keys that held NULs · `byte_order_mark` one before the JSON, passed over.
"""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.text.malformed import Malformed

MAX_DEPTH = 32
MAX_KEYS = 1000
MAX_TEXT = 65536

_BOM = b"\xef\xbb\xbf"


def decode_json(
    body: bytes | str,
    *,
    max_depth: int = MAX_DEPTH,
    max_keys: int = MAX_KEYS,
    max_text: int = MAX_TEXT,
    repairs: dict[str, int] | None = None,
) -> Any:
    """Decodes one JSON value; raises `Malformed`.

    Limits: levels of arrays and objects, keys of one object, characters of one text (keys too). Of equal keys the last
    one counts. What was mended is added to `repairs`.
    """
    given = _bytes(body)
    raw = given.removeprefix(_BOM)
    if not raw.strip():
        raise Malformed("empty_body", "the JSON text is empty")
    value = _decode(raw)
    # Counting characters is far cheaper than walking the value, and settles nearly every body.
    if raw.count(b"{") + raw.count(b"[") > max_depth or raw.count(b":") > max_keys or len(raw) > max_text:
        check_limits(value, max_depth=max_depth, max_keys=max_keys, max_text=max_text)
    if repairs is not None and len(raw) < len(given):
        _count(repairs, "byte_order_mark")
    return without_nuls(value, repairs) if b"\\u0000" in raw else value


def _count(repairs: dict[str, int], code: str) -> None:
    repairs[code] = repairs.get(code, 0) + 1


def _bytes(body: bytes | str) -> bytes:
    try:
        return body.encode() if isinstance(body, str) else body
    except UnicodeEncodeError as error:
        raise Malformed("invalid_json", f"the JSON text holds a lone surrogate at character {error.start}") from error


def _decode(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except RecursionError as error:
        raise Malformed("too_deep", "the JSON is nested too deeply to be read") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed("invalid_json", f"the JSON is not valid: {error}") from error


def check_limits(value: Any, *, max_depth: int = MAX_DEPTH, max_keys: int = MAX_KEYS, max_text: int = MAX_TEXT) -> None:
    """Raises `Malformed` (too_deep, too_many_keys, text_too_long) where a decoded value exceeds a limit."""
    level, depth = [value], 0
    while level:
        below: list[Any] = []
        for part in level:
            below.extend(_members(part, max_keys, max_text))
        depth += any(isinstance(part, dict | list) for part in level)
        if depth > max_depth:
            raise Malformed("too_deep", f"the JSON is nested more than {max_depth} levels deep")
        level = below


def _members(part: Any, max_keys: int, max_text: int) -> list[Any]:
    """Returns what a value holds, keys included, and checks its own size."""
    if isinstance(part, str) and len(part) > max_text:
        raise Malformed("text_too_long", f"a text in the JSON has {len(part)} characters; {max_text} are allowed")
    if isinstance(part, list):
        return part
    if not isinstance(part, dict):
        return []
    if len(part) > max_keys:
        raise Malformed("too_many_keys", f"an object in the JSON has {len(part)} keys; {max_keys} are allowed")
    return [*part, *part.values()]


def without_nuls(value: Any, repairs: dict[str, int] | None = None) -> Any:
    """Returns the value with NULs removed from every text and key, and counts those that held any.

    The value's depth must have been checked.
    """
    if isinstance(value, str):
        return _without_nuls(value, repairs)
    if isinstance(value, list):
        return [without_nuls(part, repairs) for part in value]
    if isinstance(value, dict):
        return {_without_nuls(key, repairs): without_nuls(part, repairs) for key, part in value.items()}
    return value


def _without_nuls(text: str, repairs: dict[str, int] | None) -> str:
    if repairs is not None and "\0" in text:
        _count(repairs, "control_chars")
    return text.replace("\0", "")
