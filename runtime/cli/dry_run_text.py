"""A dry run as text: the figures of each tag, a few examples, and what speaks against publishing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runtime.cli.output import printable
from runtime.explain.differences import ABSENT
from runtime.explain.differences import shown as value_shown
from runtime.explain.dry_run_figures import DryRun, TagFigures

Record = dict[str, Any]

WORDS = {
    "newly_fires": "newly fires",
    "stops_firing": "stops firing",
    "changed": "sends something else",
    "new_error": "fails",
    "newly_denied": "newly denied",
}
_COUNTS = {"new_error": "new_errors"}
_MOST = 8
"""Differences of one example that are shown; --json has all."""


def dry_run_text(found: DryRun) -> str:
    """Returns the summary for a terminal."""
    return "\n".join(printable(line) for line in _lines(found))


def differences_text(differences: list[Record], what: str) -> Iterator[str]:
    """Yields differences as lines: the path, then both values."""
    for each in differences[:_MOST]:
        yield f"{what} {each['path'] or '(whole)'}"
        for side in ("before", "after"):
            first, *more = value_shown(each.get(side, ABSENT)).split("\n")
            yield f"  {side:<6} {first}"
            yield from (f"         {line}" for line in more)
    if len(differences) > _MOST:
        yield f"{what}: {len(differences) - _MOST} more"


def _lines(found: DryRun) -> Iterator[str]:
    whole = "" if found.complete else " (not all: the time ran out)" if not found.ended else " (not all)"
    yield f"Dry run: the last {found.hits} hits, {found.events} events, against version {found.live}{whole}"
    if found.ended:
        yield f"  ended early: {found.ended}"
    if found.lookups_not_recorded:
        yield f"  {found.lookups_not_recorded} hits left out: a look-up of theirs is not recorded"
    if found.events_changed:
        yield f"  {found.events_changed} events are parsed otherwise"
    for tag, figures in sorted(found.tags.items()):
        yield from _tag(tag, figures)
    if not found.tags and not found.ended:
        yield "  every tag does the same"
    if found.slower:
        live, draft = found.us_per_event
        yield f"  slower: {draft:.0f} µs an event in place of {live:.0f} ({found.slower} times)"
    yield f"  {found.note}"
    for block in found.blocks:
        yield f"  blocks: {block}"


def _tag(tag: str, figures: TagFigures) -> Iterator[str]:
    found = [(word, getattr(figures, _COUNTS.get(name, name))) for name, word in WORDS.items()]
    counts = [f"{word} {count}" for word, count in found if count]
    yield f"  {tag}: {', '.join(counts)}"
    for reason, count in sorted(figures.reasons.items(), key=lambda entry: -entry[1])[:_MOST]:
        yield f"    {count} x {reason}"
    for example in figures.examples:
        reason = f" ({example['reason']})" if example["reason"] else ""
        yield f"    {example['event']} {WORDS[example['change']]}{reason}"
        for part in ("item", "request"):
            yield from (f"      {line}" for line in differences_text(example.get(part, []), part))
