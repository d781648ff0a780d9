"""Makes the tree that goes into Lua: only what Lua can hold, and nothing twice, since lupa corrupts data that is."""

from __future__ import annotations

from typing import Any

import orjson

_LARGEST = 2**63
_FLOAT_BITS = 1023


def plain_tree(text: bytes, max_nodes: int) -> Any:
    """Returns a fresh tree of the JSON text of an object or list, without nulls; None for more values than allowed.

    Commas and brackets inside of texts count as well, which matters only to data that is far too large anyway.
    """
    # No value without a byte: nearly all data is shorter than the limit, and counting would cost as much as decoding.
    if len(text) > max_nodes and text.count(b",") + text.count(b"[") + text.count(b"{") > max_nodes:
        return None
    tree = orjson.loads(text)
    return _without_nulls(tree) if b"null" in text else tree


def fitting(tree: Any) -> Any:
    """Returns the tree with integers past 64 bits as floats, and those past all floats as None."""
    if isinstance(tree, dict):
        return {name: fitting(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [fitting(value) for value in tree]
    if isinstance(tree, int) and not -_LARGEST <= tree < _LARGEST:
        return float(tree) if tree.bit_length() <= _FLOAT_BITS else None
    return tree


def json_of(data: Any) -> bytes:
    """Returns the JSON text of data, in which integers past 64 bits are floats; TypeError where it is no JSON data."""
    try:
        return orjson.dumps(data)
    except TypeError:
        return orjson.dumps(fitting(data))


def _without_nulls(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _without_nulls(value) for name, value in tree.items() if value is not None}
    if isinstance(tree, list):
        return [_without_nulls(value) for value in tree if value is not None]
    return tree
