"""Permissions through the pipeline: what scripts read of the hit, where requests go, what reaches the process log."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from runtime.errors import ScriptFault
from runtime.model.delivery import Batch
from runtime.model.event import Outcome
from runtime.model.policy import Policy
from runtime.model.snapshot import Template
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.script_log import public_lines
from runtime.pipeline.tag import describe_request
from runtime.pipeline.trace import Trace
from runtime.text.redaction import mask_line
from tests.support.programs import hit, program, snapshot, tag, template

READS = "local ttp = incoming.cookie('_ttp')"
COOKIE: dict[str, Any] = {"cookies": {"read": ["_ttp"], "why": "a test"}}
HIT = hit({"event_name": "x"}, cookies={"_ttp": "t-1"})


def destination(body: str, **manifest: Any) -> Template:
    return template("destination", "d", f"return {{ map = function(event, settings) {body} end }}", **manifest)


def mapped(body: str, container: dict[str, Any] | None = None, *more: Template, **permissions: Any) -> Outcome:
    """Returns what comes of a destination whose `map` has that body."""
    parts = {"tags": {"a": tag(template="d")}, **(container or {})}
    return run(HIT, program(parts, destination(body, permissions=permissions), *more))


def test_a_destination_reads_a_granted_cookie() -> None:
    (event,) = mapped(f"{READS} return {{ ttp = ttp }}", **COOKIE).events
    assert orjson.loads(event.tags[0].item) == {"ttp": "t-1"}


def test_a_cookie_that_is_not_granted_fails_the_tag_with_the_line_to_add() -> None:
    (event,) = mapped(f"{READS} return {{ ttp = ttp }}").events
    assert event.tags[0].state == "failed"
    assert event.tags[0].reason.startswith("permission: destination/d:1: cookie `_ttp` is not granted: add `cookies: ")


def test_variables_and_transformations_read_the_request_too() -> None:
    body = f"{READS} return ttp"
    variable = template("variable", "v", f"return {{ resolve = function() {body} end }}", permissions=COOKIE)
    source = f"return {{ apply = function(event) {READS} event.ttp = ttp return event end }}"
    change = template("transformation", "t", source, permissions=COOKIE)
    container = {
        "tags": {"a": tag(settings={"text": "{{v}}"})},
        "variables": {"v": {"template": "v"}},
        "transformations": {"t": {"template": "t"}},
    }
    (event,) = run(HIT, program(container, variable, change)).events
    item = orjson.loads(event.tags[0].item)
    assert (item["settings"]["text"], item["event"]["ttp"]) == ("t-1", "t-1")


def test_a_client_reads_the_request_and_what_it_may_not_read_is_a_dead_letter() -> None:
    source = f"return {{ parse = function(hit) {READS} return {{ {{ event_name = ttp }} }} end }}"
    built = program({}, template("client", "echo", source, permissions=COOKIE))
    assert run(HIT, built).events[0].event["event_name"] == "t-1"
    (dead,) = run(HIT, program({}, template("client", "echo", source))).dead
    assert dead.reason == "script_permission"


def described(url: str, *, policy: Policy | None = None, token: str = "", **permissions: Any) -> str:
    """Returns the URL of the request that a tag describes, with the headers' `token` where one is given."""
    request = (
        f"request = function(batch, settings) return {{ url = '{url}', headers = {{ token = {token or 'nil'} }} }}"
    )
    source = f"return {{ map = function() return {{}} end, {request} end }}"
    fields = [{"id": id, "type": "secret", "label": "l", "help": "h"} for id in ("key", "other")]
    made = template("destination", "d", source, fields=fields, permissions=permissions)
    settings = {"key": "secret:KEY", "other": "secret:other-one"}
    version = snapshot({"tags": {"a": tag(template="d", settings=settings)}}, made)
    return describe_request(Program.build((policy or Policy()).over(version)), "a", Batch("", 1, 1)).url


HOSTS: dict[str, Any] = {"hosts": {"names": ["*.vendor.example"], "why": "a test"}}
URL = "https://api.vendor.example/"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"url": "https://other.example/"},
            "the host `other.example` that `request` names is not granted: add `hosts: {names: [other.example], why: "
            "...}` to the manifest's permissions (granted: *.vendor.example)",
        ),
        (
            {"url": "https://a@api.vendor.example/"},
            "the host of `https://a@api.vendor.example/` cannot be told: write it out, without placeholder, user name "
            "or escape",
        ),
        (
            {"url": "http://api.vendor.example/"},
            "the host `api.vendor.example` that `request` names must be asked by https: write `https://`, or name it "
            "in a setting with `http://`",
        ),
        (
            {"url": URL, "token": "settings.key"},
            "the secret `KEY` that `request` places is not granted: add `secrets: {fields: [key], why: ...}` to the "
            "manifest's permissions",
        ),
        (
            {"url": URL, "token": "'\\0secret:NOBODYS\\0'"},
            "the secret `NOBODYS` that `request` places is in none of this tag's settings of type secret",
        ),
    ],
)
def test_a_request_beyond_the_grants_says_what_line_is_missing(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ScriptFault) as caught:
        described(**given, **HOSTS)
    assert (caught.value.kind, caught.value.message) == ("permission", message)


def policy(**rule: Any) -> Policy:
    return Policy.model_validate({"deny": [{"templates": ["destination/d"], "why": "Not here.", **rule}]})


SECRETS: dict[str, Any] = {"secrets": {"fields": ["key", "other"], "why": "a test"}}


