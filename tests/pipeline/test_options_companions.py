"""Setup and teardown tags: who is called, what still holds for whoever is called, who is held back."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.lua.sandbox import Sandbox
from runtime.model.refusal import Refusal
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace
from tests.support.programs import hit, snapshot, template

NEVER = {"never": {"all": [{"field": "absent", "is": "exists"}]}}
LOGGING = """
local function map(event, settings)
  log.info(settings.text or "mapped")
  if settings.text == "fails" then error("no luck") end
  if settings.text == "declines" then return nil, "no thanks" end
  return { name = event.event_name }
end
return { map = map, request = function() end }
"""
_TEXT = {"id": "text", "type": "text", "label": "Text", "help": "Text"}
LOGGER = template("destination", "logger", LOGGING, fields=[_TEXT])
EVENT = {"event_name": "x", "event_id": "e1"}


def called(text: str = "", **more: Any) -> dict[str, Any]:
    """Returns a tag that no trigger of its own makes fire."""
    return {"template": "logger", "settings": {"text": text} if text else {}, "triggers": [], **more}


def calling(**more: Any) -> dict[str, Any]:
    """Returns a tag that everything triggers."""
    return called(**{"triggers": ["everything"], **more})


def to(id: str, *, stop: bool = False) -> dict[str, Any]:
    return {"tag": id, "stop_on_failure": stop}


def build(tags: dict[str, Any], *more: Any, sandbox: Any = Sandbox) -> Program:
    return Program.build(snapshot({"tags": tags, "triggers": NEVER}, LOGGER, *more), sandbox)


def states(tags: dict[str, Any], event: Any = None, **more: Any) -> dict[str, str]:
    """Returns the tags' states, with the reason where there is one."""
    (only,) = run(hit(event or EVENT, **more), build(tags)).events
    return {each.tag: f"{each.state} {each.reason}".strip() for each in only.tags}


def order(tags: dict[str, Any]) -> list[str]:
    """Returns the tags in the order in which they map."""
    return [line.split()[1][:-1] for line in run(hit(EVENT), build(tags)).logs if "info" in line]


@pytest.mark.parametrize("role", ["setup", "teardown"])
def test_a_companion_fires_whenever_its_tag_does(role: str) -> None:
    names: dict[str, Any] = {role: to("b")}
    tags = {"a": calling(**names), "b": called(triggers=["never"])}
    assert states(tags) == {"a": "fired", "b": "fired"}
    assert states(tags | {"a": called(**names)}) == {"a": "not_triggered", "b": "not_triggered"}


OWN = [
    ({"exceptions": ["everything"]}, "blocked everything"),
    ({"consent": ["ad_storage"]}, "denied ad_storage"),
    ({"paused": True}, "paused"),
    ({"live_only": True}, "not_live staging"),
    ({"schedule": {"to": "2020-01-01T00:00:00Z"}}, "unscheduled ended 2020-01-01T00:00:00Z"),
    ({"sample": 0.0001}, "sampled_out sample 0.0001"),
    ({"text": "declines"}, "dropped no thanks"),
]


@pytest.mark.parametrize("role", ["setup", "teardown"])
@pytest.mark.parametrize(("own", "expected"), OWN)
def test_what_holds_for_a_companion_itself(own: dict[str, Any], expected: str, role: str) -> None:
    names: dict[str, Any] = {role: to("b")}
    tags = {"a": calling(**names), "b": called(**own)}
    event = EVENT | {"consent_state": {"ad_storage": False}}
    assert states(tags, event, environment="staging") == {"a": "fired", "b": expected}


@pytest.mark.parametrize(("own", "expected"), OWN)
def test_a_tag_is_held_where_its_setup_does_not_fire(own: dict[str, Any], expected: str) -> None:
    tags = {"a": calling(setup=to("b", stop=True)), "b": called(**own)}
    event = EVENT | {"consent_state": {"ad_storage": False}}
    found = states(tags, event, environment="staging")
    assert found == {"a": f"held setup b: {expected.split()[0]}", "b": expected}


