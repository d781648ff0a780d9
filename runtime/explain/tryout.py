"""What one template's script makes of one event: a stored one, as it came, or that of an example. Nothing is sent,
nothing is stored, and nobody is asked.

The script of a tag sees the event as the tag would: behind the draft's transformations, with its variables in the
settings. Triggers, consent, sampling and the like are not asked, for they are no matter of the script; what the visitor
has not granted is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from runtime.delivery.envelope import mask
from runtime.errors import OperatorError, ScriptFault
from runtime.explain.example_lookup import GivenAnswer, Stub, shown
from runtime.explain.shown import read
from runtime.model.consent import PURPOSES, Consent
from runtime.model.delivery import Batch
from runtime.model.event import Event
from runtime.model.hit import LoggedHit
from runtime.pipeline.answers import Answers
from runtime.pipeline.consent import decide_consent, missing
from runtime.pipeline.given import Given
from runtime.pipeline.mapping import Firing, map_tags
from runtime.pipeline.parse import parse
from runtime.pipeline.placeholder import readable
from runtime.pipeline.program import Program
from runtime.pipeline.scope import Scope
from runtime.pipeline.script import Code
from runtime.pipeline.tag import describe_request
from runtime.pipeline.trace import EventTrace
from runtime.pipeline.transform import Transformation, transform
from runtime.text.masks import mask_event
from runtime.text.redaction import environment_redactor, mask_line

Record = dict[str, Any]

_NAMED = re.compile(r"(?:[A-Za-z]{1,20} )?(?:secret|hmac):[A-Za-z][A-Za-z0-9_-]{0,99}")
"""A header's value that is the name of a secret: nothing is hidden of that."""


@dataclass(frozen=True)
class Input:
    """What a script is run on."""

    at_us: int
    """Arrival, which is the time that scripts see."""
    event: Event | None = None
    """Of all but a client."""
    position: int = 0
    """The event's place in its hit."""
    hit: LoggedHit | None = None
    """Of a client; of any other the request that brought the event."""
    consent: Consent = field(default_factory=lambda: dict.fromkeys(PURPOSES, True))
    """As the edge decided it."""
    recorded: Mapping[str, bytes] = field(default_factory=dict)
    """Answers of the hit's look-ups, by key."""
    answers: Sequence[GivenAnswer] = ()
    """What an example says that servers answer."""


@dataclass
class Tried:
    """What came of it, as far as it went."""

    state: str = ""
    """Destination: fired, or dropped."""
    reason: str = ""
    result: Any = None
    """Client: the events · destination: the item · variable: its value · transformation: the event."""
    requests: list[Record] = field(default_factory=list)
    """Destination: the request for the one item, with names in place of secrets · variable: its look-ups."""
    logs: list[str] = field(default_factory=list)
    error: Record | None = None
    """Kind of fault and message."""
    not_granted: tuple[str, ...] = ()
    """Destination: purposes that the tag needs and the visitor did not grant, so that it would not run."""

    def fail(self, kind: str, message: str) -> None:
        """Records why the script failed."""
        self.error = {"fault": kind, "message": message}

    def as_dict(self) -> Record:
        """Returns plain data; secrets are named, never shown."""
        plain: Record = {"state": self.state, "reason": self.reason, "not_granted": list(self.not_granted)}
        plain |= {"result": self.result, "requests": self.requests, "logs": self.logs, "error": self.error}
        return cast(Record, readable(plain))

    def masked(self) -> Record:
        """Returns the same with personal data masked, for what came of a stored event."""
        plain = self.as_dict()
        headers = [request["headers"] for request in plain["requests"]]
        plain = mask_event(plain)
        for request, given in zip(plain["requests"], headers, strict=True):
            request["headers"] |= {name: value for name, value in given.items() if _NAMED.fullmatch(value)}
        plain["reason"] = mask_line(self.reason)
        plain["logs"] = [mask_line(line) for line in self.logs]
        plain["error"] = self.error and self.error | {"message": mask_line(self.error["message"])}
        return cast(Record, environment_redactor().shown(plain))


