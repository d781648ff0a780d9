"""Runs the examples of templates: the real edge, the real pipeline, the real sandbox; nothing is sent."""

from __future__ import annotations

from typing import Any

from runtime.containers.given_settings import check_settings
from runtime.containers.snapshot import build_snapshot
from runtime.containers.templates import Templates
from runtime.errors import OperatorError, ScriptFault
from runtime.explain.differences import Difference, differences
from runtime.explain.example import Example
from runtime.explain.example_client import Receive, run_client
from runtime.explain.example_lookup import Stub, shown
from runtime.explain.example_tag import run_tag
from runtime.model.consent import PURPOSES
from runtime.model.container import Container
from runtime.model.manifest import Kind
from runtime.model.snapshot import Template
from runtime.pipeline.answers import Answers
from runtime.pipeline.given import Given
from runtime.pipeline.program import Program
from runtime.pipeline.scope import Scope
from runtime.pipeline.script import Code
from runtime.pipeline.trace import EventTrace
from runtime.pipeline.transform import Transformation

NAME = "example"
"""Id of the one instance in an example's container."""
DOMAINS = ["shop.example"]
"""Domains of an example's container, for cookies and CORS."""

Result = dict[str, Any]


class ExampleRunner:
    """Runs examples of a set of templates. `receive` is the way in for the examples of clients."""

    def __init__(self, templates: Templates, receive: Receive) -> None:
        self._templates = templates
        self._receive = receive

    def run(self, template: Template, example: Example) -> list[Difference]:
        """Returns where what came of an example is not what it expects; empty = it passes.

        ContainerInvalid and OperatorError where the example itself cannot be run.
        """
        expected = example.expected()
        if "invalid" in expected:
            return differences(sorted(expected["invalid"]), _invalid(template, example), "expect.invalid")
        if "events" in expected:
            expected.setdefault("repairs", {})
        return differences(expected, self.outcome(self.program(template, example), template, example), "expect")

    def program(self, template: Template, example: Example) -> Program:
        """Returns the version that an example runs by: one instance of the template, with the example's settings."""
        return Program.build(build_snapshot(_container(template, example), self._templates, 1))

    def outcome(self, program: Program, template: Template, example: Example) -> Result:
        """Returns what comes of an example, in the words of its expectation: no more than that asks for."""
        kind = template.manifest.kind
        if kind == "client":
            return run_client(program, NAME, example, self._receive)
        if kind == "variable":
            return _run_variable(program, example)
        scope = scope_of(program, example)
        return run_tag(program, NAME, scope, example) if kind == "destination" else _run_transformation(program, scope)


def _container(template: Template, example: Example) -> Container:
    instance = {"template": template.manifest.id, "settings": example.settings}
    head = {"container": NAME, "domains": DOMAINS, "consent": {"default": "granted"}}
    return Container.model_validate(head | _parts(template.manifest.kind, instance))


def _parts(kind: Kind, instance: Result) -> Result:
    if kind == "client":
        return {"clients": {NAME: instance}}
    if kind == "destination":
        return {"tags": {NAME: instance | {"triggers": ["everything"]}}, "triggers": {"everything": {"all": []}}}
    return {"variables": {NAME: instance}} if kind == "variable" else {"transformations": {NAME: instance}}


def scope_of(program: Program, example: Example, answers: Answers | None = None) -> Scope:
    """Returns the example's event at the beginning of its way, with a trace. Not for a client."""
    if example.event is None:
        hint = "Give the event data; `hit` is only the request that brought it."
        raise OperatorError("An example of any template but a client needs `event`.", hint=hint)
    event: Result = example.event
    scope = Scope(
        program.sandbox,
        event,
        seed=f"{NAME}/0",
        at_us=example.at * 1_000_000,
        variables=program.variables,
        logs=[],
        trace=EventTrace(0, event),
        hit=example.hit.logged(example.at) if example.hit else None,
        answers=answers,
    )
    granted = example.consent or {}
    scope.consent = {purpose: granted.get(purpose, example.consent is None) for purpose in PURPOSES}
    return scope


def _invalid(template: Template, example: Example) -> list[str]:
    problems = check_settings(NAME, template.manifest, example.settings)
    prefix = f"{NAME}.settings."
    return sorted({p.path.removeprefix(prefix).partition(".")[0] for p in problems if p.severity == "error"})


def _run_variable(program: Program, example: Example) -> Result:
    stub = Stub(example.lookups, example.at)
    value, fault = _value(program, example, stub)
    if fault:
        return {"fault": fault.partition(":")[0]}
    wanted = example.expect.lookups
    if wanted is None:
        return {"value": value}
    made = [shown(lookup, example.at, *wanted[place : place + 1]) for place, lookup in enumerate(stub.made)]
    return {"value": value, "lookups": made}


def _value(program: Program, example: Example, stub: Stub) -> tuple[Any, str]:
    """Returns the variable's value and its script's fault, once every look-up has its answer."""
    while True:
        answers = Answers(stub.recorded)
        scope = scope_of(program, example, answers)
        value = scope.value(NAME)
        if not answers.needs:
            assert scope.trace is not None
            return value, scope.trace.variables[NAME].get("fault", "")
        if stub.answer(answers.needs):
            url = shown(answers.needs[-1], example.at)["url"]
            raise OperatorError(f"The example gives no answer to {url}.", hint="Add one to its `lookups`.")


def _run_transformation(program: Program, scope: Scope) -> Result:
    part = program.snapshot.container.transformations[NAME]
    template = program.snapshot.template("transformation", part.template)
    settings = program.snapshot.settings("transformation", part.template, part.settings)
    given = Given(program.sandbox, template.manifest, settings)
    step = Transformation(NAME, Code(program.sandbox, template), given)
    try:
        return {"event": step.apply(scope, scope.event, scope.pushed)}
    except ScriptFault as fault:
        return {"fault": fault.kind}
