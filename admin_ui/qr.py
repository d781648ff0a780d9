"""QR codes as pictures. The one place that imports segno."""

from __future__ import annotations

import io
from typing import Any

import segno

_LOOKS: dict[str, Any] = {"scale": 4, "border": 4, "light": "#fff"}
"""White beneath it: cameras want dark on light, whatever the page's colours are."""


def qr_data_uri(text: str) -> str:
    """Returns the picture as an address that a page may hold."""
    return str(segno.make(text, error="m").svg_data_uri(**_LOOKS))


def qr_svg(text: str) -> bytes:
    """Returns the picture as a file."""
    picture = io.BytesIO()
    segno.make(text, error="l").save(picture, kind="svg", **_LOOKS)
    return picture.getvalue()
