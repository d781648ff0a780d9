"""No secret's value in anything that people see or that is stored: each gets a marker, and everything is searched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from runtime.cli.trial import Bench
from runtime.delivery.envelope import fill, mask
from runtime.edge.rehearsal import Rehearsed, rehearse
from runtime.explain.example import Example
from runtime.explain.example_client import run_client
from runtime.explain.example_tag import run_tag
from runtime.explain.examples import NAME, scope_of
from runtime.model.delivery import Batch
from runtime.model.hit import LoggedHit
from runtime.model.policy import Policy
from runtime.pipeline.run import run
from runtime.pipeline.tag import describe_request
from runtime.pipeline.trace import Trace
from runtime.text.redaction import Redactor
from runtime.text.secrets import is_reference, reference_name, variable_name
from tests.contracts.support import FOLDERS, asking_all, examples_of, runner_of, template_of
from tests.support.templates import name_of, shared_modules

MARKER = "marker-7f3a91c2/+&="
FORMS = (MARKER, quote(MARKER, safe=""), json.dumps(MARKER)[1:-1], MARKER.encode().hex())
IN_THE_URL = {"destination/ga4_mp": "the Measurement Protocol takes its key nowhere else"}


def secrets_of(example: Example) -> set[str]:
    """Returns the names of the secrets that an example's settings name."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for each in value:
                yield from walk(each)
        elif is_reference(value):
            yield reference_name(value)

    return set(walk(example.settings))


WITH_SECRETS = [
    (folder, name) for folder in FOLDERS for name, example in examples_of(folder).items() if secrets_of(example)
]
DESTINATIONS = [(folder, name) for folder, name in WITH_SECRETS if template_of(folder).manifest.kind == "destination"]
CLIENTS = [(folder, name) for folder, name in WITH_SECRETS if template_of(folder).manifest.kind == "client"]


def parametrized(cases: list[tuple[Path, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("folder", "name"), cases, ids=[f"{name_of(folder)}/{name}" for folder, name in cases]
    )


def assert_clean(what: Any) -> None:
    text = what if isinstance(what, str) else repr(what)
    assert not [form for form in FORMS if form in text]


def test_there_are_secrets() -> None:
    assert DESTINATIONS
    assert CLIENTS
    declared = {folder for folder in FOLDERS for field in template_of(folder).manifest.fields
                if field.type == "secret" or field.items == "secret"}  # fmt: skip
    assert declared == {folder for folder, _ in WITH_SECRETS}


@parametrized(DESTINATIONS)
def test_what_a_destination_makes_names_secrets(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    template, example = template_of(folder), asking_all(examples_of(folder)[name])
    for secret in secrets_of(example):
        monkeypatch.setenv(variable_name(secret), MARKER)
    runner = runner_of(template)
    program = runner.program(template, example)
    scope = scope_of(program, example)
    outcome = run_tag(program, NAME, scope, example.model_copy(update={"secrets": {}}))
    assert scope.trace is not None
    for seen in (outcome, scope.trace.as_dict(), scope.logs):
        assert_clean(json.dumps(seen, ensure_ascii=False))
    trial = Bench(template, shared_modules(), example.settings, example.at * 1_000_000, Policy())
    assert_clean(json.dumps(trial.run(example.event or {}).as_dict(), ensure_ascii=False))


@parametrized(DESTINATIONS)
def test_what_is_sent_holds_secrets_where_they_belong(folder: Path, name: str) -> None:
    template, example = template_of(folder), asking_all(examples_of(folder)[name])
    runner = runner_of(template)
    program = runner.program(template, example)
    mapped = run_tag(program, NAME, scope_of(program, example), example)
    if "item" not in mapped:
        return
    envelope = describe_request(program, NAME, Batch(mapped["key"], 1, program.number))
    items = [json.dumps(mapped["item"]).encode()]
    filled = fill(envelope, items, at_s=example.at, secret=lambda _: MARKER, timeout_s=1.0, hosts=())
    assert set(filled.secrets) <= secrets_of(example)
    if template.key not in IN_THE_URL:
        assert_clean(filled.request.url)
    assert_clean(repr(envelope))
    assert_clean(repr(mask(envelope, items, at_s=example.at)))
    answer = f"error: {MARKER} and {quote(MARKER, safe='')}"
    assert_clean(Redactor(dict.fromkeys(filled.secrets, MARKER)).text(answer) if filled.secrets else "")


@parametrized(CLIENTS)
def test_what_is_stored_of_a_hit_holds_no_token(folder: Path, name: str) -> None:
    template, example = template_of(folder), marked(examples_of(folder)[name])
    hits: list[Any] = []

    def receive(*arguments: Any, **more: Any) -> Rehearsed:
        received = rehearse(*arguments, **more)
        hits.append(received)
        return received

    program = runner_of(template).program(template, example)
    outcome = run_client(program, NAME, example, receive)
    assert_clean(json.dumps(outcome, ensure_ascii=False))
    (received,) = hits
    assert_clean(received.reason)
    assert_clean(received.body.decode("utf-8", "replace"))
    if received.hit is not None:
        assert_clean(repr(msgspec.structs.asdict(received.hit)))
        trace = Trace()
        run(LoggedHit(0, 1, received.hit), program, trace=trace)
        assert_clean(repr((trace.calls, trace.dead, trace.logs, [each.as_dict() for each in trace.events])))


def marked(example: Example) -> Example:
    """Returns the example with the marker in place of each secret's value, wherever the sender wrote it."""
    text = example.model_dump_json(by_alias=True, exclude_unset=True)
    for value in example.secrets.values():
        for form in {value, quote(value, safe="")}:
            text = text.replace(form, MARKER.replace("/+&=", ""))
    return Example.model_validate_json(text, by_alias=True, by_name=False)
