"""A script receives of the event what its manifest asks for, and its author learns what it missed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.lua.sandbox import Grants, Sandbox
from tests.lua.calls import AT_US, fault, run, value

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
        "test:3: `event.user_data.address` is nil: the manifest does not grant user_data.address.*; "
        'add "user_data.address.*" to permissions.event.fields'
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


@pytest.mark.parametrize(
    ("body", "path", "line"),
    [
        ("return event.user_data.email_address", "user_data", "user_data.*"),
        ("return event.items[1]", "items", "items"),
        ("return event['x-fb-cd-a'] + 1", "x-fb-cd-a", "x-fb-cd-a"),
        ("return 'a' .. event['x-fb-cd-a']", "x-fb-cd-a", "x-fb-cd-a"),
        ("return -event['x-fb-cd-a']", "x-fb-cd-a", "x-fb-cd-a"),
    ],
)
def test_the_line_to_add_grants_what_was_missed(sandbox: Sandbox, body: str, path: str, line: str) -> None:
    problem = fault(sandbox, body, EVENT, grants=Grants(("event_name",)))
    assert problem.kind == "permission"
    assert problem.message == (
        f'test:3: `event.{path}` is nil: the manifest does not grant {line}; add "{line}" to permissions.event.fields'
    )
    run(sandbox, body, EVENT, grants=Grants(("event_name", line)))


@pytest.mark.parametrize(
    "body",
    [
        "local email = event.user_data return email.x",
        "local email = event.user_data return 'a' .. email",
        "local value = event.value return value + 1",
        "local value = event.value return value < 1",
        "local word = text.lower(event.user_data)",
        "local u = event.user_data or {} return u.address.city",
    ],
)
def test_a_value_that_may_be_a_missed_field_gets_a_hint_with_what_there_is(sandbox: Sandbox, body: str) -> None:
    problem = fault(sandbox, body, EVENT | {"value": 1, "b": 1, "c": 1}, grants=Grants(("event_name",)))
    assert problem.kind == "error"
    assert problem.message.startswith("test:3: ")
    assert problem.message.endswith(
        "; the event has fields that the manifest does not grant: "
        "user_data.*, items, x-fb-cd-a, x-fb-ud-b.*, value, …; "
        "add those that the script needs to permissions.event.fields"
    )


@pytest.mark.parametrize(
    "body",
    ["error('no such value')", "return misspelt.x", "return misspelt()", "return event.event_name.x.y"],
)
def test_other_errors_get_no_hint(sandbox: Sandbox, body: str) -> None:
    problem = fault(sandbox, body, EVENT, grants=Grants(("event_name", "user_data", "items", "x-fb-*")))
    assert "permissions" not in problem.message


DENIED = (("user_data.email_address", "no e-mails"), ("items.extra.*", "no extras"), ("x-fb-*", "no x-fb"))


@pytest.mark.parametrize(
    ("fields", "denied", "expected"),
    [
        (None, DENIED, {
            "event_name": "purchase", "user_data": {"address": {"city": "Bonn", "country": "DE"}},
            "items": [{"id": "a", "price": 1}, {"id": "b", "price": 2, "extra": {}}],
        }),
        (("*",), (("*", "nothing"),), {}),
        (("user_data",), (("user_data", "none"),), {}),
        (("user_data",), (("user_data.*", "none"),), {"user_data": {}}),
        (("event_name.*", "event_name"), (("event_name.*", "none"),), {}),
        (("user_data.address",), (("user_data.address.city", "none"),), {"user_data": {"address": {"country": "DE"}}}),
        (("items.id",), (("items.price", "none"),), {"items": [{"id": "a"}, {"id": "b"}]}),
        (("event_name",), (("missing.a", "none"), ("event_name.deeper", "none")), {"event_name": "purchase"}),
    ],
)  # fmt: skip
def test_a_denial_wins_over_any_grant(
    sandbox: Sandbox, fields: tuple[str, ...] | None, denied: tuple[tuple[str, str], ...], expected: Any
) -> None:
    assert value(sandbox, "return event", EVENT, grants=Grants(fields, denied)) == expected


def test_a_name_that_looks_like_a_denied_path_is_denied(sandbox: Sandbox) -> None:
    event = {"user_data.email_address": 1, "user_data.phone": 2, "a": {"x.y.z": 3}}
    grants = Grants(None, (("user_data.email_address", "none"), ("a.x.y", "none")))
    assert value(sandbox, "return event", event, grants=grants) == {"user_data.phone": 2, "a": {}}


def test_a_denied_field_that_is_missed_says_so_with_the_operators_words(sandbox: Sandbox) -> None:
    grants = Grants(None, (("user_data.address.*", "no places"), ("user_data.address", "no addresses")))
    problem = fault(sandbox, "return event.user_data.address.city", EVENT, grants=grants)
    assert (problem.kind, problem.message) == (
        "permission",
        "test:3: `event.user_data.address` is nil: the operator's policy denies user_data.address.*: no places",
    )
    soft = fault(sandbox, "local a = event.user_data.address return a.city", EVENT, grants=grants)
    assert soft.kind == "error"
    assert soft.message.endswith("; the operator's policy denies user_data.address.*")


NAMES = ("a", "b", "ab", "a.b")
VALUES = st.recursive(
    st.sampled_from([1, "text", False]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
EVENTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4)
PATHS = st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=3).map(".".join)
PATTERNS = PATHS | PATHS.map(lambda path: f"{path}.*") | PATHS.map(lambda path: f"{path}*") | st.just("*")
RANDOM = Sandbox()


def test_that_the_property_would_notice_a_leak() -> None:
    assert list(_members({"a": [{"b": 1}, 2]})) == [("a", [{"b": 1}, 2]), ("a.b", 1), ("a", 2)]
    assert not _is_part({"a": 1, "b": 2}, {"a": 1})
    assert not _is_part([1, 2], [2, 1])


@settings(max_examples=600, deadline=None)
@given(EVENTS, st.none() | st.lists(PATTERNS, max_size=4), st.lists(PATTERNS, min_size=1, max_size=4))
def test_a_policy_never_allows_more(event: dict[str, Any], granted: list[str] | None, denied: list[str]) -> None:
    fields = None if granted is None else tuple(granted)
    rules = tuple((path, "why") for path in denied)
    before = value(RANDOM, "return event", event, grants=Grants(fields))
    after = value(RANDOM, "return event", event, grants=Grants(fields, rules))
    assert _is_part(after, before)
    for path, member in _members(after):
        assert not [denial for denial in denied if _takes(denial, path, member)]


@settings(max_examples=200, deadline=None)
@given(EVENTS, st.lists(PATTERNS, max_size=4))
def test_what_a_denial_does_not_name_stays(event: dict[str, Any], granted: list[str]) -> None:
    grants = Grants(tuple(granted))
    before = value(RANDOM, "return event", event, grants=grants)
    after = value(RANDOM, "return event", event, grants=Grants(tuple(granted), (("other.name", "why"),)))
    assert after == before


def _takes(denial: str, path: str, member: Any) -> bool:
    """Whether a member that is there should not be. An empty table may be what is left of another."""
    if denial.endswith("*"):
        beneath = denial.endswith(".*") and path == denial[:-2] and not isinstance(member, dict | list)
        return path.startswith(denial[:-1]) or beneath
    return path == denial or path.startswith(f"{denial}.")


def _members(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yields every member with its path; the elements of a list have the list's own."""
    if isinstance(value, list):
        for element in value:
            if not isinstance(element, dict | list):
                yield path, element
            yield from _members(element, path)
    elif isinstance(value, dict):
        for name, member in value.items():
            here = f"{path}.{name}" if path else name
            yield here, member
            yield from _members(member, here)


def _is_part(part: Any, whole: Any) -> bool:
    """Whether `part` is `whole` with members and elements left out; an empty table is part of every table."""
    if part == {}:
        return isinstance(whole, dict | list)
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(n in whole and _is_part(m, whole[n]) for n, m in part.items())
    if isinstance(part, list):
        rest = iter(whole if isinstance(whole, list) else [])
        return all(any(_is_part(element, other) for other in rest) for element in part)
    return type(part) is type(whole) and part == whole
