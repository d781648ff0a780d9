"""One hit by two versions: what each event and tag does otherwise, as data and as text.

A draft's scripts may hang or crash: they run in a process of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from runtime.cli.dry_run_text import WORDS, differences_text
from runtime.cli.isolated import CallTimer, isolated
from runtime.cli.output import printable
from runtime.errors import OperatorError
from runtime.explain.beside import beside

Record = dict[str, Any]


class _Told(msgspec.Struct, frozen=True):
    record: Record

    def as_json(self) -> bytes:
        """Returns it as one JSON object."""
        return msgspec.json.encode(self.record)


def look_beside(folder: Path, id: str, other: str) -> Record:
    """Returns what a version's number, `live` or `workspace:NAME` makes of a hit beside the hit's own version.

    OperatorError where one of them is not there, or a script hangs.
    """

    def run(timer: CallTimer) -> _Told:
        return _Told(beside(folder, id, other, watch=timer))

    found: Record = msgspec.json.decode(isolated(run))
    if "error" in found:
        raise OperatorError(str(found["error"]["message"]), hint="`firsthand container dry-run` names such a script.")
    return found


def beside_text(record: Record) -> str:
    """Returns what `beside` found for a terminal."""
    return "\n".join(printable(line) for line in _lines(record))


def _lines(record: Record) -> Iterator[str]:
    before, after = record["before"], record["after"]
    yield f"Hit {record['hit']} by {_named(after)} ({after['ms']} ms) beside {_named(before)} ({before['ms']} ms)"
    for side in (before, after):
        if side["lookups_not_recorded"]:
            names = ", ".join(side["lookups_not_recorded"])
            yield f"  {_named(side)}: answers of look-ups are not recorded, so that its tags say nothing: {names}"
    for dead in record["dead"]:
        yield f"  newly given up: {dead['reason']}: {dead['message']}"
    for event in record["events"]:
        yield from _event(event)


def _named(side: Record) -> str:
    name: str = side["version"]
    return f"version {name}" if name.removeprefix("-").isdecimal() else name


def _event(event: Record) -> Iterator[str]:
    yield f"Event {event['position']}: {event['name']}"
    if "no_event" in (event["before"], event["after"]):
        yield f"  {'new' if event['before'] == 'no_event' else 'gone'}"
    for part in ("event", "consent"):
        yield from (f"  {line}" for line in differences_text(event[part], part))
    for tag in event["tags"]:
        yield f"  tag {tag['tag']}: {WORDS.get(tag['change'], 'otherwise')} ({tag['before']} -> {tag['after']})"
        if tag["change"] == "new_error":
            yield f"    {tag['reason']}"
        for part in ("item", "request"):
            yield from (f"    {line}" for line in differences_text(tag.get(part, []), part))
    if not (event["tags"] or event["event"] or event["consent"]):
        yield "  the same"
