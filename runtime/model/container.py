"""The container: clients, tags, triggers, variables and transformations as a person writes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AwareDatetime, field_validator, model_validator
from pydantic import Field as Declared

from runtime.model.consent import Purpose
from runtime.model.consent_rule import ConsentRule
from runtime.model.part import Part
from runtime.model.throttle import Throttle
from runtime.model.tracking_plan import EventSchema

ID = r"[A-Za-z][A-Za-z0-9_-]{0,63}"
Id = Annotated[str, Declared(pattern=f"^{ID}$")]
"""An instance's id: letters, digits, `_` and `-`."""

Operator = Literal[
    "equals", "contains", "starts_with", "ends_with", "matches",
    "greater", "greater_or_equal", "less", "less_or_equal", "exists", "in",
]  # fmt: skip


class Condition(Part):
    """One test: a field of the event (dotted path) or a variable, an operator, a value."""

    field: str | None = None
    variable: str | None = None
    is_: Operator = Declared(alias="is")
    value: Any = None
    not_: bool = Declared(default=False, alias="not")
    ignore_case: bool = False


class Group(Part):
    """Conditions and groups: every one of `all`, at least one of `any`, none of `not`. Empty parts hold."""

    all: tuple[Condition | Group, ...] | None = None
    any: tuple[Condition | Group, ...] | None = None
    not_: tuple[Condition | Group, ...] | None = Declared(default=None, alias="not")


class Trigger(Group):
    """A group by name: what tags and transformations ask."""

    folder: str = ""
    note: str = ""


class Folder(Part):
    """Keeps parts together for people; it changes nothing that happens."""

    note: str = ""


class Instance(Part):
    """What every configured template has."""

    template: str
    settings: dict[str, Any] = {}
    folder: str = ""
    """A folder's id."""
    note: str = ""


class Client(Instance):
    """Claims hits and turns them into events. The highest priority is asked first."""

    priority: int = 100


class Schedule(Part):
    """When a tag fires, by the arrival of the hit: from `from` on, and before `to`. Absent = without that end."""

    from_: AwareDatetime | None = Declared(default=None, alias="from")
    to: AwareDatetime | None = None

    @field_validator("from_", "to", mode="before")
    @classmethod
    def _written_out(cls, value: Any) -> Any:
        # A number would be read as Unix time, so that 20261130 were a day in 1970.
        if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()):
            raise ValueError("a number is not a time: write it as 2026-11-30T18:00:00+01:00")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Schedule:
        if self.from_ and self.to and self.from_ >= self.to:
            raise ValueError("`from` must be before `to`")
        return self


class Companion(Part):
    """A tag that maps before (setup) or after (teardown) another one, whenever that one fires, whatever triggers it has
    itself. Its own exceptions, consent and options still hold."""

    tag: str
    stop_on_failure: bool = False
    """Of a setup: the tag is held where its setup did not fire. Of a teardown: it is held where the tag did not."""


class Tag(Instance):
    """Sends events to a destination."""

    triggers: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    consent: tuple[Purpose, ...] | None = None
    """Purposes it needs; absent = its template's."""
    priority: int = 0
    paused: bool = False
    dry_run: bool = False
    """Build and show each request, send nothing."""
    live_only: bool = False
    """Never for hits of a preview, or of another environment than `live`."""
    schedule: Schedule = Schedule()
    sample: float = Declared(default=100, gt=0, le=100)
    """Percent of events that it is for, chosen by a hash of event id and tag: the browser's copy of an event, and a
    replay, have the same fate."""
    firing_limit: Literal["once_per_event", "once_per_hit"] = "once_per_event"
    """once_per_event: one item an event, however many triggers match and tags name it as companion · once_per_hit: only
    for the first event of a hit that it fires for."""
    setup: Companion | None = None
    teardown: Companion | None = None
    throttle: Throttle = Throttle()
    """Slows the tag down; what waits stays in the backlog."""


Replacement: TypeAlias = str | bool | int | float
"""What stands in the place of a value; text, a number, true or false."""


class Format(Part):
    """What becomes of a variable's value before anybody sees it, in this order. Of a list each element is treated."""

    case: Literal["lower", "upper"] | None = None
    """Of text; anything else stays."""
    number: bool = False
    """Text becomes the number that it reads as; other text is no value."""
    decimal: Literal[".", ","] = "."
    """What stands before the fraction in such text. The other of the two, spaces and `'` may part thousands."""
    boolean: bool = False
    """The texts true and false, and 1 and 0, become true and false; anything else is no value."""
    true_as: Replacement | None = None
    false_as: Replacement | None = None
    null_as: Replacement | None = None
    """What it is where there is no value, whether there was none or the script failed."""

    @model_validator(mode="after")
    def _one_kind(self) -> Format:
        if self.number and self.boolean:
            raise ValueError("`number` and `boolean` exclude each other")
        if self.decimal != "." and not self.number:
            raise ValueError("`decimal` is about texts that become numbers: add `number: true`")
        if any("{{" in text for text in (self.true_as, self.false_as, self.null_as) if isinstance(text, str)):
            raise ValueError("`true_as`, `false_as` and `null_as` can name no variable: write the value out")
        return self


class Variable(Instance):
    """A named value computed from the event."""

    format: Format = Format()


class Transformation(Instance):
    """Changes event data for some tags, in the order of `order`."""

    tags: tuple[str, ...] = ()
    """Tags it is for; empty = all."""
    triggers: tuple[str, ...] = ()
    """Triggers of which one must match; empty = it is done for every event."""
    exceptions: tuple[str, ...] = ()
    """Triggers of which none may match."""
    order: int = 0


class Container(Part):
    """One container as written in container.yaml."""

    container: Id
    note: str = ""
    domains: tuple[str, ...] = ()
    consent: ConsentRule = ConsentRule()
    clients: dict[Id, Client] = {}
    tags: dict[Id, Tag] = {}
    triggers: dict[Id, Trigger] = {}
    variables: dict[Id, Variable] = {}
    transformations: dict[Id, Transformation] = {}
    folders: dict[Id, Folder] = {}
    schemas: dict[Id, EventSchema] = {}
    """The tracking plan."""
