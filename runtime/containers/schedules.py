"""Warns of tags whose time is over or has not come, where the caller says what time it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from runtime.errors import Problem
from runtime.model.container import Container


def check_schedules(container: Container, now: datetime) -> Iterator[Problem]:
    """Yields a warning for each tag that does not fire now; `now` has a time zone."""
    for id, tag in container.tags.items():
        path, begins, ends = f"tags.{id}.schedule", tag.schedule.from_, tag.schedule.to
        if ends is not None and ends <= now:
            message = f"this is over since {ends.isoformat()}, so the tag fires no more"
            yield Problem(f"{path}.to", message, "move it, or remove the tag", severity="warning")
        elif begins is not None and now < begins:
            message = f"this is yet to come: the tag does not fire before {begins.isoformat()}"
            yield Problem(f"{path}.from", message, "nothing is to be done where that is meant", severity="warning")
