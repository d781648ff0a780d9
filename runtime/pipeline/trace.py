"""What each stage decided about one hit, for a person to read: computed again from the log, never recorded.

With a trace the stages answer more than they need (each condition of each trigger that they ask), but decide the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import to_builtins

from runtime.model.event import Event, Outcome
from runtime.pipeline.placeholder import readable

Record = dict[str, Any]


@dataclass(slots=True)
class EventTrace:
    """One event's way through consent, transformations, triggers and tags."""

    position: int
    event: Event
    violations: Sequence[Record] = ()
    """What the tracking plan found, by schema."""
    consent: Record = field(default_factory=dict)
    transformations: list[Record] = field(default_factory=list)
    triggers: dict[str, Record] = field(default_factory=dict)
    variables: dict[str, Record] = field(default_factory=dict)
    tags: list[Record] = field(default_factory=list)

    def as_dict(self) -> Record:
        """Returns plain JSON data, stages in their order."""
        return {
            "position": self.position,
            "event": self.event,
            "violations": list(self.violations),
            "consent": self.consent,
            "transformations": self.transformations,
            "triggers": self.triggers,
            "variables": self.variables,
            "tags": self.tags,
        }


@dataclass(slots=True)
class Trace:
    """Hand an empty one to `run`; read it afterwards."""

    claim: Record = field(default_factory=dict)
    """Hit id, version, client, template, method and path."""
    calls: list[Record] = field(default_factory=list)
    """Each call of `parse`: its input, what it returned or why it failed."""
    repairs: dict[str, int] = field(default_factory=dict)
    dead: list[Record] = field(default_factory=list)
    events: list[EventTrace] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)

    def begin_event(self, position: int, event: Event, violations: Sequence[Record] = ()) -> EventTrace:
        """Adds an event and returns its own trace."""
        self.events.append(EventTrace(position, event, violations))
        return self.events[-1]

    def finish(self, outcome: Outcome) -> None:
        """Adds what the outcome says about the whole hit."""
        self.repairs = outcome.repairs
        self.dead = [to_builtins(dead) for dead in outcome.dead]
        self.logs = list(outcome.logs)

    def as_dict(self) -> Record:
        """Returns plain JSON data; secrets are named, never shown."""
        shown = {
            "claim": self.claim,
            "parse": {"calls": self.calls, "repairs": self.repairs, "dead": self.dead},
            "events": [event.as_dict() for event in self.events],
            "logs": self.logs,
        }
        return dict(readable(shown))
