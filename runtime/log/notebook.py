"""Gathers counts and examples in memory until the writer takes them along in a commit."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from runtime.log.protocol import TOTALS, Notes
from runtime.telemetry import PARTS, tally

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
        self._tallies: dict[tuple[str, str], tuple[list[int], list[int]]] = {}
        """(histogram, label) to its counts, and to what of them was handed over."""

    def __bool__(self) -> bool:
        return bool(self._notes) or any(counts != told for counts, told in list(self._tallies.values()))

    def count(self, name: str, label: str, times: int = 1) -> None:
        """Adds to a counter of the current minute."""
        with self._lock:
            self._add((int(time.time()) // 60, name, label), times)

    def tally(self, name: str, label: str) -> list[int]:
        """Returns a histogram's counts, which the caller raises by itself, without a lock: one thread alone, and never
        down. A histogram has a counter for each of `PARTS`, of which only totals are kept."""
        with self._lock:
            return self._tallies.setdefault((name, label), (tally(), tally()))[0]

    def example(self, kind: str, summary: Mapping[str, Any]) -> None:
        """Remembers one request; in a flood the newest of a round are left out, since 50 of a kind are kept anyway."""
        with self._lock:
            if len(self._notes.examples) < MAX_EXAMPLES:
                self._notes.examples.append((kind, time.time_ns() // 1000, _encode(summary)))

    def take(self) -> Notes:
        """Hands over what was gathered and begins anew."""
        with self._lock:
            self._hand_over()
            taken, self._notes = self._notes, Notes()
        return taken

    def put_back(self, notes: Notes) -> None:
        """Takes back what could not be written."""
        with self._lock:
            for key, times in notes.counts.items():
                self._add(key, times)
            self._notes.examples = (notes.examples + self._notes.examples)[:MAX_EXAMPLES]

    def _hand_over(self) -> None:
        added = self._notes.counts
        for (name, label), (counts, told) in self._tallies.items():
            for place, now in enumerate(counts[:]):
                if now != told[place]:
                    key = (TOTALS, name, f"{label} {PARTS[place]}")
                    added[key] = added.get(key, 0) + now - told[place]
                    told[place] = now

    def _add(self, key: tuple[int, str, str], times: int) -> None:
        counts = self._notes.counts
        if key not in counts and len(counts) >= MAX_LABELS:
            key = (key[0], key[1], OTHER)
        counts[key] = counts.get(key, 0) + times
