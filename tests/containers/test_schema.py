"""The JSON Schema for editors: it takes what is valid, and underlines what is mistyped."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from runtime import demo
from runtime.containers.interchange import parse_document, read_document
from runtime.containers.schema import container_schema
from runtime.containers.templates import BUILT_IN, load_templates
from tests.containers.random_containers import CONTAINERS
from tests.containers.support import GOOD, HERE, spoiled, templates
from tests.support.json_schema import schema_faults

SCHEMA = container_schema(templates())
BUILT_IN_SCHEMA = container_schema(load_templates(BUILT_IN))


def faults(text: str) -> list[str]:
    data, problems = parse_document(text.encode())
    assert problems == []
    return schema_faults(SCHEMA, data)


def test_good_containers_are_taken() -> None:
    assert faults(GOOD) == []
    for file in (HERE / "demo_shop.yaml", demo.CONTAINER):
        data, problems = read_document(file)
        assert problems == []
        assert schema_faults(BUILT_IN_SCHEMA, data) == []


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(CONTAINERS)
def test_whatever_is_valid_is_taken(data: dict[str, Any]) -> None:
    assert schema_faults(SCHEMA, data) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("container: shop", "container: 1", ".container: no string"),
        ("container: shop", "container: 1shop", ".container: does not match"),
        ("domains: [", "domain: [", ".domain: not allowed"),
        ("template: sink", "template: sinc", ".tags.sink.template: none of the words"),
        ("size: 20", "size: 51", ".tags.sink.settings.size: none of the forms"),
        ("size: 20", "size: many", ".tags.sink.settings.size: none of the forms"),
        ("size: 20", "sise: 20", ".tags.sink.settings.sise: not allowed"),
        ("mode: fast", "mode: fasst", ".tags.sink.settings.mode: none of the forms"),
        ('account: "123456"', 'account: "12"', ".tags.sink.settings.account: none of the forms"),
        ('      account: "123456"\n', "", ".tags.sink.settings.account: missing"),
        ("token: secret:SINK-TOKEN", "token: abc", ".tags.sink.settings.token: does not match"),
        ("tokens: [secret:INTAKE]", "tokens: [abc]", ".clients.browser.settings.tokens: none of the forms"),
        ("https://sink.example/v1", "ftp://sink.example", ".tags.sink.settings.endpoint: none of the forms"),
        ("is: matches", "is: match", ".triggers.tests.all: none of the forms"),
        ('value: "012"', 'value: "012", pattern: 5', ".variables.word.settings.pattern: none of the forms"),
        ("container: shop", "container: shop\nfolders: {ads: 1}", ".folders.ads: no object"),
        ("container: shop", "container: shop\nfolders: {ads: {a: x}}", ".folders.ads.a: not allowed"),
        ("    triggers: [p", "    sample: 0\n    triggers: [p", ".tags.sink.sample: too small"),
        ("    triggers: [p", "    schedule: {till: x}\n    triggers: [p", ".tags.sink.schedule.till: not allowed"),
        ("    triggers: [p", "    setup: {tag: [a]}\n    triggers: [p", ".tags.sink.setup: none of the forms"),
    ],
)
def test_a_mistake_is_underlined(old: str, new: str, fault: str) -> None:
    assert faults(spoiled((old, new))) == [fault]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rate: 0.5", 'rate: "{{word}}"'),
        ("size: 20", "size: null"),
        ('account: "123456"', 'account: "12{{word}}"'),
        ("https://sink.example/v1", "https://{{word}}/v1"),
        ("strict: true", 'strict: "{{ word }}"'),
    ],
)
def test_variables_and_nothing_are_taken_where_they_may_stand(old: str, new: str) -> None:
    assert faults(spoiled((old, new))) == []


def test_it_is_json_that_names_its_dialect_and_says_what_each_setting_is() -> None:
    assert orjson.loads(orjson.dumps(BUILT_IN_SCHEMA)) == BUILT_IN_SCHEMA
    assert BUILT_IN_SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    (meta,) = [
        each["then"]["properties"]["settings"]["properties"]
        for each in BUILT_IN_SCHEMA["$defs"]["Tag"]["allOf"]
        if each["if"]["properties"]["template"]["const"] == "meta_capi"
    ]
    assert all(field["description"] and field["title"] for field in meta.values())
