"""The last stage: items, keys, ages, and why a tag made none."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.model.event import TagRun
from runtime.pipeline.run import run
from tests.support.programs import hit, program, tag, template


def mapped(
    source: str, settings: dict[str, Any] | None = None, event: dict[str, Any] | None = None, **manifest: Any
) -> TagRun:
    """Returns what a tag with that `map` did."""
    destination = template("destination", "d", f"return {{ map = function(event, settings) {source} end }}", **manifest)
    container = {"tags": {"a": {"template": "d", "triggers": ["everything"], "settings": settings or {}}}}
    (only,) = run(hit({"event_name": "x", **(event or {})}), program(container, destination)).events
    (result,) = only.tags
    return result


def test_item_has_sorted_keys() -> None:
    assert (
        mapped("return { b = 1, a = { d = true, c = 1.5 }, z = 'ü' }").item
        == '{"a":{"c":1.5,"d":true},"b":1,"z":"ü"}'.encode()
    )


@pytest.mark.parametrize(
    ("source", "state", "reason"),
    [
        ('return nil, "no email"', "dropped", "no email"),
        ("return nil", "dropped", "no reason given"),
        ('error("boom")', "failed", "error: "),
        ("while true do end", "failed", "cpu: "),
        ("return 5", "failed", "result: "),
        ('return { a = 1 }, "key"', "failed", "result: "),
        ("return { a = 1 }, { key = true }", "failed", "result: "),
        ('return { a = 1 }, { key = "a\\r\\nb" }', "failed", "result: "),
        ('return { a = 1 }, { key = "\\0secret:TOKEN\\0" }', "failed", "result: "),
        ("return { a = 1, [1] = 2 }", "failed", "result: "),
        ("return { a = 0/0 }", "failed", "result: "),
    ],
)
def test_no_item(source: str, state: str, reason: str) -> None:
    result = mapped(source)
    assert (result.state, result.item, result.key) == (state, b"", "")
    assert result.reason.startswith(reason)


@pytest.mark.parametrize(
    ("options", "key"),
    [("", ""), (", {}", ""), (', { key = "eu" }', "eu"), (", { key = 5 }", "5"), (", { other = 1 }", "")],
)
def test_batch_key(options: str, key: str) -> None:
    assert mapped(f"return {{ a = 1 }}{options}").key == key


def test_one_failing_tag_leaves_the_others() -> None:
    bad = template("destination", "bad", 'return { map = function() error("boom") end }')
    unread = template("destination", "unread", "return {")
    tags = {"bad": {"template": "bad", "triggers": ["everything"]}, "good": tag()}
    tags["unread"] = {"template": "unread", "triggers": ["everything"]}
    (only,) = run(hit({"event_name": "x"}), program({"tags": tags}, bad, unread)).events
    assert [each.state for each in only.tags] == ["failed", "fired", "failed"]


AGE = {"time": "data.time", "limit_days": {"setting": "days"}, "by": {"field": "source", "limits_days": {"store": 62}}}
DAYS = [{"id": "days", "type": "number", "label": "l", "help": "h", "default": 7}]


@pytest.mark.parametrize(
    ("item", "settings", "expires_s"),
    [
        ("{ data = { time = 1000 } }", {}, 1000 + 7 * 86400),
        ("{ data = { time = 1000 } }", {"days": 1}, 1000 + 86400),
        ('{ data = { time = "1000" }, source = "store" }', {}, 1000 + 62 * 86400),
        ('{ data = { time = 1000 }, source = "web" }', {}, 1000 + 7 * 86400),
        ("{ data = {} }", {}, 0),
        ("{ data = { time = true } }", {}, 0),
    ],
)
def test_age(item: str, settings: dict[str, Any], expires_s: int) -> None:
    spec = {"consent": [], "age": AGE}
    assert mapped(f"return {item}", settings, destination=spec, fields=DAYS).expires_s == expires_s


def test_priority_order() -> None:
    tags = {"low": tag(priority=-1), "b": tag(), "a": tag(), "high": tag(priority=5)}
    (only,) = run(hit({"event_name": "x"}), program({"tags": tags})).events
    assert [each.tag for each in only.tags] == ["high", "b", "a", "low"]


def test_only_the_named_tags_and_even_if_paused() -> None:
    built = program({"tags": {"a": tag(), "paused": tag(paused=True), "c": tag()}})
    (only,) = run(hit({"event_name": "x"}), built).events
    assert [(each.tag, each.state) for each in only.tags] == [("a", "fired"), ("paused", "paused"), ("c", "fired")]
    (only,) = run(hit({"event_name": "x"}), built, only=frozenset({"paused", "c", "gone"})).events
    assert [(each.tag, each.state) for each in only.tags] == [("paused", "fired"), ("c", "fired")]


def test_time_is_the_arrival_and_chance_follows_from_the_place() -> None:
    source = "return { now = time.now_ms(), one = random.uuid(), two = random.uuid() }"
    destination = template("destination", "d", f"return {{ map = function() {source} end }}")
    tags = {name: {"template": "d", "triggers": ["everything"]} for name in ("a", "b")}
    built = program({"tags": tags}, destination)
    first = [each.item for each in run(hit({"event_name": "x"}), built).events[0].tags]
    again = [each.item for each in run(hit({"event_name": "x"}), built).events[0].tags]
    other = [each.item for each in run(hit({"event_name": "x"}, seq=8), built).events[0].tags]
    assert first == again
    assert b"1790000000123" in first[0]
    assert len({*first, *other}) == 4
