"""Batch keys: what items must share to share a request.

Where a tag's settings refer to variables, the resolved values are part of the key. So all items of a request were
mapped with the same settings, and `request` finds them in the key, long after the event is gone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from runtime.errors import ScriptFault
from runtime.pipeline.encode import encode
from runtime.pipeline.placeholder import poses_as_mark

_MARK = "\x1f"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def pack(key: str, resolved: Mapping[str, Any]) -> str:
    """Returns the key of an item: the script's own, and the settings resolved for the event.

    Keys reach `request`, so event data in them must neither pose as a placeholder nor break a header or a URL, which
    would stop the tag for all: ScriptFault (result), for this event alone.
    """
    if _CONTROL.search(key):
        raise ScriptFault("result", "the batch key holds a control character; encode it with json.encode")
    packed = _packed(key, resolved)
    if poses_as_mark(packed):
        raise ScriptFault("result", "the batch key or a setting resolved for the event poses as a placeholder")
    return packed


def _packed(own: str, resolved: Mapping[str, Any]) -> str:
    return _MARK + encode([own, resolved]).decode() if resolved else own


def unpack(key: str) -> tuple[str, dict[str, Any]]:
    """Returns the script's key and the resolved settings."""
    if not key.startswith(_MARK):
        return key, {}
    own, resolved = msgspec.json.decode(key[len(_MARK) :], type=tuple[str, dict[str, Any]])
    return own, resolved
