"""Any stored hit by one version beside another: which events, tags and requests would be others, and why."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec

from runtime.delivery.envelope import Masked
from runtime.errors import OperatorError, ScriptFault
from runtime.explain.differences import differences
from runtime.explain.programs import Programs
from runtime.explain.put_away import careful_sandbox
from runtime.explain.shard import open_shard, parse_place
from runtime.explain.shown import item_differences, request_differences, shown
from runtime.explain.sides import NO_EVENT, Change, Ran, Side, changes, new_dead, state_of
from runtime.lua.values import Watch
from runtime.model.event import EventRun
from runtime.model.hit import LoggedHit
from runtime.model.snapshot import Snapshot
from runtime.pipeline.program import Program
from runtime.store.control import Control
from runtime.store.files import control_path
from runtime.text.redaction import environment_redactor, mask_line

Record = dict[str, Any]

_WORKSPACE = "workspace:"


def beside(data_dir: Path, id: str, other: str | Snapshot, first: str = "", *, watch: Watch | None = None) -> Record:
    """Returns what `other` makes of a hit (`0.17`), or of one event of it (`0.17/2`), beside `first`.

    Each is a version's number, `live`, `workspace:NAME`, or a snapshot in hand; `first` is by default the version that
    the hit arrived on. Personal data is masked, secrets are named. OperatorError where something is not there.

    A script that hangs is not stopped here; `watch` is told of each call.
    """
    number, seq, wanted = parse_place(id)
    programs = Programs(control_path(data_dir), partial(careful_sandbox(data_dir), watch=watch))
    with open_shard(data_dir, number) as shard:
        logged = shard.log.get(seq)
        if logged is None:
            raise OperatorError(f"There is no hit {number}.{seq}.", hint="It is past retention, or the id is wrong.")
        recorded = shard.delivery.lookups(seq) if shard.delivery else {}
    before = Side(program_of(programs, data_dir, first or str(logged.hit.version)))
    after = Side(program_of(programs, data_dir, other, number=before.program.number))
    for side in (before, after):
        side.run(logged, recorded)  # The first run of a version compiles; times are those of the next.
    was, now = before.run(logged, recorded), after.run(logged, recorded)
    record = {
        "hit": logged.id,
        "before": _side(first or str(logged.hit.version), was),
        "after": _side(other if isinstance(other, str) else "draft", now),
        "events": [event for event in _events(logged, before, was, after, now) if wanted in (None, event["position"])],
        "dead": [
            {"position": place, "reason": reason, "message": mask_line(message)}
            for place, reason, message in new_dead(was.outcome, now.outcome)
        ],
    }
    return cast(Record, environment_redactor().shown(record))


def program_of(programs: Programs, data_dir: Path, named: str | Snapshot, *, number: int = 0) -> Program:
    """Returns the program of a version's number, `live`, `workspace:NAME`, or a snapshot.

    What has no number of its own runs as `number`, so that a script which tells its version makes no difference of it.
    """
    if isinstance(named, Snapshot):
        return programs.build(msgspec.structs.replace(named, number=number))
    if named.startswith(_WORKSPACE):
        return programs.build(msgspec.structs.replace(_draft(data_dir, named, programs), number=number))
    if named == "live":
        return programs.program(programs.live().number)
    if not named.removeprefix("-").isdecimal():
        raise OperatorError(f"`{named}` is no version.", hint="Give a number, `live`, or workspace:NAME.")
    return programs.program(int(named))


def _draft(data_dir: Path, named: str, programs: Programs) -> Snapshot:
    with Control.read(control_path(data_dir)) as control:
        revision = control.workspaces.get(named.removeprefix(_WORKSPACE)).latest.number
    return programs.snapshot(-revision)


def _side(name: str, ran: Ran) -> Record:
    needs = sorted({need.variable for need in ran.outcome.needs})
    return {"version": name, "ms": round(ran.nanoseconds / 1e6, 3), "lookups_not_recorded": needs}


def _events(logged: LoggedHit, before: Side, was: Ran, after: Side, now: Ran) -> list[Record]:
    old, new = ({event.position: event for event in ran.outcome.events} for ran in (was, now))
    told: dict[int, list[Record]] = {}
    for change in changes(before, was.outcome, after, now.outcome):
        told.setdefault(change.position, []).append(_tag(logged, before, after, change))
    return [
        _event(position, old.get(position), new.get(position), told.get(position, []))
        for position in sorted(old.keys() | new.keys())
    ]


def _event(position: int, was: EventRun | None, now: EventRun | None, tags: list[Record]) -> Record:
    there = was or now
    assert there is not None
    found: Record = {
        "position": position,
        "name": mask_line(str(there.event.get("event_name", ""))),
        "before": NO_EVENT if was is None else "event",
        "after": NO_EVENT if now is None else "event",
        "event": [],
        "consent": [],
        "tags": tags,
    }
    if was and now:
        found["event"] = shown(differences(was.event, now.event))
        found["consent"] = shown(differences(was.consent, now.consent))
    return found


def _tag(logged: LoggedHit, before: Side, after: Side, change: Change) -> Record:
    words = {"before": mask_line(state_of(change.before)), "after": mask_line(state_of(change.after))}
    record: Record = {"tag": change.tag, "change": change.word, **words, "reason": mask_line(change.reason)}
    return record | change_details(logged, before, after, change)


def change_details(logged: LoggedHit, before: Side, after: Side, change: Change) -> Record:
    """Returns where item and request of a tag that fires in both differ, as `item` and `request`; the requests are
    compared with the second one's item in both, so that no difference is told twice."""
    was, now = change.before, change.after
    if was is None or now is None or was.state != "fired" or now.state != "fired":
        return {}
    at_s = logged.hit.received_us // 1_000_000
    requests = before.request(was, now.item, at_s), after.request(now, now.item, at_s)
    found: Record = {"item": item_differences(was.item, now.item), "request": []}
    if isinstance(requests[0], Masked) and isinstance(requests[1], Masked):
        found["request"] = request_differences(requests[0], requests[1])
    elif isinstance(requests[1], ScriptFault):
        found["fault"] = mask_line(f"{requests[1].kind}: {requests[1].message}")
    return found
