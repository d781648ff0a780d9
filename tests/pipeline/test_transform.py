"""Transformations: in order, for their tags, and without one tag seeing what another's transformation did."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from runtime.lua.identity import script_id
from runtime.lua.sandbox import Sandbox
from runtime.model.event import TagRun
from runtime.model.refusal import Refusal
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace
from tests.support.programs import hit, program, snapshot, tag, template

APPEND = template(
    "transformation",
    "append",
    """return { apply = function(event, settings)
      event.log = (event.log or "") .. settings.text
      event.user_data.seen = true
      return event
    end }""",
    fields=[{"id": "text", "type": "text", "label": "l", "help": "h"}],
)
EVENT = {"event_name": "x", "event_id": "e", "user_data": {"email_address": "a@b.example"}}


def mapped(container: dict[str, Any], *templates: Any, event: dict[str, Any] = EVENT) -> dict[str, dict[str, Any]]:
    """Returns by tag the event that its `map` saw."""
    (only,) = run(hit(event), program(container, APPEND, *templates)).events
    return {each.tag: orjson.loads(each.item)["event"] for each in only.tags}


def step(text: str, order: int = 0, tags: list[str] | None = None) -> dict[str, Any]:
    return {"template": "append", "settings": {"text": text}, "order": order, "tags": tags or []}


def test_order_and_tags() -> None:
    steps = {"c": step("c", 2), "a": step("a", 1), "b": step("b", 1, ["one"])}
    seen = mapped({"tags": {"one": tag(), "two": tag()}, "transformations": steps})
    assert {id: event["log"] for id, event in seen.items()} == {"one": "abc", "two": "ac"}


def test_a_tag_without_transformations_sees_the_event_as_it_was() -> None:
    tags = {"before": tag(priority=3), "changed": tag(priority=2), "after": tag(priority=1)}
    seen = mapped({"tags": tags, "transformations": {"a": step("a", tags=["changed"])}})
    assert list(seen) == ["before", "changed", "after"]
    assert seen["before"] == seen["after"]
    assert "log" not in seen["before"]
    assert "seen" not in seen["before"]["user_data"]
    assert seen["changed"]["user_data"]["seen"] is True


def test_a_tag_cannot_change_what_another_sees() -> None:
    vandal = template("destination", "vandal", """return { map = function(event)
      event.user_data.email_address = "changed"
      event.event_name = nil
      return { event = event }
    end }""")  # fmt: skip
    tags = {"bad": {"template": "vandal", "triggers": ["everything"], "priority": 9}, "good": tag(), "last": tag()}
    container = {"tags": tags, "transformations": {"a": step("a", tags=["bad", "last"])}}
    seen = mapped(container, vandal)
    assert seen["good"]["user_data"] == {"email_address": "a@b.example"}
    assert seen["last"]["user_data"] == {"email_address": "a@b.example", "seen": True}
    assert seen["last"]["event_name"] == "x"


def test_tags_of_one_chain_share_its_work() -> None:
    logging = template("transformation", "logging", 'return { apply = function(e) log.info("ran") return e end }')
    tags = {name: tag() for name in ("a", "b", "c")}
    outcome = run(hit(EVENT), program({"tags": tags, "transformations": {"t": {"template": "logging"}}}, logging))
    assert outcome.logs == ("transformation t: info: ran",)


def test_name_and_id_of_an_event_stay() -> None:
    only = template("transformation", "only", "return { apply = function(event) return { value = 1 } end }")
    seen = mapped({"tags": {"a": tag()}, "transformations": {"t": {"template": "only"}}}, only)
    assert seen["a"] == {"value": 1, "event_name": "x", "event_id": "e"}


def test_nothing_is_sent_where_a_transformation_fails() -> None:
    failing = template("transformation", "failing", 'return { apply = function() error("no luck") end }')
    nothing = template("transformation", "nothing", "return { apply = function() return nil end }")
    steps = {
        "f": {"template": "failing", "tags": ["a", "b"]},
        "g": {"template": "append", "settings": {"text": "g"}, "tags": ["b"], "order": 1},
        "n": {"template": "nothing", "tags": ["n"]},
    }
    trace = Trace()
    tags = {"a": tag(), "b": tag(), "n": tag(), "ok": tag()}
    outcome = run(hit(EVENT), program({"tags": tags, "transformations": steps}, failing, nothing, APPEND), trace=trace)
    runs: dict[str, TagRun] = {each.tag: each for each in outcome.events[0].tags}
    assert {id: each.state for id, each in runs.items()} == {"a": "failed", "b": "failed", "n": "failed", "ok": "fired"}
    assert runs["a"].reason == runs["b"].reason
    assert runs["a"].reason.startswith("transformation f: error:")
    assert runs["n"].reason.startswith("transformation n: result:")
    assert [each["transformation"] for each in trace.as_dict()["events"][0]["transformations"]] == ["f", "n"]


def test_triggers_and_variables_see_the_event_as_it_was() -> None:
    rename = template(
        "transformation", "rename", 'return { apply = function(e) e.event_name = "changed" return e end }'
    )
    name = template("variable", "name", "return { resolve = function(event) return event.event_name end }")
    container = {
        "tags": {"a": tag(triggers=["was"], settings={"text": "{{name}}"})},
        "triggers": {"was": {"all": [{"field": "event_name", "is": "equals", "value": "x"}]}},
        "variables": {"name": {"template": "name"}},
        "transformations": {"t": {"template": "rename"}},
    }
    (only,) = run(hit(EVENT), program(container, rename, name)).events
    item = orjson.loads(only.tags[0].item)
    assert (item["name"], item["settings"]["text"]) == ("changed", "x")


def conditional(text: str, **conditions: Any) -> dict[str, Any]:
    return {"template": "append", "settings": {"text": text}, **conditions}


def equals(field: str, value: Any) -> dict[str, Any]:
    return {"all": [{"field": field, "is": "equals", "value": value}]}


TRIGGERS = {"small": equals("size", "s"), "large": equals("size", "l"), "test": equals("test", True)}


@pytest.mark.parametrize(
    ("event", "log"),
    [
        ({"size": "s"}, "adef"),
        ({"size": "l"}, "abdef"),
        ({"size": "m"}, "ade"),
        ({"size": "l", "test": True}, "ae"),
        ({}, "ade"),
    ],
)
def test_triggers_and_exceptions_decide_for_each_event(event: dict[str, Any], log: str) -> None:
    steps = {
        "a": conditional("a"),
        "b": conditional("b", triggers=["large"], exceptions=["test"]),
        "c": conditional("c", triggers=["test"], exceptions=["test"]),
        "d": conditional("d", exceptions=["test"]),
        "e": conditional("e", tags=["one"]),
        "f": conditional("f", triggers=["small", "large"], exceptions=["test"]),
    }
    container = {"tags": {"one": tag(), "two": tag()}, "transformations": steps, "triggers": TRIGGERS}
    seen = mapped(container, event=EVENT | event)
    assert seen["one"]["log"] == log
    assert seen["two"]["log"] == log.replace("e", "")


def test_chains_that_are_the_same_for_an_event_share_one_view() -> None:
    logging = template("transformation", "logging", 'return { apply = function(e) log.info("ran") return e end }')
    steps = {
        "off": conditional("x", tags=["a"], triggers=["large"]),
        "on": {"template": "logging", "order": 1},
        "late": conditional("y", tags=["b"], triggers=["large"], order=2),
    }
    tags = {name: tag() for name in ("a", "b", "c")}
    built = program({"tags": tags, "transformations": steps, "triggers": TRIGGERS}, APPEND, logging)
    ran = "transformation on: info: ran"
    assert run(hit(EVENT), built).logs == (ran,)
    outcome = run(hit(EVENT | {"size": "l"}), built)
    assert outcome.logs == (ran, ran)
    logs = [orjson.loads(each.item)["event"].get("log") for each in outcome.events[0].tags]
    assert logs == ["x", "y", None]


def test_conditions_are_about_the_event_as_it_was() -> None:
    rename = template("transformation", "rename", 'return { apply = function(e) e.size = "l" return e end }')
    steps = {"first": {"template": "rename"}, "second": conditional("b", triggers=["large"], order=1)}
    seen = mapped({"tags": {"a": tag()}, "transformations": steps, "triggers": TRIGGERS}, rename)
    assert "log" not in seen["a"]


def test_the_trace_tells_what_was_left_out_and_what_a_tag_saw() -> None:
    steps = {
        "a": conditional("a", triggers=["large"]),
        "b": conditional("b", exceptions=["small"]),
        "c": conditional("c", triggers=["small"]),
    }
    trace = Trace()
    container = {"tags": {"one": tag(), "two": tag()}, "transformations": steps, "triggers": TRIGGERS}
    run(hit(EVENT | {"size": "s"}), program(container, APPEND), trace=trace)
    shown = trace.as_dict()["events"][0]
    assert [(each["transformation"], each.get("left_out", "")) for each in shown["transformations"]] == [
        ("a", "not_triggered"), ("b", "blocked: small"), ("c", ""),
    ]  # fmt: skip
    assert [each["transformations"] for each in shown["tags"]] == [["c"], ["c"]]
    assert shown["triggers"].keys() == {"everything", "small", "large"}


def test_a_condition_that_cannot_be_decided_stops_the_tags_that_are_behind_it() -> None:
    variable = template("variable", "v", "return { resolve = function() return 1 end }")
    container = {
        "tags": {"a": tag(), "b": tag()},
        "variables": {"v": {"template": "v"}},
        "triggers": {"asks": {"all": [{"variable": "v", "is": "exists"}]}},
        "transformations": {"t": conditional("t", tags=["a"], triggers=["asks"])},
    }
    given = snapshot(container, APPEND, variable)
    sick = script_id("variable/v", "v", (), {})
    built = Program.build(given, lambda **more: Sandbox(quarantined={sick: Refusal("it hung", False)}, **more))
    (event,) = run(hit(EVENT), built).events
    assert [each.state for each in event.tags] == ["failed", "fired"]
    assert event.tags[0].reason.startswith("transformation t: quarantined:")


def test_variables_and_transformations_are_told_the_consent_in_force() -> None:
    variable = template("variable", "v", "return { resolve = function(_, _, consent) return consent.ad_storage end }")
    source = """return { apply = function(event, _, consent)
      if not consent.ad_user_data then event.user_data = nil end
      return event
    end }"""
    change = template("transformation", "t", source)
    container = {
        "tags": {"a": tag(settings={"text": "{{v}}"})},
        "variables": {"v": {"template": "v"}},
        "transformations": {"t": {"template": "t"}},
    }
    built = program(container, variable, change)
    for said, expected in (({}, (True, True)), ({"ad_storage": False, "ad_user_data": False}, (False, False))):
        (event,) = run(hit(EVENT | {"consent_state": said}), built).events
        item = orjson.loads(event.tags[0].item)
        assert (item["settings"]["text"], "user_data" in item["event"]) == expected
