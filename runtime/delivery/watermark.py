"""The contiguous low watermark: how far a tag's cursor may move while batches finish in any order."""

from __future__ import annotations


class Watermark:
    """Counts, for each hit, the items that are still on their way.

    Hits are added in log order, so the first one still counted is the lowest.
    """

    def __init__(self) -> None:
        self._outstanding: dict[int, int] = {}

    def add(self, seq: int, items: int = 1) -> None:
        """Notes items of a hit; a hit is added once, after every earlier one."""
        self._outstanding[seq] = items

    def done(self, seq: int) -> None:
        """Notes that one item of the hit needs nothing more: delivered, parked for a retry, or dead."""
        left = self._outstanding[seq] - 1
        if left:
            self._outstanding[seq] = left
        else:
            del self._outstanding[seq]

    def upto(self, position: int) -> int:
        """Returns the last hit that is finished together with all before it, if `position` is the last one read."""
        first = next(iter(self._outstanding), None)
        return position if first is None else first - 1

    def open(self) -> frozenset[int]:
        """Returns the hits that have items on their way."""
        return frozenset(self._outstanding)

    def __len__(self) -> int:
        return len(self._outstanding)
