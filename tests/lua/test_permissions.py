"""A script receives of the event what its manifest asks for, and its author learns what it missed."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.lua.sandbox import Grants, Sandbox
from tests.lua.calls import AT_US, fault, value

EVENT = {
    "event_name": "purchase",
    "user_data": {"email_address": "a@b.example", "address": {"city": "Bonn", "country": "DE"}},
    "items": [{"id": "a", "price": 1}, {"id": "b", "price": 2, "extra": {"x": 1}}],
    "x-fb-cd-a": 1,
    "x-fb-ud-b": {"c": 2},
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (None, EVENT),
        (("*",), EVENT),
        (("event_name", "*"), EVENT),
        ((), {}),
        (("event_name",), {"event_name": "purchase"}),
        (("missing", "user_data.missing"), {"user_data": {}}),
        (("user_data.address.city",), {"user_data": {"address": {"city": "Bonn"}}}),
        (("user_data", "user_data.address.city"), {"user_data": EVENT["user_data"]}),
        (("items.id",), {"items": [{"id": "a"}, {"id": "b"}]}),
        (("items.extra.x",), {"items": [{}, {"extra": {"x": 1}}]}),
        (("event_name.deeper",), {}),
        (("x-fb-cd-*",), {"x-fb-cd-a": 1}),
        (("x-fb-*",), {"x-fb-cd-a": 1, "x-fb-ud-b": {"c": 2}}),
        (("user_data.*",), {"user_data": EVENT["user_data"]}),
    ],
)
def test_the_event_is_cut_to_the_granted_paths(sandbox: Sandbox, fields: tuple[str, ...] | None, expected: Any) -> None:
    assert value(sandbox, "return event", EVENT, grants=Grants(fields)) == expected


def test_a_path_that_goes_on_past_a_plain_value_does_not_grant_it(sandbox: Sandbox) -> None:
    event = {"a": "text", "list": ["text", {"b": False, "c": 1}]}
    assert value(sandbox, "return event", event, grants=Grants(("a.b", "list.b"))) == {"list": [{"b": False}]}


def test_settings_hits_batches_and_responses_are_whole(sandbox: Sandbox) -> None:
    assert value(sandbox, "return settings", EVENT, EVENT, grants=Grants(())) == EVENT
    source = "local function same(data) return data end return {parse = same, request = same, verdict = same}"
    script = sandbox.script("test", source, grants=Grants(()))
    for function in ("parse", "request", "verdict"):
        assert sandbox.call(script, function, sandbox.push(EVENT), at_us=AT_US, seed="").values == (EVENT,)


def test_a_missed_field_that_the_event_has_is_a_permission_fault_that_names_it(sandbox: Sandbox) -> None:
    problem = fault(
        sandbox, "return event.user_data.address.city", EVENT, grants=Grants(("event_name", "user_data.email_address"))
    )
    assert problem.kind == "permission"
    assert problem.message == (
        "test:3: attempt to index a nil value (field 'address'); the event has `user_data.address`, "
        "but the manifest's permissions.event.fields does not grant it"
    )


@pytest.mark.parametrize(
    ("body", "event", "fields"),
    [
        ("return event.user_data.address.city", {"event_name": "x"}, ("event_name",)),
        ("return event.other.x", EVENT, ("event_name",)),
        ("return event.user_data.address.city", {"user_data": {}}, None),
        ("local items = nil return items[1]", EVENT, ("event_name",)),
    ],
)
def test_other_nil_values_are_plain_errors(
    sandbox: Sandbox, body: str, event: Any, fields: tuple[str, ...] | None
) -> None:
    assert fault(sandbox, body, event, grants=Grants(fields)).kind == "error"


def test_grants_hold_for_the_last_use_too(sandbox: Sandbox) -> None:
    script = sandbox.script("test", "return {map = function(event) return event end}", grants=Grants(("event_name",)))
    returned = sandbox.call(script, "map", sandbox.push(EVENT), at_us=AT_US, seed="", last=True)
    assert returned.values == ({"event_name": "purchase"},)
