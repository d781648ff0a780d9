"""JSON Schema: fields by the schema's names, rules in its words, nothing of the data, no connection."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.text.json_schema import MOST, WHOLE, Schema, Violation

PLAN = {
    "type": "object",
    "required": ["value", "currency"],
    "properties": {
        "value": {"type": "number", "minimum": 0},
        "currency": {"pattern": "^[A-Z]{3}$"},
        "properties": {"type": "string"},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
        "user": {"additionalProperties": {"type": "string"}, "patternProperties": {"^x": {"maxLength": 3}}},
    },
    "$defs": {"item": {"required": ["id"], "properties": {"price": {"type": "number"}}, "additionalProperties": False}},
}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"value": 1, "currency": "EUR"}, []),
        ({"value": "1", "currency": "EUR"}, ["value: type number"]),
        ({"value": -1, "currency": "euro"}, ["currency: pattern ^[A-Z]{3}$", "value: minimum 0"]),
        ({}, ["currency: required", "value: required"]),
        ({"value": 1, "currency": "EUR", "properties": 4}, ["properties: type string"]),
        (
            {"value": 1, "currency": "EUR", "items": [{"id": 1, "price": "x"}, {"price": "y", "zz": 1}]},
            ["items.*: additionalProperties false", "items.*.id: required", "items.*.price: type number"],
        ),
        (
            {"value": 1, "currency": "EUR", "user": {"ann": 5, "xa": "long"}},
            ["user.*: maxLength 3", "user.*: type string"],
        ),
        ([], [f"{WHOLE}: type object"]),
    ],
)
def test_told(data: Any, told: list[str]) -> None:
    assert [str(each) for each in Schema(PLAN).violations(data)] == told


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"type": "objekt"}, 'type: "objekt" is not valid'),
        ({"properties": {"a": {"pattern": "("}}}, 'properties.a.pattern: "(" is not a "regex"'),
        ({"pattern": "(?=a)b"}, 'pattern: "(?=a)b" is not a "regex"'),
        ({"$ref": "#/$defs/none"}, "does not exist"),
        ({"$ref": "http://127.0.0.1:9/schema"}, "Retrieval is disabled"),
        ({"$ref": "file:///etc/hostname"}, "disabled"),
        ({"$schema": "http://127.0.0.1:9/meta"}, "Unknown meta-schema"),
        ({"properties": 5}, "properties: 5 is not of type"),
    ],
)
def test_what_is_no_schema_is_refused(source: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Schema(source)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "source", [{"$ref": "#"}, {"allOf": [{"$ref": "#"}]}, {"properties": {"a": {"$ref": "#"}}}, {"not": {"$ref": "#"}}]
)
def test_schemas_that_name_themselves_come_to_an_end(source: dict[str, Any]) -> None:
    Schema(source).violations({"a": {"a": {"a": 1}}})


def test_data_that_is_nested_too_deeply() -> None:
    data: Any = 1
    for _ in range(2000):
        data = {"value": data, "currency": "EUR"}
    assert Schema({"properties": {"value": {"type": "number"}}}).violations(data) != []


def test_no_more_than_so_many() -> None:
    schema = Schema({"properties": {f"f{place}": {"type": "null"} for place in range(200)}})
    assert len(schema.violations({f"f{place}": 1 for place in range(200)})) == MOST


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
)


@given(st.dictionaries(st.sampled_from(["value", "currency", "items", "user", "properties", "other"]), JSON))
def test_fields_are_the_schemas_own(data: dict[str, Any]) -> None:
    known = {
        WHOLE, "value", "currency", "properties", "items", "items.*", "items.*.id", "items.*.price", "user", "user.*",
    }  # fmt: skip
    found = Schema(PLAN).violations(data)
    assert {each.field for each in found} <= known
    assert found == sorted(set(found))
    assert all(isinstance(each, Violation) for each in found)
