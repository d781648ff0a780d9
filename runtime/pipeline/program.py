"""A version, ready to run: scripts compiled, triggers and settings built, each tag with all that it refers to.

Building a version twice gives two programs that make the same bytes of the same hit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runtime.errors import ContainerInvalid, Problem
from runtime.lua.sandbox import Sandbox
from runtime.model.container import Client, Group, Instance, Tag
from runtime.model.container import Transformation as TransformationPart
from runtime.model.container import Variable as VariablePart
from runtime.model.manifest import Manifest
from runtime.model.permissions import HIT_FIELDS
from runtime.model.snapshot import Snapshot
from runtime.pipeline.age import compile_expiry
from runtime.pipeline.companions import NO_LINKS, link
from runtime.pipeline.format import compile_format
from runtime.pipeline.given import Given
from runtime.pipeline.lookup import Asker
from runtime.pipeline.mapping import CompiledTag
from runtime.pipeline.native import with_native
from runtime.pipeline.options import compile_options
from runtime.pipeline.parse import CompiledClient
from runtime.pipeline.script import Code, Codes
from runtime.pipeline.script_log import speakers
from runtime.pipeline.slate import KeptSlates, Slate
from runtime.pipeline.tracking_plan import TrackingPlan
from runtime.pipeline.transform import Transformation
from runtime.pipeline.trigger import Trigger
from runtime.pipeline.variable import Variable


class Program:
    """One version. It belongs to one process and one thread, like the sandbox in it."""

    def __init__(
        self,
        snapshot: Snapshot,
        sandbox: Sandbox,
        clients: Mapping[str, CompiledClient],
        tags: Sequence[CompiledTag],
        variables: Mapping[str, Variable],
    ) -> None:
        self.snapshot = snapshot
        self.sandbox = sandbox
        self.clients = clients
        self.tags = {tag.id: tag for tag in tags}
        """By id, in the order in which they map: highest priority first, then as the container lists them."""
        self.variables = variables
        self.looks_up = any(variable.asker for variable in variables.values())
        """Whether hits may need answers of look-ups."""
        self.speakers = speakers(snapshot)
        """Whose lines go into the process log, see script_log.py."""
        self.tracking_plan = TrackingPlan(snapshot.container.schemas)
        self._slates = KeptSlates(tags)

    @property
    def number(self) -> int:
        """The version's number."""
        return self.snapshot.number

    @classmethod
    def build(cls, snapshot: Snapshot, sandbox_factory: Callable[..., Sandbox] = Sandbox) -> Program:
        """Compiles a version. Faulty scripts fail when they are called; faulty triggers are a ContainerInvalid."""
        builder = _Builder(snapshot, sandbox_factory(shared=snapshot.shared, kept=snapshot.built_in))
        return cls(snapshot, builder.sandbox, builder.clients(), builder.tags(), builder.variables())

    def slate(self, event_name: Any, only: frozenset[str] | None) -> Slate:
        """Returns the tags that an event of that name is about; of the tags in `only`, where it is given."""
        return self._slates.of(only).of(event_name)


class _Builder:
    def __init__(self, snapshot: Snapshot, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        sandbox.belong_to(snapshot.container.container)
        self._snapshot = snapshot
        self._container = snapshot.container
        self._codes = Codes(snapshot, sandbox)
        self._triggers = _compile_triggers(snapshot.container.triggers)
        self._transformations = self._compile_transformations()
        self._links = link(snapshot.container.tags)

    def clients(self) -> dict[str, CompiledClient]:
        return {id: self._client(id, client) for id, client in self._container.clients.items()}

    def variables(self) -> dict[str, Variable]:
        return {id: self._variable(id, part) for id, part in self._container.variables.items()}

    def tags(self) -> list[CompiledTag]:
        """Returns the tags in priority order; of equal priority, in the container's order."""
        ordered = sorted(self._container.tags.items(), key=lambda entry: -entry[1].priority)
        return [self._tag(id, tag) for id, tag in ordered]

    def _variable(self, id: str, part: VariablePart) -> Variable:
        template, given = self._snapshot.template("variable", part.template), self._given("variable", part)
        asker = None
        if template.manifest.lookup is not None:
            asker = Asker(id, template, given, self._snapshot.settings("variable", part.template, part.settings))
        variable = Variable(id, self._codes.of(template), given, compile_format(part.format), asker)
        return with_native(variable, template, self._snapshot.shared)

    def _client(self, id: str, client: Client) -> CompiledClient:
        template = self._snapshot.template("client", client.template)
        spec, readable = template.manifest.client, template.readable
        assert spec is not None
        code, given = self._code("client", client), self._given("client", client)
        parts = readable.parts.allowed(HIT_FIELDS)
        return CompiledClient(id, client.template, spec, client.priority, code, given, parts, readable)

    def _tag(self, id: str, tag: Tag) -> CompiledTag:
        spec = self._manifest("destination", tag).destination
        assert spec is not None
        given = self._given("destination", tag)
        return CompiledTag(
            id,
            self._code("destination", tag),
            given,
            triggers=[self._triggers[name] for name in tag.triggers],
            exceptions=[self._triggers[name] for name in tag.exceptions],
            consent=spec.consent if tag.consent is None else tag.consent,
            chain=tuple(step for step in self._transformations if step.is_for(id)),
            expiry=compile_expiry(spec.age, given.fixed),
            paused=tag.paused,
            options=compile_options(id, tag),
            once_per_hit=tag.firing_limit == "once_per_hit",
            links=self._links.get(id, NO_LINKS),
        )

    def _compile_transformations(self) -> list[Transformation]:
        ordered = sorted(self._container.transformations.items(), key=lambda entry: entry[1].order)
        return [self._transformation(id, part) for id, part in ordered]

    def _transformation(self, id: str, part: TransformationPart) -> Transformation:
        code, given = self._code("transformation", part), self._given("transformation", part)
        triggers, exceptions = ([self._triggers[name] for name in names] for names in (part.triggers, part.exceptions))
        return Transformation(id, code, given, part.tags, triggers, exceptions)

    def _manifest(self, kind: str, instance: Instance) -> Manifest:
        return self._snapshot.template(kind, instance.template).manifest

    def _code(self, kind: str, instance: Instance) -> Code:
        return self._codes.of(self._snapshot.template(kind, instance.template))

    def _given(self, kind: str, instance: Instance) -> Given:
        values = self._snapshot.settings(kind, instance.template, instance.settings)
        return Given(self.sandbox, self._manifest(kind, instance), values)


def _compile_triggers(groups: Mapping[str, Group]) -> dict[str, Trigger]:
    compiled: dict[str, Trigger] = {}
    problems: list[Problem] = []
    for id, group in groups.items():
        try:
            compiled[id] = Trigger(id, group)
        except ValueError as error:
            problems.append(Problem(f"triggers.{id}", str(error)))
    if problems:
        raise ContainerInvalid(problems)
    return compiled
