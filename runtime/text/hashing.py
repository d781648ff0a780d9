"""Hashes of text."""

from __future__ import annotations

import hashlib


def sha256_hex(text: str) -> str:
    """Returns the SHA-256 of the text's UTF-8 form in lower-case hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
