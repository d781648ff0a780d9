"""Texts of six bits a character, as consent strings are written: Base64 for URLs (RFC 4648 5), without padding."""

from __future__ import annotations

import binascii
from base64 import b64decode

LONGEST = 4096
"""Characters that are read: what a cookie can hold, and many times what the longest strings in use have."""


class BitText:
    """Takes numbers from the left. Whatever is not there, or is no such text, is a ValueError for a person to read."""

    __slots__ = ("_at", "_bits")

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise ValueError("it is too long")
        gap = -len(text) % 4
        try:
            raw = b64decode(f"{text}{'A' * gap}", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("it holds other signs than Base64 has") from None
        # Binary text costs the same at any place, where shifts of one long number cost its whole length each.
        self._bits = f"{int.from_bytes(raw):0{len(raw) * 8}b}"[: len(text) * 6] if raw else ""
        self._at = 0

    def take(self, size: int) -> int:
        """Returns the next number of that many bits."""
        return int(self.text(size), 2)

    def flag(self) -> bool:
        """Returns the next bit."""
        return self.text(1) == "1"

    def text(self, size: int) -> str:
        """Returns the next bits as `0` and `1`."""
        bits = self._bits[self._at : self._at + size]
        if len(bits) < size or size < 1:
            raise ValueError("it ends too early")
        self._at += size
        return bits

    def members(self, size: int) -> int:
        """Returns a field of that many bits as a set: bit n of the number is the field's n-th, the first being 1."""
        return int(self.text(size)[::-1], 2) << 1 if size else 0

    def fibonacci(self) -> int:
        """Returns the next number in Fibonacci coding, which ends with two ones in a row."""
        value, before, place, last = 0, 1, 1, False
        while True:
            bit = self.flag()
            if bit and last:
                return value
            value += place if bit else 0
            before, place, last = place, before + place, bit
