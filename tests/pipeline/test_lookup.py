"""Look-ups through the pipeline: what is asked for, under which key, what is granted, and what comes of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from runtime.model.event import Outcome
from runtime.model.lookup import Answer, Lookup, encode_answer
from runtime.model.policy import Policy
from runtime.model.snapshot import Template
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace
from tests.support.programs import hit, program, snapshot, tag, template

HIT = hit({"event_name": "purchase", "event_id": "e-1", "user_id": "c 7"})
ASK = """
return {
  lookup = function(event, settings) return REQUEST end,
  resolve = function(event, settings, consent, answer)
    if answer == nil then return settings.default end
    return answer.json and answer.json.group or answer.status
  end,
}
"""
REQUEST = 'settings.url and { url = settings.url, headers = { ["x-key"] = settings.token } }'
FIELDS = [
    {"id": id, "type": type, "label": id, "help": id}
    for id, type in (("url", "url"), ("default", "text"), ("token", "secret"), ("wait", "integer"))
]
URL = "https://api.shop.example/c/1"


def asking(request: str = REQUEST, id: str = "ask", **permissions: Any) -> Template:
    granted = {"hosts": {"names": ["{setting: url}"], "why": "a test"}, **permissions}
    figures = {"timeout_ms": {"setting": "wait"}, "ttl_s": 60}
    source = ASK.replace("REQUEST", request)
    return template("variable", id, source, fields=FIELDS, lookup=figures, permissions=granted)


def built(settings: dict[str, Any], asked: Template | None = None, **variables: Any) -> Program:
    parts = {"variables": {"group": {"template": "ask", "settings": settings}, **variables}}
    return program({"tags": {"a": tag(settings={"text": "{{group}}"})}, **parts}, asked or asking())


def text(outcome: Outcome) -> Any:
    assert not outcome.needs
    return orjson.loads(outcome.events[0].tags[0].item)["settings"].get("text")


def answered(need: Lookup, body: Any = None, *, status: int = 200, failed: str = "") -> dict[str, bytes]:
    return {need.key: encode_answer(Answer(1, 0 if failed else status, "" if body is None else body, failed))}


def test_what_is_not_recorded_is_needed_and_what_is_decides() -> None:
    version = built({"url": URL, "default": "none", "wait": 200})
    (need,) = run(HIT, version).needs
    assert (need.variable, need.envelope.method, need.envelope.url) == ("group", "GET", URL)
    assert (need.hosts, need.timeout_ms, need.ttl_s) == (("api.shop.example",), 200, 60)
    assert text(run(HIT, version, recorded=answered(need, '{"group": "gold"}'))) == "gold"
    assert text(run(HIT, version, recorded=answered(need, "teapot", status=418))) == 418
    assert text(run(HIT, version, recorded=answered(need, failed="timeout"))) == "none"


def test_a_recorded_answer_holds_whatever_is_true_by_now() -> None:
    version = built({"url": URL})
    recorded = answered(run(HIT, version).needs[0], '{"group": "gold"}')
    first = run(HIT, version, recorded=recorded)
    again = run(HIT, built({"url": URL}), recorded=recorded | {"another": b"{}"}, trace=Trace())
    assert again.events == first.events


def test_the_format_stands_in_for_a_failure() -> None:
    group = {"template": "ask", "settings": {"url": URL}, "format": {"null_as": "nobody"}}
    parts = {"tags": {"a": tag(settings={"text": "{{group}}"})}, "variables": {"group": group}}
    version = program(parts, asking())
    assert text(run(HIT, version, recorded=answered(run(HIT, version).needs[0], failed="timeout"))) == "nobody"


def test_a_script_may_ask_for_nothing() -> None:
    assert text(run(HIT, built({"default": "none"}))) == "none"


def test_a_variable_in_the_url_is_escaped_and_cannot_change_the_host() -> None:
    field = template("variable", "field", "return { resolve = function(event) return event.user_id end }")
    parts: dict[str, Any] = {
        "tags": {"a": tag(settings={"text": "{{group}}"})},
        "variables": {
            "group": {"template": "ask", "settings": {"url": "https://api.shop.example/c/{{who}}?a=1"}},
            "who": {"template": "field"},
        },
    }
    version = program(parts, asking(), field)
    assert run(HIT, version).needs[0].envelope.url == "https://api.shop.example/c/c%207?a=1"
    evil = hit({"event_name": "purchase", "event_id": "e-1", "user_id": "../x@evil.example/?"})
    assert run(evil, version).needs[0].envelope.url == "https://api.shop.example/c/..%2Fx%40evil.example%2F%3F?a=1"
    parts["variables"]["group"]["settings"]["url"] = "https://{{who}}/c"
    trace = Trace()
    outcome = run(HIT, program(parts, asking(), field), trace=trace)
    assert not outcome.needs
    assert trace.events[0].variables["group"]["fault"].startswith("permission: the host")


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        ('{ url = "https://other.example/" }', "permission: the host `other.example` that `lookup` names"),
        ('{ url = "http://api.shop.example/" }', "permission: the host `api.shop.example` that `lookup` names must be"),
        ("{ url = settings.url, method = 'PUT' }", "result: a look-up is a GET or a POST"),
        ("'https://api.shop.example/'", "result: `lookup` must return a table"),
        ("{ url = settings.url, body = '\\0items\\0' }", "result: a look-up has no batch"),
        ("{ url = settings.url, body = '\\0secret:OTHER\\0' }", "permission: the secret `OTHER` that `lookup` places"),
        ("nothing.here", "error: "),
    ],
)
def test_what_a_look_up_may_not_do_is_a_fault_of_the_variable(request_: str, fault: str) -> None:
    trace = Trace()
    outcome = run(HIT, built({"url": URL}, asking(request_)), trace=trace)
    assert outcome.needs == ()
    assert trace.events[0].variables["group"]["fault"].startswith(fault)
    assert text(outcome) is None


def test_the_operators_policy_closes_a_host() -> None:
    deny = {"deny": [{"templates": ["variable/ask"], "hosts": ["*.shop.example"], "why": "not here"}]}
    parts = {"variables": {"group": {"template": "ask", "settings": {"url": URL}}}}
    version = snapshot({"tags": {"a": tag(settings={"text": "{{group}}"})}, **parts}, asking())
    trace = Trace()
    assert not run(HIT, Program.build(Policy.model_validate(deny).over(version)), trace=trace).needs
    assert "not here" in trace.events[0].variables["group"]["fault"]


def test_a_key_is_the_template_and_what_is_asked_and_tells_no_secret() -> None:
    token: dict[str, Any] = {"secrets": {"fields": ["token"], "why": "a test"}}
    settings = {"url": URL, "token": "secret:RATES"}
    (need,) = run(HIT, built(settings, asking(**token))).needs
    (same,) = run(hit({"event_name": "other", "event_id": "e-2"}), built(settings, asking(**token))).needs
    (other,) = run(HIT, built({"url": URL + "0"}, asking(**token))).needs
    assert same.key == need.key != other.key
    assert need.envelope.headers == {"x-key": "\0secret:RATES\0"}
    assert len(need.key) == 32
    assert need.key.isalnum()


def two_steps() -> Program:
    words = template(
        "variable",
        "words",
        "return { resolve = function(event, settings) return 'of ' .. tostring(settings.text) end }",
        fields=[{"id": "text", "type": "text", "label": "text", "help": "text"}],
    )
    parts = {
        "tags": {"a": tag(settings={"text": "{{second}}"})},
        "variables": {
            "first": {"template": "ask", "settings": {"url": URL}},
            "words": {"template": "words", "settings": {"text": "{{first}}"}},
            "second": {"template": "ask", "settings": {"url": "https://api.shop.example/g/{{words}}"}},
        },
    }
    return program(parts, asking(), words)


def test_nobody_asks_with_what_is_not_known_yet() -> None:
    version, recorded = two_steps(), dict[str, bytes]()
    (first,) = run(HIT, version).needs
    assert first.variable == "first"
    recorded |= answered(first, '{"group": "gold"}')
    (second,) = run(HIT, version, recorded=recorded).needs
    assert second.envelope.url == "https://api.shop.example/g/of%20gold"
    assert text(run(HIT, version, recorded=recorded | answered(second, '{"group": "of all"}'))) == "of all"


def test_all_that_one_pass_needs_is_told_at_once() -> None:
    parts = {
        "tags": {"a": tag(settings={"text": "{{one}}{{two}}{{same}}"})},
        "variables": {
            name: {"template": "ask", "settings": {"url": f"https://api.shop.example/{path}"}}
            for name, path in (("one", "1"), ("two", "2"), ("same", "1"))
        },
    }
    logged = hit({"events": [{"event_name": "a", "event_id": "1"}, {"event_name": "b", "event_id": "2"}]})
    assert [need.envelope.url[-1] for need in run(logged, program(parts, asking())).needs] == ["1", "2"]


def test_answers_are_read_only_where_a_variable_asks() -> None:
    class Untouched(Mapping[str, bytes]):
        def __getitem__(self, key: str) -> bytes:
            raise AssertionError("asked for")

        def __iter__(self) -> Any:
            raise AssertionError("asked for")

        def __len__(self) -> int:
            raise AssertionError("asked for")

    version = built({"url": URL})
    assert run(HIT, version, only=frozenset(("other",)), recorded=Untouched()).needs == ()


@pytest.mark.parametrize("body", ['{"n": 123456789012345678901234567890}', "\0[1,", '{"a":"\\u0000x"}', "[" * 200, ""])
def test_an_answer_of_any_form_reaches_the_script(body: str) -> None:
    version = built({"url": URL})
    assert text(run(HIT, version, recorded=answered(run(HIT, version).needs[0], body))) == 200


def test_the_trace_shows_request_and_answer() -> None:
    version, trace = built({"url": URL, "default": "none"}), Trace()
    (need,) = run(HIT, version, trace=trace).needs
    shown = trace.as_dict()["events"][0]["variables"]["group"]
    assert shown["waits"] is True
    assert shown["lookup"] == {
        "key": need.key,
        "request": {"method": "GET", "url": URL, "headers": {}, "body": ""},
        "recorded": False,
    }
    trace = Trace()
    run(HIT, version, trace=trace, recorded={need.key: encode_answer(Answer(5, 200, '{"group": "x"}'))})
    shown = trace.as_dict()["events"][0]["variables"]["group"]
    assert shown["value"] == "x"
    assert (shown["lookup"]["asked_ms"], shown["lookup"]["answer"]["status"]) == (5, 200)
    trace = Trace()
    run(HIT, version, trace=trace, recorded=answered(need, failed="timeout"))
    assert trace.as_dict()["events"][0]["variables"]["group"]["lookup"]["failed"] == "timeout"
