"""The tracking plan's stage: does each event look as its schemas say? Asked before anything else sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from runtime.errors import ContainerInvalid, Problem
from runtime.model.event import Dead, Event
from runtime.model.tracking_plan import EventSchema
from runtime.pipeline.trace import Record
from runtime.text.json_schema import Schema, Violation

REASON = "schema"
"""Of the dead letters of events that a schema refuses."""
ANNOTATION = "x-schema-violations"


class _Rule(NamedTuple):
    id: str
    part: EventSchema
    schema: Schema


class Checked(NamedTuple):
    """One event, and what the schemas say about it."""

    position: int
    event: Event
    labels: tuple[str, ...] = ()
    """`<schema> <field>` of each violation, as they are counted; never more than the plan has fields."""
    refused: str = ""
    """Why no tag may see the event, "" where tags may."""
    records: tuple[Record, ...] = ()
    """For the trace."""


class TrackingPlan:
    """The schemas of a version."""

    def __init__(self, schemas: Mapping[str, EventSchema]) -> None:
        """Raises ContainerInvalid where one is no JSON Schema."""
        rules, problems = [], []
        for id, part in schemas.items():
            try:
                rules.append(_Rule(id, part, Schema(part.json_schema)))
            except ValueError as error:
                problems.append(Problem(f"schemas.{id}.schema", str(error)))
        if problems:
            raise ContainerInvalid(problems)
        self._everywhere = tuple(rule for rule in rules if not rule.part.events)
        names = {name for rule in rules for name in rule.part.events}
        self._by_name = {
            name: tuple(rule for rule in rules if not rule.part.events or name in rule.part.events) for name in names
        }

    def check(self, position: int, event: Event) -> Checked:
        """Returns what the schemas say; where one annotates, the event says so too from now on."""
        rules = self._by_name.get(event["event_name"], self._everywhere)
        found = [(rule, violations) for rule in rules if (violations := rule.schema.violations(event))]
        if not found:
            return Checked(position, event)
        told = _told(found, "annotate")
        if told:
            event[ANNOTATION] = told
        labels = tuple(dict.fromkeys(_label(rule, each) for rule, violations in found for each in violations))
        records = tuple(_record(rule, violations) for rule, violations in found)
        return Checked(position, event, labels, "; ".join(_told(found, "dead_letter")), records)


def check_plan(events: Iterable[tuple[int, Event]], plan: TrackingPlan) -> tuple[list[Checked], list[Dead]]:
    """Returns the events that tags may see, and those that the tracking plan refuses."""
    checked = [plan.check(position, event) for position, event in events]
    dead = [Dead(REASON, each.refused, each.position, each.labels) for each in checked if each.refused]
    return [each for each in checked if not each.refused], dead


def _label(rule: _Rule, violation: Violation) -> str:
    return f"{rule.id} {violation.field.replace(' ', '_')}"  # The counter's two labels are parted by the blank.


def _told(found: list[tuple[_Rule, list[Violation]]], kind: str) -> list[str]:
    return [str(each) for rule, violations in found if rule.part.on_violation == kind for each in violations]


def _record(rule: _Rule, violations: list[Violation]) -> Record:
    return {
        "schema": rule.id,
        "on_violation": rule.part.on_violation,
        "violations": [{"field": each.field, "rule": each.rule} for each in violations],
    }