@pytest.mark.parametrize(
    ("rule", "token", "message"),
    [
        ({"hosts": ["*"]}, "", "the host `api.vendor.example` that `request` names"),
        ({"hosts": ["*.Vendor.example."]}, "", "the host `api.vendor.example` that `request` names"),
        ({"hosts": ["api.vendor.example"]}, "", "the host `api.vendor.example` that `request` names"),
        ({"secrets": ["KEY"]}, "settings.key", "the secret `KEY` that `request` places"),
        ({"secrets": ["OTHER_*"]}, "settings.other", "the secret `other-one` that `request` places"),
        ({"secrets": ["other_one"]}, "crypto.hmac_sha256(settings.other, 'x')", "the secret `other-one`"),
    ],
)
def test_the_policy_refuses_what_the_manifest_grants(rule: dict[str, Any], token: str, message: str) -> None:
    assert described(URL, token=token, **HOSTS, **SECRETS) == URL
    with pytest.raises(ScriptFault) as caught:
        described(URL, policy=policy(**rule), token=token, **HOSTS, **SECRETS)
    assert caught.value.kind == "permission"
    assert caught.value.message.startswith(f"the operator's policy denies {message}")
    assert caught.value.message.endswith(": Not here.")


@pytest.mark.parametrize("rule", [{"hosts": ["vendor.example"]}, {"secrets": ["OTHER"]}, {"event": ["*"]}])
def test_the_policy_leaves_alone_what_it_does_not_name(rule: dict[str, Any]) -> None:
    assert described(URL, policy=policy(**rule), token="settings.key", **HOSTS, **SECRETS) == URL


def test_the_policy_takes_event_fields_and_cookies_from_scripts_that_read_everything() -> None:
    body = "return { event = event, ok = pcall(incoming.cookie, '_ttp') }"
    made = destination(body, permissions=COOKIE)
    version = snapshot({"tags": {"a": tag(template="d")}}, made)
    ruled = policy(event=["page_*", "event_id"], cookies={"read": ["_t*"]}).over(version)
    assert ruled.hash == version.hash
    (event,) = run(HIT, Program.build(ruled)).events
    item = orjson.loads(event.tags[0].item)
    assert item["ok"] is False
    assert not {"page_location", "page_referrer", "event_id"} & set(item["event"])
    assert item["event"]["event_name"] == "x"
    assert "page_location" in event.event


def test_the_policy_takes_parts_of_the_hit_from_clients() -> None:
    source = "return { parse = function(hit) return { { event_name = 'x', hit = hit } } end }"
    client = template("client", "echo", source, permissions={"headers": {"names": ["user-agent"], "why": "a test"}})
    rule = {"templates": ["client/*"], "hit": ["client_ip", "cookies"], "headers": ["User-*"], "why": "No."}
    ruled = Policy.model_validate({"deny": [rule]}).over(snapshot({}, client))
    seen = run(HIT, Program.build(ruled)).events[0].event["hit"]
    assert seen["headers"] == {}
    assert not {"client_ip", "cookies"} & set(seen)
    assert seen["host"] == "t.shop.example"


LOUD: dict[str, Any] = {"log": {"scope": "always", "why": "a test"}}
SAYS = "log.info('to ann@shop.example', {first_name = 'Ann', id = 'A1'}) return {}"


def test_lines_of_a_script_with_the_scope_always_are_public_and_masked() -> None:
    built = program({"tags": {"a": tag(template="d"), "b": tag()}}, destination(SAYS, permissions=LOUD))
    trace = Trace()
    outcome = run(HIT, built, trace=trace)
    assert outcome.logs == ('tag a: info: to ann@shop.example {"first_name":"Ann","id":"A1"}',)
    assert list(public_lines(outcome, built.speakers)) == [
        ("destination/d", 'tag a: info: to a***@***.example {"first_name":"A***","id":"A1"}')
    ]
    assert trace.logs == list(outcome.logs)


@pytest.mark.parametrize("permissions", [{}, {"log": {"scope": "debug", "why": "a test"}}])
def test_other_lines_are_not_public(permissions: dict[str, Any]) -> None:
    built = program({"tags": {"a": tag(template="d")}}, destination(SAYS, permissions=permissions))
    assert list(public_lines(run(HIT, built), built.speakers)) == []


def test_the_policy_takes_the_scope_back() -> None:
    version = snapshot({"tags": {"a": tag(template="d")}}, destination(SAYS, permissions=LOUD))
    built = Program.build(policy(log="always").over(version))
    assert list(public_lines(run(HIT, built), built.speakers)) == []


def test_no_script_speaks_for_another() -> None:
    quiet = destination("log.info('x') log.info('tag loud: info: forged') return {}")
    container = {"tags": {"a": tag(template="d"), "loud": tag(template="e")}}
    loud = template("destination", "e", "return { map = function() return {} end }", permissions=LOUD)
    built = program(container, quiet, loud)
    assert list(public_lines(run(HIT, built), built.speakers)) == []


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("tag a: info: order 1234567", "tag a: info: order 1234567"),
        ("tag a: info: +49 170 1234567", "tag a: info: ***67"),
        ('tag a: info: {"email_address":"ann@shop.example","value":5}', None),
        ('tag a: info: {"user_data":{"address":{"first_name":"Ann","last_name":"Le', None),
        ('tag a: info: {"phone_number":"0170 1234567", "x":"y"}', None),
    ],
)
def test_personal_data_in_a_line(line: str, masked: str | None) -> None:
    found = mask_line(line)
    if masked is not None:
        assert found == masked
    for word in ("ann@", "Ann", "Le", "0170 12"):
        assert word not in found
