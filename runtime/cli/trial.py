"""Runs one template on one input, in the real sandbox and pipeline. Nothing is sent and nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urljoin

import orjson

from runtime.containers.snapshot import build_snapshot
from runtime.containers.templates import Templates
from runtime.delivery.envelope import mask
from runtime.edge.rehearsal import rehearse
from runtime.errors import ScriptFault
from runtime.explain.example import ExampleHit
from runtime.explain.example_lookup import GivenAnswer, Stub, shown
from runtime.lua.sandbox import Pushed, Returned, Sandbox, Script
from runtime.lua.values import Watch
from runtime.model.consent import PURPOSES
from runtime.model.container import Container
from runtime.model.delivery import Batch
from runtime.model.event import Event
from runtime.model.hit import LoggedHit
from runtime.model.manifest import KIND_FOLDERS
from runtime.model.policy import Policy
from runtime.model.snapshot import Template
from runtime.pipeline.answers import Answers
from runtime.pipeline.consent import decide_consent
from runtime.pipeline.given import Given
from runtime.pipeline.mapping import Firing, map_tags
from runtime.pipeline.parse import parse
from runtime.pipeline.placeholder import readable
from runtime.pipeline.program import Program
from runtime.pipeline.scope import Scope
from runtime.pipeline.script import Code
from runtime.pipeline.tag import describe_request
from runtime.pipeline.transform import Transformation, transform
from runtime.text.secrets import secret_value

NAME = "try"
"""Id of the template's one instance."""
HOST = "https://tags.shop.example"
"""Where a request goes whose URL names no host."""

Plain = dict[str, Any]


@dataclass
class Trial:
    """What came of it, as far as it went."""

    result: Any = None
    """Client: the events · destination: the item · variable: its value · transformation: the event."""
    requests: list[Plain] = field(default_factory=list)
    """Destination: the request for the one item, with names in place of secrets · variable: its look-ups."""
    logs: list[str] = field(default_factory=list)
    error: Plain | None = None

    def fail(self, kind: str, message: str) -> None:
        """Records why the template failed."""
        self.error = {"fault": kind, "message": message}

    def as_dict(self) -> Plain:
        """Returns plain JSON data; secrets are named, never shown."""
        plain = {"result": self.result, "requests": self.requests, "logs": self.logs, "error": self.error}
        return cast(Plain, readable(plain))

    def as_json(self) -> bytes:
        """Returns the same as the text that `try` prints."""
        return orjson.dumps(self.as_dict(), option=orjson.OPT_INDENT_2)


