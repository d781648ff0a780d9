"""The container: clients, tags, triggers, variables and transformations as a person writes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field as Declared

from runtime.model.consent import Purpose
from runtime.model.manifest import Part

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


class Instance(Part):
    """What every configured template has."""

    template: str
    settings: dict[str, Any] = {}
    note: str = ""


class Client(Instance):
    """Claims hits and turns them into events. The highest priority is asked first."""

    priority: int = 100


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


class Variable(Instance):
    """A named value computed from the event."""


class Transformation(Instance):
    """Changes event data for some tags, in the order of `order`."""

    tags: tuple[str, ...] = ()
    """Tags it is for; empty = all."""
    order: int = 0


class ConsentRule(Part):
    """What holds for a hit that says nothing. Absent = denied."""

    default: Literal["granted", "denied"] | dict[Purpose, Literal["granted", "denied"]] = "denied"


class Container(Part):
    """One container as written in container.yaml."""

    container: Id
    domains: tuple[str, ...] = ()
    consent: ConsentRule = ConsentRule()
    clients: dict[Id, Client] = {}
    tags: dict[Id, Tag] = {}
    triggers: dict[Id, Group] = {}
    variables: dict[Id, Variable] = {}
    transformations: dict[Id, Transformation] = {}
