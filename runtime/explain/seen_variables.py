"""Which values the variables of a draft have for the last stored events: completion for conditions that ask for one.

Scripts that hang are not stopped here: see draft_scopes.py.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import orjson

from runtime.errors import ScriptFault
from runtime.explain.draft_scopes import DraftScopes, faults
from runtime.explain.tally import Record, Tally
from runtime.lua.values import Watch
from runtime.model.snapshot import Snapshot
from runtime.pipeline.scope import Scope
from runtime.text.redaction import mask_line

LAST = 300
MOST_S = 3.0
_LONGEST_FAULT = 200


@dataclass(frozen=True)
class SeenVariables:
    """What was found."""

    events: int
    """That were looked at."""
    partial: str
    """Why these are not all that were asked for; "" where they are."""
    variables: tuple[Record, ...]
    """In the container's order: `name`, `template`, `fault` (the most frequent one, or ""), and what `Tally` tells."""

    def as_json(self) -> bytes:
        """Returns it as one JSON object."""
        return orjson.dumps(vars(self))


def seen_variables(
    data_dir: Path, draft: Snapshot, *, last: int = LAST, most_s: float = MOST_S, watch: Watch | None = None
) -> SeenVariables:
    """Resolves every variable of a draft for the last events; those that wait for a look-up have no value."""
    scopes = DraftScopes(data_dir, draft, last=last, most_s=most_s, watch=watch)
    parts = draft.container.variables
    tallies = {name: Tally() for name in parts}
    failed: dict[str, Counter[str]] = {name: Counter() for name in parts}
    events = 0
    for scope in scopes:
        events += 1
        for name, tally in tallies.items():
            value = _value(scope, name, failed[name])
            if value is not None:
                tally.add(value, scope.at_us)
        for fault in faults(scope):
            name, _, reason = fault.partition(": ")
            failed[name][reason] += 1
    told = [
        {"name": name, "template": part.template, "fault": _worst(failed[name]), **tallies[name].told(name, events)}
        for name, part in parts.items()
    ]
    return SeenVariables(events, scopes.partial, tuple(told))


def _value(scope: Scope, name: str, failed: Counter[str]) -> object:
    try:
        return scope.value(name)
    except ScriptFault as fault:
        failed[f"{fault.kind}: {fault.message}"] += 1
        return None


def _worst(failed: Counter[str]) -> str:
    return mask_line(failed.most_common(1)[0][0])[:_LONGEST_FAULT] if failed else ""
