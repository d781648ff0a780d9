"""Computes every attempt of a data folder again and compares the hashes: a program, for a process of its own."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from runtime.explain.programs import Programs
from runtime.explain.put_away import careful_sandbox
from runtime.explain.recompute import Comparison, Recomputer
from runtime.explain.shard import open_shard
from runtime.store.delivery_reader import Attempt
from runtime.store.files import control_path

_PAGE = 200


def recompute_all(data_dir: Path, most: int = 1_000_000) -> dict[str, Any]:
    """Returns figures of the first attempts, and for each that is not the same its causes."""
    found = _Found()
    with open_shard(data_dir, 0) as shard:
        assert shard.delivery is not None
        again = Recomputer(shard, Programs(control_path(data_dir), careful_sandbox(data_dir)))
        last, page = 0, shard.delivery.attempts_after(0, _PAGE)
        while page and found.counts["attempts"] < most:
            for tried in page:
                found.take(tried, again.compare(tried))
            last = page[-1].id
            page = shard.delivery.attempts_after(last, _PAGE)
    return {"counts": found.counts, "hits": len(found.hits), "different": found.different}


class _Found:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.hits: set[int] = set()
        self.different: list[list[str]] = []

    def take(self, tried: Attempt, comparison: Comparison) -> None:
        """Notes one attempt; those from which no request left are none of the question."""
        row = tried.row
        self.counts["attempts"] += 1
        if not row.body_sha256:
            return
        self.counts["compared"] += 1
        self.counts["same"] += comparison.same is True
        self.counts["items"] += row.count
        self.counts["items in batches"] += row.count if row.count > 1 else 0
        self.counts["repeated or refused"] += row.disposition != "delivered"
        self.counts["items with versions of their own"] += len(tried.made.versions)
        self.hits |= {seq for seq, _ in tried.members}
        if not comparison.same:
            self.different.append([str(tried.id), *(f"{cause.code}: {cause.message}" for cause in comparison.causes)])


if __name__ == "__main__":
    json.dump(recompute_all(Path(sys.argv[1]), *map(int, sys.argv[2:])), sys.stdout)
