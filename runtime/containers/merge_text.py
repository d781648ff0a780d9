"""Merges two texts that grew from one, line by line: what one side left alone is as the other side has it."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher


def merge_text(base: str, mine: str, theirs: str, *, mine_holds: bool = False) -> str | None:
    """Returns the merged text, None where both sides changed the same lines, or lines that touch, differently; with
    `mine_holds` my lines stand there."""
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    merged: list[str] = []
    for old, ours, others in _regions(*(text.splitlines(keepends=True) for text in (base, mine, theirs))):
        if ours == others or others == old:
            merged += ours
        elif ours == old:
            merged += others
        elif mine_holds:
            merged += ours
        else:
            return None
    return "".join(merged)


Region = tuple[list[str], list[str], list[str]]


def _regions(base: list[str], mine: list[str], theirs: list[str]) -> Iterator[Region]:
    """Yields the texts cut where all three have the same line, side by side, in order and without a gap."""
    a = b = c = 0
    for start, in_mine, in_theirs, size in _common(base, mine, theirs):
        yield base[a:start], mine[b:in_mine], theirs[c:in_theirs]
        same = base[start : start + size]
        yield same, same, same
        a, b, c = start + size, in_mine + size, in_theirs + size
    yield base[a:], mine[b:], theirs[c:]


def _common(base: list[str], mine: list[str], theirs: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Yields where all three have the same lines: places in base, mine, theirs, and how many lines."""
    ours, others = _places(base, mine), _places(base, theirs)
    place = 0
    while place < len(base):
        size = 0
        while (
            place + size < len(base)
            and place + size in ours
            and place + size in others
            and ours[place + size] - ours.get(place, 0) == size
            and others[place + size] - others.get(place, 0) == size
        ):
            size += 1
        if size:
            yield place, ours[place], others[place], size
        place += size or 1


def _places(base: list[str], side: list[str]) -> dict[int, int]:
    """Returns for each line of base that a side kept where it stands there."""
    blocks = SequenceMatcher(None, base, side, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}