def test_a_tag_is_held_where_its_setup_fails() -> None:
    found = states({"a": calling(setup=to("b", stop=True)), "b": called("fails")})
    assert found["a"] == "held setup b: failed"
    assert found["b"].startswith("failed error: ")


def test_a_teardown_is_held_where_its_tag_does_not_fire() -> None:
    tags = {"a": calling(text="declines", teardown=to("b", stop=True)), "b": called()}
    assert states(tags) == {"a": "dropped no thanks", "b": "held tag a: dropped"}
    tags["a"] = calling(text="declines", teardown=to("b"))
    assert states(tags) == {"a": "dropped no thanks", "b": "fired"}
    tags["a"] = called(teardown=to("b", stop=True))
    assert states(tags) == {"a": "not_triggered", "b": "not_triggered"}


def test_one_reason_to_fire_is_enough_for_a_teardown() -> None:
    tags = {
        "a": calling(text="declines", teardown=to("z", stop=True)),
        "b": calling(teardown=to("z", stop=True)),
        "z": called(),
    }
    assert states(tags)["z"] == "fired"
    tags["b"] = calling(text="declines", teardown=to("z", stop=True))
    assert states(tags)["z"] == "held tag a: dropped, tag b: dropped"
    assert states(tags | {"z": calling()})["z"] == "fired"
    assert states(tags | {"c": calling(setup=to("z"))})["z"] == "fired"
    assert states(tags | {"c": calling(text="declines", teardown=to("z"))})["z"] == "fired"


def test_never_more_than_one_item() -> None:
    tags = {
        "a": calling(setup=to("z"), teardown=to("z")),
        "b": calling(setup=to("z")),
        "z": calling(),
    }
    assert order(tags) == ["z", "a", "b"]
    (event,) = run(hit(EVENT), build(tags)).events
    assert [(each.tag, each.state) for each in event.tags] == [("a", "fired"), ("b", "fired"), ("z", "fired")]


def test_order_is_priority_then_setup_before_and_teardown_after() -> None:
    tags = {
        "late": calling(priority=-5),
        "main": calling(priority=1, setup=to("before"), teardown=to("after")),
        "first": calling(priority=9),
        "after": called(priority=8),
        "before": called(priority=-9),
        "plain": calling(),
    }
    assert order(tags) == ["first", "before", "main", "after", "plain", "late"]


def test_chains() -> None:
    tags: dict[str, Any] = {f"t{n}": called(setup=to(f"t{n + 1}", stop=True)) for n in range(60)}
    tags |= {"t0": calling(setup=to("t1", stop=True)), "t60": called()}
    assert set(states(tags).values()) == {"fired"}
    assert order(tags) == [f"t{n}" for n in range(60, -1, -1)]
    tags["t60"] = called("declines")
    found = states(tags)
    assert found["t59"] == "held setup t60: dropped"
    assert found["t0"] == "held setup t1: held"


def test_a_chain_longer_than_pythons_stack() -> None:
    tags: dict[str, Any] = {f"t{n}": called(teardown=to(f"t{n + 1}", stop=True)) for n in range(1500)}
    tags |= {"t0": calling(teardown=to("t1", stop=True)), "t1500": called()}
    assert set(states(tags).values()) == {"fired"}


def test_before_and_after_the_same_tag() -> None:
    """c is to come before x, x before p, and c after p: where x is due, being its setup counts."""
    tags = {
        "p": calling(setup=to("x", stop=True), teardown=to("c", stop=True)),
        "x": called(setup=to("c", stop=True)),
        "c": called(),
    }
    assert order(tags) == ["c", "x", "p"]
    tags["x"] = called(setup=to("c", stop=True), exceptions=["everything"])
    assert states(tags) == {"p": "held setup x: blocked", "x": "blocked everything", "c": "held tag p: held"}


