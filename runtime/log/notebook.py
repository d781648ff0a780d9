"""Gathers counts and examples in memory until the writer takes them along in a commit."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from runtime.log.protocol import Notes

MAX_LABELS = 1000
"""Counters of one round; labels beyond it are counted together, since strangers can choose some labels."""
MAX_EXAMPLES = 200
OTHER = "(other)"

_encode = msgspec.json.Encoder(enc_hook=str).encode


class Notebook:
    """Used by the event loop and the writer thread at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes = Notes()

    def __bool__(self) -> bool:
        return bool(self._notes)

    def count(self, name: str, label: str, times: int = 1) -> None:
        """Adds to a counter of the current minute."""
        with self._lock:
            self._add((int(time.time()) // 60, name, label), times)

    def example(self, kind: str, summary: Mapping[str, Any]) -> None:
        """Remembers one request; in a flood the newest of a round are left out, since 50 of a kind are kept anyway."""
        with self._lock:
            if len(self._notes.examples) < MAX_EXAMPLES:
                self._notes.examples.append((kind, time.time_ns() // 1000, _encode(summary)))

    def take(self) -> Notes:
        """Hands over what was gathered and begins anew."""
        with self._lock:
            taken, self._notes = self._notes, Notes()
        return taken

    def put_back(self, notes: Notes) -> None:
        """Takes back what could not be written."""
        with self._lock:
            for key, times in notes.counts.items():
                self._add(key, times)
            self._notes.examples = (notes.examples + self._notes.examples)[:MAX_EXAMPLES]

    def _add(self, key: tuple[int, str, str], times: int) -> None:
        counts = self._notes.counts
        if key not in counts and len(counts) >= MAX_LABELS:
            key = (key[0], key[1], OTHER)
        counts[key] = counts.get(key, 0) + times
