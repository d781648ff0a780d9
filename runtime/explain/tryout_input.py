"""What a template's editor runs a script on: a stored event with the settings of a tag of the draft, or an example."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from runtime.containers.given_settings import check_settings
from runtime.containers.interchange import parse_document
from runtime.containers.shape import validated
from runtime.containers.snapshot import build_snapshot
from runtime.containers.templates import Templates
from runtime.errors import ContainerInvalid, OperatorError, Problem
from runtime.explain.example import Example
from runtime.explain.example_client import Receive
from runtime.explain.examples import DOMAINS
from runtime.explain.programs import Programs
from runtime.explain.shard import open_shard, parse_place
from runtime.explain.tryout import Input, Record, Tried, try_out
from runtime.model.consent import PURPOSES, Consent
from runtime.model.container import Container, Instance, Tag
from runtime.model.hit import LoggedHit
from runtime.model.manifest import KIND_FOLDERS, Kind
from runtime.model.snapshot import Template
from runtime.pipeline.parse import parse
from runtime.pipeline.program import Program
from runtime.pipeline.tracking_plan import check_plan
from runtime.text.masks import mask_event
from runtime.text.redaction import environment_redactor

NAME = "try"
"""Id of an instance that the draft has not."""


class Asked(BaseModel, extra="forbid"):
    """On what a script is run: exactly one of event, example and given."""

    event: str = Field("", description="A stored event: 0.17/0, or 0.17 for the first one of a hit.")
    example: str = Field("", description="A file of the template: examples/purchase.yaml.")
    given: dict[str, Any] | None = Field(None, description="Members of an example file; `expect` may be absent.")
    instance: str = Field("", description="With `event`: the tag, client, … of the draft whose settings are used.")
    settings: dict[str, Any] = Field({}, description="With `event` and no `instance`: settings; else the defaults.")


def run(
    asked: Asked,
    template: Template,
    templates: Templates,
    container: Container | None,
    files: Mapping[str, str],
    programs: Programs,
    data_dir: Path,
    receive: Receive,
) -> Record:
    """Returns what the script makes of it, and `event`, which it was run on. ContainerInvalid and OperatorError where
    it cannot be run; paths of problems begin in the template's folder."""
    if asked.event:
        return _stored(asked, template, templates, container or _bare(), programs, data_dir)
    return _example(_read(asked, files), template, templates, programs, receive)


def _stored(
    asked: Asked, template: Template, templates: Templates, container: Container, programs: Programs, data_dir: Path
) -> Record:
    kind = template.manifest.kind
    instance, id = _instance(asked, container, template)
    given = stored_input(data_dir, asked.event, programs, with_event=kind != "client")
    assert given.hit is not None
    program = _program(_holding(container, kind, id, instance), templates, programs, given.hit.hit.version)
    record = try_out(program, kind, id, given).masked()
    event = environment_redactor().shown(mask_event(given.event)) if given.event else None
    return record | {"event": event, "instance": id if asked.instance else ""}


def stored_input(data_dir: Path, id: str, programs: Programs, *, with_event: bool) -> Input:
    """Returns a stored event as scripts get it: made by the version that its hit arrived on."""
    number, seq, wanted = parse_place(id)
    with open_shard(data_dir, number) as shard:
        logged = shard.log.get(seq)
        if logged is None:
            raise OperatorError(f"There is no hit {number}.{seq}.", hint="It is past retention, or the id is wrong.")
        recorded = shard.delivery.lookups(seq) if shard.delivery else {}
    place = (0, None)
    if with_event:
        place = _event(logged, wanted, programs.program(logged.hit.version))
    return Input(logged.hit.received_us, place[1], place[0], logged, logged.hit.consent, recorded)


def _event(logged: LoggedHit, wanted: int | None, program: Program) -> tuple[int, Any]:
    parsed = parse(logged, program.clients.get(logged.hit.client))
    for checked in check_plan(parsed.events, program.tracking_plan)[0]:
        if wanted in (None, checked.position):
            return checked.position, checked.event
    what = f"event {wanted}" if wanted is not None else "event"
    raise OperatorError(f"The hit {logged.id} has no {what}.", hint="Its trace tells why: nothing came of it.")


