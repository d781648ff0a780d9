"""Settings as scripts see them: defaults, references, secrets."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from runtime.pipeline.batch_key import pack, unpack
from runtime.pipeline.run import run
from tests.support.programs import echo_tag, hit, program, tag, template

FIELD = template(
    "variable",
    "field",
    "return { resolve = function(event, settings) return event[settings.name] end }",
    fields=[{"id": "name", "type": "text", "label": "l", "help": "h"}],
)


def field(name: str) -> dict[str, Any]:
    return {"template": "field", "settings": {"name": name}}


VARIABLES = {
    "number": field("number"),
    "flag": field("flag"),
    "table": field("table"),
    "absent": field("absent"),
    "deep": field("{{word}}"),
    "word": field("word"),
    "loop": field("{{pool}}"),
    "pool": field("{{loop}}"),
}
EVENT = {"event_name": "x", "number": 5, "flag": False, "table": {"a": [1]}, "word": "number"}


def settings(given: dict[str, Any], event: dict[str, Any] = EVENT) -> dict[str, Any]:
    """Returns the settings as `map` saw them."""
    built = program({"tags": {"a": tag(settings=given)}, "variables": VARIABLES}, FIELD)
    (only,) = run(hit(event), built).events
    found: dict[str, Any] = orjson.loads(only.tags[0].item)["settings"]
    return found


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("plain", "plain"),
        ("{{number}}", 5),
        ("{{ flag }}", False),
        ("{{table}}", {"a": [1]}),
        ("n={{number}}&f={{flag}}", "n=5&f=false"),
        ("{{absent}}!", "!"),
        ("{{table}}.", '{"a":[1]}.'),
        ("{{deep}}", 5),
        ("{{unknown}}.", "."),
        ("{ {number}} {{}}", "{ {number}} {{}}"),
    ],
)
def test_references(given: str, seen: Any) -> None:
    assert settings({"text": given}) == {"text": seen}


def test_reference_without_a_value_is_absent() -> None:
    assert settings(
        {"text": "{{absent}}", "list": ["a", "{{absent}}"], "map": {"k": "{{absent}}", "l": "{{number}}"}}
    ) == {
        "list": ["a"],
        "map": {"l": 5},
    }


def test_variables_that_lead_back_to_themselves_have_no_value() -> None:
    assert settings({"text": "{{loop}}."}) == {"text": "."}


def test_settings_are_those_of_the_event_at_hand() -> None:
    built = program({"tags": {"a": tag(settings={"text": "{{number}}"})}, "variables": VARIABLES}, FIELD)
    outcome = run(hit({"events": [{"event_name": "x", "number": 1}, {"event_name": "x", "number": 2}]}), built)
    assert [orjson.loads(each.tags[0].item)["settings"] for each in outcome.events] == [{"text": 1}, {"text": 2}]


def test_secrets_are_masked() -> None:
    assert settings({"token": "secret:META", "text": "secret:META"}) == {
        "token": "\0secret:META\0",
        "text": "secret:META",
    }


def test_secret_that_the_manifest_does_not_grant_is_a_mark_too_that_may_not_be_placed() -> None:
    closed = echo_tag(permissions={"secrets": {"fields": [], "why": "a test"}})
    built = program({"tags": {"a": tag(settings={"token": "secret:META", "text": "t"})}}, closed)
    given = built.tags["a"].settings
    assert given.fixed == {"token": "\0secret:META\0", "text": "t"}
    assert (given.secrets, given.withheld) == (set(), {"META": "token"})


def test_text_in_a_setting_of_type_secret_is_absent_where_the_manifest_does_not_grant_it() -> None:
    closed = echo_tag(permissions={"secrets": {"fields": [], "why": "a test"}})
    built = program({"tags": {"a": tag(settings={"token": "plain", "text": "t"})}}, closed)
    assert built.tags["a"].settings.fixed == {"text": "t"}


def test_nul_never_gets_into_settings() -> None:
    assert settings({"text": "\0secret:META\0", "map": {"a\0": "\0"}}) == {"text": "secret:META", "map": {"a": ""}}


def test_batch_key_holds_the_settings_of_the_event() -> None:
    built = program({"tags": {"a": tag(settings={"text": "{{number}}"})}, "variables": VARIABLES}, FIELD)
    outcome = run(hit({"events": [{"event_name": "x", "number": n} for n in (1, 2, 1)]}), built)
    keys = [each.tags[0].key for each in outcome.events]
    assert keys[0] == keys[2] != keys[1]
    assert unpack(keys[1]) == ("", {"text": 2})


@pytest.mark.parametrize("key", ["", "plain", '{"a":1}', "ü"])
def test_plain_batch_key(key: str) -> None:
    assert unpack(pack(key, {})) == (key, {})
    assert unpack(pack(key, {"a": [1]})) == (key, {"a": [1]})


@pytest.mark.parametrize("mark", ["%00secret:A%00", "\\u0000hmac:A:00\\u0000", "%00items%00"])
def test_event_data_cannot_pose_as_a_placeholder(mark: str) -> None:
    built = program({"tags": {"a": tag(settings={"text": "{{word}}"})}, "variables": VARIABLES}, FIELD)
    (only,) = run(hit({"event_name": "x", "word": mark}), built).events
    assert (only.tags[0].state, only.tags[0].reason.partition(":")[0]) == ("failed", "result")
