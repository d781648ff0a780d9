"""The one error for input that cannot be read at all."""

from __future__ import annotations


class Malformed(ValueError):
    """The input cannot be read."""

    def __init__(self, reason: str, message: str) -> None:
        """`reason` is a short stable code that is counted and shown, for example `invalid_json` or `too_deep`."""
        super().__init__(message)
        self.reason = reason
        self.message = message