def _example(
    example: Example, template: Template, templates: Templates, programs: Programs, receive: Receive
) -> Record:
    kind, at_us = template.manifest.kind, example.at * 1_000_000
    instance = _part(kind).model_validate({"template": template.manifest.id, "settings": example.settings})
    _require_settings(template, instance)
    program = _program(_holding(_bare(), kind, NAME, instance), templates, programs, 1)
    hit = example.hit.logged(example.at) if example.hit else None
    if kind == "client":
        hit, refused = _received(program, example, receive)
        if hit is None:
            return Tried(reason=refused).as_dict() | {"event": None, "instance": ""}
    granted = example.consent or {}
    consent: Consent = {purpose: granted.get(purpose, example.consent is None) for purpose in PURPOSES}
    given = Input(at_us, example.event, 0, hit, consent, answers=example.lookups)
    return try_out(program, kind, NAME, given).as_dict() | {"event": example.event, "instance": ""}


def _received(program: Program, example: Example, receive: Receive) -> tuple[LoggedHit | None, str]:
    hit = example.hit
    if hit is None:
        raise OperatorError("An example of a client needs `hit`.", hint="Describe the request that a sender makes.")
    received = receive(
        program.snapshot,
        method=hit.method,
        url=hit.url,
        headers=hit.all_headers(),
        body=hit.encoded()[0],
        client_ip=hit.client_ip,
        at_us=example.at * 1_000_000,
        secrets=example.secret,
    )
    if received.hit is None:
        return None, f"refused with {received.status}: {received.reason}"
    return LoggedHit(0, 1, received.hit), ""


def _read(asked: Asked, files: Mapping[str, str]) -> Example:
    data: Any = asked.given
    problems: list[Problem] = []
    if data is None:
        if asked.example not in files:
            raise OperatorError(f"There is no file {asked.example or '(none)'}.", hint="Choose an event or an example.")
        data, problems = parse_document(files[asked.example].encode("utf-8", "surrogatepass"))
    if isinstance(data, dict):
        # What is expected is not looked at; an example without it is none, so it stands for "no setting is wrong".
        data = {"title": "given", **data, "expect": {"invalid": []}, "answers": []}
    example, more = validated(Example, data)
    if example is None or problems or more:
        raise ContainerInvalid([_in_example(asked.example, each) for each in [*problems, *more]])
    return example


def _in_example(file: str, problem: Problem) -> Problem:
    path = f"{file}: {problem.path}" if file else problem.path
    return Problem(path, problem.message, problem.hint, problem.severity)


def _instance(asked: Asked, container: Container, template: Template) -> tuple[Instance, str]:
    kind = template.manifest.kind
    parts: Mapping[str, Instance] = getattr(container, _section(kind))
    found = parts.get(asked.instance)
    if asked.instance and (found is None or found.template != template.manifest.id):
        what = f"{kind} `{template.manifest.id}`"
        raise OperatorError(f"The draft has no `{asked.instance[:60]}` of the {what}.", hint="Choose another one.")
    if found is None:
        found = _part(kind).model_validate({"template": template.manifest.id, "settings": asked.settings})
    _require_settings(template, found)
    return found, asked.instance or NAME


def _require_settings(template: Template, instance: Instance) -> None:
    problems = check_settings("settings", template.manifest, instance.settings)
    wrong = [
        Problem(each.path.replace("settings.settings", "settings"), each.message, each.hint)
        for each in problems
        if each.severity == "error"
    ]
    if wrong:
        raise ContainerInvalid(wrong)


def _holding(container: Container, kind: Kind, id: str, instance: Instance) -> Container:
    """Returns a container with that one instance, and what its settings and the event's way to it may need."""
    if isinstance(instance, Tag):
        without = {"triggers": (), "exceptions": (), "setup": None, "teardown": None}
        instance = instance.model_copy(update=without)
    emptied: dict[str, Any] = {"clients": {}, "tags": {}, "schemas": {}, "folders": {}}
    section = _section(kind)
    others = {} if section in emptied else getattr(container, section)
    return container.model_copy(update=emptied | {section: {**others, id: instance}})


def _program(container: Container, templates: Templates, programs: Programs, number: int) -> Program:
    return programs.build(build_snapshot(container, templates, number))


def _bare() -> Container:
    return Container.model_validate({"container": NAME, "domains": DOMAINS, "consent": {"default": "granted"}})


def _section(kind: Kind) -> str:
    return "tags" if kind == "destination" else KIND_FOLDERS[kind]


def _part(kind: Kind) -> type[Instance]:
    parts: Mapping[str, Any] = {name: field.annotation for name, field in Container.model_fields.items()}
    part: type[Instance] = parts[_section(kind)].__args__[1]
    return part
