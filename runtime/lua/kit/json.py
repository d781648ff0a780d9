"""`json`: texts to values and back."""

from __future__ import annotations

from typing import Any

from runtime.lua.kit import KitFunction
from runtime.text.jsons import decode_json
from runtime.text.malformed import Malformed


def _decode(text: str) -> Any:
    try:
        return decode_json(text)
    except Malformed:
        return None


FUNCTIONS: dict[str, KitFunction] = {
    "encode": KitFunction(
        None,
        "Writes a value as JSON. Keys are sorted, so equal values give equal texts; whole numbers lose their `.0`; an "
        "empty table is `{}`. Raises an error for functions, NaN, lists with holes, keys that are no text.",
        ("value: any — nil, a boolean, a number, text, or a table of these",),
        "text",
        'json.encode({ b = 1, a = { 1, 2 } }) --> \'{"a":[1,2],"b":1}\'',
    ),
    "decode": KitFunction(
        _decode,
        "Reads a JSON text. Members and elements that are null are left out.",
        ("text: text — one JSON value",),
        "any? — nil where it is no JSON",
        "json.decode('{\"value\": 5}').value --> 5",
        cost=0.5,
    ),
}
