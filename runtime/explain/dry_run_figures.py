"""The summary of a dry run: figures by tag with a few examples, and what speaks against publishing."""

from __future__ import annotations

from typing import Any

import msgspec

PIPELINE = "(pipeline)"
CLAIMS = (
    "Claims, cookies, consent and geography are those of the stored hits: what the draft's clients would take otherwise"
    " is not told."
)

Record = dict[str, Any]


class TagFigures(msgspec.Struct):
    """What one tag does otherwise, in events; each counts once."""

    newly_fires: int = 0
    stops_firing: int = 0
    changed: int = 0
    """The item or its request is another one."""
    new_errors: int = 0
    newly_denied: int = 0
    reasons: dict[str, int] = {}
    """Why it stops, fails or is denied, to how often."""
    examples: list[Record] = []
    """A few of each: the event's id, `change`, `reason`, and where item and request differ."""


class DryRun(msgspec.Struct):
    """The summary that publishing shows."""

    live: int
    """The version that the draft is compared with."""
    asked: int
    hits: int = 0
    """Compared."""
    events: int = 0
    complete: bool = True
    """Whether all that were asked for, or all there are, were compared before the time ran out."""
    lookups_not_recorded: int = 0
    """Hits left out, because a look-up that they ask for is not recorded."""
    events_changed: int = 0
    """Events that another parse gives, or that only one of the two gives."""
    tags: dict[str, TagFigures] = {}
    """Those that do anything otherwise; `(pipeline)` for what is given up before any tag runs, `variable ID` for one
    whose script fails."""
    slower: float = 0.0
    """How many times as long the draft takes for an event; 0 where it is not notably slower."""
    us_per_event: tuple[float, float] = (0.0, 0.0)
    """CPU time of live and of draft, microseconds."""
    ended: str = ""
    """Why it ended early, where a script hung or crashed."""
    blocks: tuple[str, ...] = ()
    """Why the draft should not be published: errors that are new."""
    note: str = CLAIMS

    def as_json(self) -> bytes:
        """Returns it as one JSON object."""
        return msgspec.json.encode(self)

    def as_dict(self) -> Record:
        """Returns plain JSON data."""
        plain: Record = msgspec.to_builtins(self)
        return plain


def block(tag: str, figures: TagFigures) -> str:
    """Returns in words why a tag's new errors speak against publishing."""
    example = next(one for one in figures.examples if one["change"] == "new_error")
    many = f"{figures.new_errors} event{'' if figures.new_errors == 1 else 's'}"
    what = "would be given up" if tag == PIPELINE else "fail that do not fail now"
    return f"{tag}: {many} {what}, for example {example['event']}: {example['reason']}"
