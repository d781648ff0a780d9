"""Bodies and items as people may see them."""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.text.masks import mask, mask_text


def shown_body(body: bytes, key: str = "body") -> Any:
    """Returns a body as data where it is JSON, else as text; personal data masked."""
    try:
        return mask(msgspec.json.decode(body), key)
    except msgspec.DecodeError:
        return mask_text(body.decode("utf-8", "replace"))
