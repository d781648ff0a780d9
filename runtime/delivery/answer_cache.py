"""Answers that other hits may take: each for as long as the one who asked for it said, within bounds of memory."""

from __future__ import annotations

import time
from typing import NamedTuple


class _Kept(NamedTuple):
    value: bytes
    until: float


class AnswerCache:
    """Forgets the longest kept first."""

    def __init__(self, entries: int, size: int) -> None:
        """At most so many entries, and so many bytes of answers."""
        self._entries, self._most, self._bytes = entries, size, 0
        self._kept: dict[str, _Kept] = {}

    def get(self, key: str) -> bytes | None:
        """Returns an answer that is still fresh."""
        kept = self._kept.get(key)
        return kept.value if kept is not None and time.monotonic() < kept.until else None

    def put(self, key: str, value: bytes, ttl_s: float) -> None:
        """Keeps an answer in place of an older one."""
        self._drop(key)
        if ttl_s <= 0:
            return
        self._kept[key] = _Kept(value, time.monotonic() + ttl_s)
        self._bytes += len(value)
        while len(self._kept) > self._entries or self._bytes > self._most:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= len(kept.value)
