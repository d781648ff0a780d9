"""What a router did about commands, read from its delivery file."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from typing import Any

from runtime.store.delivery_rows import DeadRow, JobRow
from tests.delivery.rig import Rig


def jobs(rig: Rig) -> list[JobRow]:
    """All parts of all replays."""
    with contextlib.closing(rig.reader()) as reader:
        return reader.replay.jobs()


def counts(rig: Rig, number: int = 1) -> dict[str, int]:
    """What a replay came to, all tags together."""
    total: Counter[str] = Counter()
    for row in jobs(rig):
        if row.number == number:
            total.update(json.loads(row.counts))
    return dict(total)


def ended(rig: Rig, number: int = 1) -> bool:
    """Tells that a command was applied and that nothing of it is under way."""
    return number in answers(rig) and not [row for row in jobs(rig) if row.number == number and row.state == "running"]


def answers(rig: Rig) -> dict[int, Any]:
    """Each applied command's answer."""
    with contextlib.closing(rig.reader()) as reader:
        return {row.number: json.loads(row.answer) for row in reader.replay.applied()}


def letters(rig: Rig) -> list[DeadRow]:
    """All dead letters, the oldest first."""
    with contextlib.closing(rig.reader()) as reader:
        return [letter.row for letter in reversed(reader.dead_letters(limit=1000))]


def states(rig: Rig, seq: int, pos: int = 0) -> dict[str, str]:
    """An event's tags by its summary."""
    with contextlib.closing(rig.reader()) as reader:
        row = reader.event(seq, pos)
        return {} if row is None else dict(json.loads(row.tags))


def waiting(rig: Rig) -> list[str]:
    """Event ids of the retry rows."""
    with contextlib.closing(rig.reader()) as reader:
        return sorted(row.event_id for row in reader.retries(limit=10_000))