@pytest.mark.parametrize(
    "tags",
    [
        {"a": calling(setup=to("a", stop=True))},
        {"a": calling(setup=to("b", stop=True)), "b": called(setup=to("a", stop=True))},
        {"a": calling(setup=to("b")), "b": called(teardown=to("c")), "c": called(teardown=to("a", stop=True))},
        {"a": calling(setup=to("gone", stop=True))},
    ],
)
def test_a_circle_or_a_missing_tag_that_nobody_refused_holds_nothing_up(tags: dict[str, Any]) -> None:
    assert states(tags)["a"] == "fired"
    assert states(tags) == states(tags)


THREE = {"events": [{"event_name": name} for name in ("one", "two", "three")]}


def test_a_setup_that_fires_once_a_hit_has_then_done_its_part() -> None:
    tags = {"a": calling(setup=to("b", stop=True)), "b": called(firing_limit="once_per_hit")}
    found = [[each.state for each in event.tags] for event in run(hit(THREE), build(tags)).events]
    assert found == [["fired", "fired"], ["fired", "limited"], ["fired", "limited"]]
    tags["b"] = called("fails", firing_limit="once_per_hit")
    found = [[each.state for each in event.tags] for event in run(hit(THREE), build(tags)).events]
    assert found == [["held", "failed"], ["held", "limited"], ["held", "limited"]]


def test_trace_names_the_callers_and_the_companion() -> None:
    trace = Trace()
    tags = {"a": calling(setup=to("b", stop=True)), "b": called("declines"), "c": called(setup=to("b"))}
    run(hit(EVENT), build(tags), trace=trace)
    (event,) = trace.as_dict()["events"]
    shown = {each["tag"]: each for each in event["tags"]}
    assert shown["b"]["companion_of"] == ["a"]
    assert (shown["a"]["state"], shown["a"]["reason"]) == ("held", "setup b: dropped")
    assert "companion_of" not in shown["a"]
    trace = Trace()
    run(hit(EVENT), build(tags), only=frozenset("a"), trace=trace)
    (event,) = trace.as_dict()["events"]
    assert [each["tag"] for each in event["tags"]] == ["a"]


ASKS = {"asks": {"all": [{"variable": "v", "is": "exists"}]}}
CONSTANT = template("variable", "v", "return { resolve = function() return 1 end }")


def put_away(tags: dict[str, Any], key: str) -> dict[str, str]:
    """Returns the tags' states while one template's script is quarantined."""
    given = {"tags": tags, "triggers": NEVER | ASKS, "variables": {"v": {"template": "v"}}}
    away: dict[str, Refusal] = {}
    other = template("destination", "other", LOGGING, fields=[_TEXT])
    built = Program.build(snapshot(given, LOGGER, other, CONSTANT), lambda **more: Sandbox(quarantined=away, **more))
    (event,) = run(hit(EVENT), built).events
    assert not [each for each in event.tags if each.state == "failed"]
    code = built.variables["v"].code if key == "v" else built.tags[key].code
    assert code._script is not None
    away[code._script.id] = Refusal("it hung", batches_only=False)
    (event,) = run(hit(EVENT), built).events
    return {each.tag: f"{each.state} {each.reason}".strip() for each in event.tags}


def test_what_a_script_that_is_put_away_would_have_decided_is_a_failure_and_no_silence() -> None:
    """At an earlier run the script may have worked, and the other tag's item may not have left yet."""
    tags = {"a": calling(setup=to("b", stop=True)), "b": called(template="other")}
    assert put_away(tags, "b")["a"].startswith("failed quarantined: setup b")
    tags = {"a": calling(template="other", teardown=to("b", stop=True)), "b": called()}
    assert put_away(tags, "a")["b"].startswith("failed quarantined: tag a")
    tags = {"a": calling(triggers=["asks"], setup=to("b")), "b": called(setup=to("c")), "c": called()}
    found = put_away(tags, "v")
    assert {each.split(":")[0] for each in found.values()} == {"failed quarantined"}
    tags["c"] = calling()
    assert put_away(tags, "v")["c"] == "fired"
