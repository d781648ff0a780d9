"""Bodies and items as people may see them."""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.text.masks import mask, mask_text
from runtime.text.redaction import environment_redactor


def shown_body(body: bytes, key: str = "body") -> Any:
    """Returns a body as data where it is JSON, else as text; personal data masked, secrets named."""
    try:
        shown = mask(msgspec.json.decode(body), key)
    except msgspec.DecodeError:
        shown = mask_text(body.decode("utf-8", "replace"))
    return environment_redactor().shown(shown)
