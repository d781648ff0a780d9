"""What was given up, in groups of one tag and reason, each with the version that brought it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runtime.explain.shard import open_shards
from runtime.text.masks import mask_text


@dataclass(frozen=True)
class Failure:
    """Dead letters of one tag with the same reason."""

    tag: str
    """"" is the pipeline: hits that could not be read."""
    reason: str
    letters: int
    version: int
    """The first version in whose items the reason appears, among the dead letters that are still there."""
    first_at: float
    """When the first was given up, Unix seconds."""
    last_at: float


def failures(data_dir: Path, tag: str | None = None) -> list[Failure]:
    """Returns the groups of one tag or of all, the largest first."""
    merged: dict[tuple[str, str], Failure] = {}
    for shard in open_shards(data_dir):
        groups = shard.delivery.dead_groups(tag) if shard.delivery else ()
        for name, reason, letters, version, first_ms, last_ms in groups:
            found = Failure(name, mask_text(reason), letters, version, first_ms / 1000, last_ms / 1000)
            known = merged.get((name, reason))
            merged[name, reason] = _together(known, found) if known else found
    return sorted(merged.values(), key=lambda each: -each.letters)


def _together(one: Failure, other: Failure) -> Failure:
    first, last = min(one.first_at, other.first_at), max(one.last_at, other.last_at)
    version = min(one.version, other.version)
    return Failure(one.tag, one.reason, one.letters + other.letters, version, first, last)