def try_out(program: Program, kind: str, id: str, given: Input) -> Tried:
    """Returns what the instance of that id makes of the input, by a program that holds the instance."""
    tried = Tried()
    runs: dict[str, Callable[[_Bench], None]] = {
        "client": _Bench.client,
        "destination": _Bench.destination,
        "variable": _Bench.variable,
        "transformation": _Bench.transformation,
    }
    try:
        runs[kind](_Bench(program, id, given, tried))
    except ScriptFault as fault:
        tried.logs.extend(fault.logs)
        tried.fail(fault.kind, fault.message)
    return tried


class _Bench:
    def __init__(self, program: Program, id: str, given: Input, tried: Tried) -> None:
        self._program, self._id, self._given, self._tried = program, id, given, tried

    def client(self) -> None:
        if self._given.hit is None:
            raise OperatorError("A client's script reads a hit.", hint="Choose a stored hit, or an example.")
        parsed = parse(self._given.hit, self._program.clients[self._id])
        self._tried.logs.extend(parsed.logs)
        for dead in parsed.dead:
            if dead.reason.startswith("script_"):
                self._tried.fail(dead.reason.removeprefix("script_"), dead.message)
            else:
                self._tried.logs.append(f"dead letter: {dead.reason}: {dead.message}")
        self._tried.result = [event for _, event in parsed.events]

    def destination(self) -> None:
        scope = self._scope()
        tag = self._program.tags[self._id]
        run = map_tags(scope, Firing([tag.not_triggered], [(0, tag)]), transform(scope))[0]
        self._tried.logs.extend(scope.logs)
        self._tried.not_granted = missing(tag.consent, scope.consent)
        if run.state == "failed":
            kind, _, message = run.reason.partition(": ")
            self._tried.fail(kind, message)
            return
        self._tried.state, self._tried.reason = run.state, run.reason
        if run.state == "fired":
            self._tried.result = orjson.loads(run.item)
            self._request(run.key, run.item)

    def _request(self, key: str, item: bytes) -> None:
        envelope = describe_request(self._program, self._id, Batch(key, 1, self._program.number))
        request = mask(envelope, [item], at_s=self._at_s)
        plain = {"method": request.method, "url": request.url, "headers": request.headers}
        self._tried.requests.append(plain | {"body": read(request.body)})

    def variable(self) -> None:
        stub = Stub(self._given.answers, self._at_s)
        stub.recorded.update(self._given.recorded)
        unanswered = 0
        while True:
            answers = Answers(stub.recorded)
            scope = self._scope(answers)
            self._tried.result = self._program.variables[self._id].evaluate(scope)
            if not answers.needs:
                break
            self._tried.requests += [shown(lookup, self._at_s) for lookup in answers.needs]
            unanswered += stub.answer(answers.needs)
        self._tried.logs.extend(scope.logs)
        if unanswered:
            self._tried.logs.append("nobody was asked: there is no recorded answer to the look-up")

    def transformation(self) -> None:
        snapshot, scope = self._program.snapshot, self._scope()
        part = snapshot.container.transformations[self._id]
        template = snapshot.template("transformation", part.template)
        settings = snapshot.settings("transformation", part.template, part.settings)
        given = Given(self._program.sandbox, template.manifest, settings)
        step = Transformation(self._id, Code(self._program.sandbox, template), given)
        try:
            self._tried.result = step.apply(scope, scope.event, scope.pushed)
        finally:
            self._tried.logs.extend(scope.logs)

    @property
    def _at_s(self) -> int:
        return self._given.at_us // 1_000_000

    def _scope(self, answers: Answers | None = None) -> Scope:
        given = self._given
        if given.event is None:
            raise OperatorError("This script reads an event.", hint="Choose a stored event, or an example.")
        if answers is None and self._program.looks_up:
            answers = Answers(given.recorded)
        hit = given.hit.id if given.hit else "0.1"
        scope = Scope(
            self._program.sandbox,
            given.event,
            seed=f"{hit}/{given.position}",
            at_us=given.at_us,
            variables=self._program.variables,
            logs=[],
            trace=EventTrace(given.position, given.event),
            hit=given.hit,
            answers=answers,
        )
        decide_consent(scope, given.consent, self._program.snapshot.container.consent)
        return scope
