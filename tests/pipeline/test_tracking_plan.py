"""The tracking plan: what passes, what is annotated, what no tag sees."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from runtime.errors import ContainerInvalid
from runtime.model.event import Outcome
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace
from tests.support.programs import hit, program, tag

VALUE = {"required": ["value"], "properties": {"value": {"type": "number"}}}


def _plan(on_violation: str, **more: Any) -> dict[str, Any]:
    schemas = {"orders": {"events": ["purchase"], "schema": VALUE, "on_violation": on_violation}, **more}
    return {"tags": {"a": tag()}, "schemas": schemas}


def _run(container: dict[str, Any], *events: dict[str, Any], trace: Trace | None = None) -> Outcome:
    return run(hit({"events": list(events)}), program(container), trace=trace)


def _seen(outcome: Outcome) -> list[dict[str, Any]]:
    """Returns the events as the tag saw them."""
    return [orjson.loads(each.tags[0].item)["event"] for each in outcome.events]


def test_pass_counts_only() -> None:
    outcome = _run(_plan("pass"), {"event_name": "purchase", "value": "5"})
    assert outcome.events[0].violations == ("orders value",)
    assert "x-schema-violations" not in _seen(outcome)[0]
    assert outcome.dead == ()


def test_annotate_tells_the_tags() -> None:
    outcome = _run(_plan("annotate"), {"event_name": "purchase", "value": "5"}, {"event_name": "purchase", "value": 5})
    first, second = _seen(outcome)
    assert first["x-schema-violations"] == ["value: type number"]
    assert "x-schema-violations" not in second
    assert [each.violations for each in outcome.events] == [("orders value",), ()]


def test_dead_letter_keeps_one_event_from_all_tags() -> None:
    outcome = _run(_plan("dead_letter"), {"event_name": "purchase"}, {"event_name": "purchase", "value": 5})
    assert [each.position for each in outcome.events] == [1]
    (dead,) = outcome.dead
    assert (dead.reason, dead.message, dead.position) == ("schema", "value: required", 0)
    assert dead.violations == ("orders value",)


def test_a_lagging_tag_sees_the_same() -> None:
    built = program(_plan("dead_letter"))
    logged = hit({"events": [{"event_name": "purchase"}, {"event_name": "purchase", "value": 5}]})
    assert run(logged, built, only=frozenset({"a"})) == run(logged, built)


def test_only_events_of_those_names() -> None:
    outcome = _run(_plan("dead_letter"), {"event_name": "page_view"})
    assert outcome.events[0].violations == ()


def test_a_schema_without_names_is_for_every_event() -> None:
    every = {"schema": {"required": ["page_title"]}, "on_violation": "annotate"}
    outcome = _run(_plan("pass", every=every), {"event_name": "page_view"}, {"event_name": "purchase"})
    assert [each.violations for each in outcome.events] == [("every page_title",), ("orders value", "every page_title")]


def test_labels_have_no_more_than_one_blank() -> None:
    odd = {"schema": {"required": ["page title"]}, "on_violation": "pass"}
    outcome = _run({"tags": {"a": tag()}, "schemas": {"odd": odd}}, {"event_name": "x"})
    assert outcome.events[0].violations == ("odd page_title",)


def test_what_the_hit_fills_in_counts() -> None:
    plan = {"events": ["x"], "schema": {"required": ["event_id", "event_time"]}, "on_violation": "dead_letter"}
    assert _run({"tags": {"a": tag()}, "schemas": {"ids": plan}}, {"event_name": "x"}).dead == ()


def test_the_trace_names_schema_field_and_rule() -> None:
    trace = Trace()
    _run(_plan("annotate"), {"event_name": "purchase", "value": "secret"}, trace=trace)
    (event,) = trace.as_dict()["events"]
    assert event["violations"] == [
        {
            "schema": "orders",
            "on_violation": "annotate",
            "violations": [{"field": "value", "rule": "type number"}],
        }
    ]


def test_what_is_no_schema_is_no_version() -> None:
    with pytest.raises(ContainerInvalid) as refusal:
        program({"schemas": {"bad": {"schema": {"type": "objekt"}}}})
    assert [problem.path for problem in refusal.value.problems] == ["schemas.bad.schema"]