class Bench:
    """A template with settings, ready for one input. Its one sandbox writes what scripts log into the trial."""

    def __init__(
        self,
        template: Template,
        shared: Mapping[str, str],
        settings: Plain,
        at_us: int,
        policy: Policy,
        watch: Watch | None = None,
        answers: Sequence[GivenAnswer] = (),
    ) -> None:
        """Every module that the manifest names is in `shared`, and the settings have been checked. `answers` are what
        servers answer to look-ups, in their order."""
        self._answers = answers
        self._watch = watch
        self.trial = Trial()
        self._at_us = at_us
        snapshot = build_snapshot(_container(template, settings), Templates({template.key: template}, shared), 1)
        self._snapshot = policy.over(snapshot)
        self._template = self._snapshot.templates[template.key]
        self._program = Program.build(self._snapshot, sandbox_factory=self._sandbox)

    def run(self, given: Plain) -> Trial:
        """Returns what comes of event data, or for a client of a hit: the table itself, or a request with a `url`."""
        kind = self._template.manifest.kind
        try:
            if kind == "client":
                self._client(given)
            elif kind == "destination":
                self._destination(given)
            elif kind == "variable":
                self._variable(given)
            else:
                self._transformation(given)
        except ScriptFault as fault:
            self.trial.fail(fault.kind, fault.message)
        return self.trial

    def _sandbox(self, shared: Mapping[str, str], kept: frozenset[str]) -> Sandbox:
        return _ListeningSandbox(shared, self.trial.logs, self._watch)

    def _client(self, hit: Plain) -> None:
        if "url" in hit:
            self._request(ExampleHit.model_validate(hit, by_alias=True, by_name=False))
            return
        client = self._program.clients[NAME]
        pushed = self._program.sandbox.push(hit)
        returned = client.code.call("parse", pushed, client.settings.pushed(), at_us=self._at_us, seed=f"{NAME}/parse")
        events = returned.values[0] if returned.values else None
        if not isinstance(events, list) and events not in (None, {}):
            raise ScriptFault("result", "`parse` must return a list of events, or nil, a reason and a message")
        self.trial.result = events
        if events is None and len(returned.values) > 1:
            self.trial.logs.append(f"dead letter: {': '.join(str(word) for word in returned.values[1:])}")

    def _request(self, hit: ExampleHit) -> None:
        received = rehearse(
            self._snapshot,
            method=hit.method,
            url=urljoin(HOST, hit.url),
            headers=hit.all_headers(),
            body=hit.encoded()[0],
            client_ip=hit.client_ip,
            at_us=self._at_us,
            secrets=lambda name: secret_value(name).reveal(),
        )
        if received.hit is None:
            self.trial.logs.append(f"refused with {received.status}: {received.reason}")
            return
        parsed = parse(LoggedHit(0, 1, received.hit), self._program.clients[NAME])
        for dead in parsed.dead:
            if dead.reason.startswith("script_"):
                self.trial.fail(dead.reason.removeprefix("script_"), dead.message)
            else:
                self.trial.logs.append(f"dead letter: {dead.reason}: {dead.message}")
        self.trial.result = [event for _, event in parsed.events]

    def _destination(self, event: Event) -> None:
        scope = self._scope({"event_id": "0.1.0", "event_time": self._at_us // 1_000_000} | event)
        tag = self._program.tags[NAME]
        run = map_tags(scope, Firing([tag.not_triggered], [(0, tag)]), transform(scope))[0]
        if run.state == "failed":
            self.trial.fail(*run.reason.split(": ", 1))
        elif run.state == "dropped":
            self.trial.logs.append(f"no item: {run.reason}")
        else:
            self.trial.result = orjson.loads(run.item)
            envelope = describe_request(self._program, NAME, Batch(run.key, 1, 1))
            shown = mask(envelope, [run.item], at_s=self._at_us // 1_000_000)
            request = {"method": shown.method, "url": shown.url, "headers": shown.headers}
            self.trial.requests.append(request | {"body": shown.body.decode()})

    def _variable(self, event: Event) -> None:
        variable, at_s = self._program.variables[NAME], self._at_us // 1_000_000
        stub, unanswered = Stub(self._answers, at_s), 0
        while True:
            answers = Answers(stub.recorded)
            self.trial.logs.clear()  # Each run says the same again.
            self.trial.result = variable.evaluate(self._scope(event, answers))
            if not answers.needs:
                break
            self.trial.requests += [shown(lookup, at_s) for lookup in answers.needs]
            unanswered += stub.answer(answers.needs)
        if unanswered:
            self.trial.logs.append("nobody was asked: give the answer to the look-up with --answer")

    def _transformation(self, event: Event) -> None:
        part, sandbox = self._snapshot.container.transformations[NAME], self._program.sandbox
        settings = self._snapshot.settings("transformation", part.template, part.settings)
        given = Given(sandbox, self._template.manifest, settings)
        scope = self._scope(event)
        step = Transformation(NAME, Code(sandbox, self._template), given)
        self.trial.result = step.apply(scope, scope.event, scope.pushed)

    def _scope(self, event: Event, answers: Answers | None = None) -> Scope:
        scope = Scope(
            self._program.sandbox, event, seed=f"{NAME}/0", at_us=self._at_us, variables={}, logs=[], answers=answers
        )
        decide_consent(scope, dict.fromkeys(PURPOSES, True))
        return scope


class _ListeningSandbox(Sandbox):
    """The sandbox; hands on what scripts log."""

    def __init__(self, shared: Mapping[str, str], logs: list[str], watch: Watch | None) -> None:
        super().__init__(shared=shared, watch=watch)
        self._heard = logs

    def call(
        self,
        script: Script,
        function: str,
        *args: Pushed,
        at_us: int,
        seed: str,
        last: bool = False,
        hit: LoggedHit | None = None,
    ) -> Returned:
        try:
            returned = super().call(script, function, *args, at_us=at_us, seed=seed, last=last, hit=hit)
        except ScriptFault as fault:
            self._heard.extend(fault.logs)
            raise
        self._heard.extend(returned.logs)
        return returned


def _container(template: Template, settings: Plain) -> Container:
    kind = template.manifest.kind
    part = "tags" if kind == "destination" else KIND_FOLDERS[kind]
    plain = {"container": NAME, "domains": ["shop.example"], "consent": {"default": "granted"}}
    return Container.model_validate(plain | {part: {NAME: {"template": template.manifest.id, "settings": settings}}})
