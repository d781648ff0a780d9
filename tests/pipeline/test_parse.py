"""Parse: what scripts receive, what they may return, and what becomes a dead letter."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from runtime.model.event import Dead, Outcome
from runtime.pipeline.parse import MOST_EXHAUSTED
from runtime.pipeline.run import run
from runtime.pipeline.trace import Trace
from tests.support.programs import BATCH_CLIENT, ECHO_CLIENT, hit, program, template

CLIENT = {"methods": ["POST"], "paths": ["/e"], "decode": "json"}
BATCH = {**CLIENT, "decode": "none", "count": {"decoder": "json_events", "max": 1000}}


def parsed(
    source: str,
    body: Any = b"{}",
    spec: dict[str, Any] = CLIENT,
    permissions: dict[str, Any] | None = None,
    **more: Any,
) -> Outcome:
    source = f"return {{ parse = function(hit, settings) {source} end }}"
    client = template("client", "echo", source, client=spec, permissions=permissions or {})
    return run(hit(body, **more), program({}, client))


def dead(outcome: Outcome) -> Dead:
    assert not outcome.events
    (only,) = outcome.dead
    return only


@pytest.mark.parametrize(
    ("source", "reason", "position"),
    [
        ('return nil, "unknown_event", "no idea"', "unknown_event", -1),
        ("return nil", "rejected", -1),
        ('return nil, "Free words here"', "rejected", -1),
        ('error("boom")', "script_error", -1),
        ("while true do end", "script_cpu", -1),
        ("return 5", "script_result", -1),
        ('return { event_name = "x" }', "script_result", -1),
        ("local t = {} for i = 1, 1001 do t[i] = { event_name = 'x' } end return t", "too_many_events", -1),
        ("return { 5 }", "not_an_event", 0),
        ("return { {} }", "no_event_name", 0),
        ("return { { event_name = 5 } }", "no_event_name", 0),
        ('return { { event_name = "" } }', "no_event_name", 0),
        ('return { { dead = "bad_item", message = "why" } }', "bad_item", 0),
        ("return { { dead = true } }", "rejected", 0),
    ],
)
def test_dead_letter(source: str, reason: str, position: int) -> None:
    given_up = dead(parsed(source))
    assert (given_up.reason, given_up.position) == (reason, position)


def test_message_of_a_dead_letter() -> None:
    assert dead(parsed('return nil, "unknown_event", "no idea"')).message == "no idea"
    assert "boom" in dead(parsed('error("boom")')).message
    assert dead(parsed('return nil, "Free words here"')).message == "Free words here"


@pytest.mark.parametrize(("body", "reason"), [(b"", "empty_body"), (b"{", "invalid_json"), (b"[" * 40, "invalid_json")])
def test_malformed_payload(body: bytes, reason: str) -> None:
    assert dead(parsed("return {}", body)).reason == reason


def test_client_that_the_version_does_not_have() -> None:
    given_up = dead(run(hit({}, client="gone"), program({})))
    assert (given_up.reason, given_up.position) == ("unknown_client", -1)


def test_script_that_does_not_compile() -> None:
    outcome = run(hit({}), program({}, template("client", "echo", "return {")))
    assert dead(outcome).reason == "script_error"


@pytest.mark.parametrize("source", ["return {}", "return { }, {}"])
def test_no_event_is_no_fault(source: str) -> None:
    assert parsed(source) == Outcome()


def test_one_bad_entry_leaves_the_others() -> None:
    outcome = parsed('return { { event_name = "a" }, 5, { dead = "bad" }, { event_name = "b" } }, { mended = 2 }')
    assert [(run.position, run.event["event_name"]) for run in outcome.events] == [(0, "a"), (3, "b")]
    assert [(each.position, each.reason) for each in outcome.dead] == [(1, "not_an_event"), (2, "bad")]


def test_repairs_of_host_and_script_add_up() -> None:
    form = {**CLIENT, "decode": "form"}
    outcome = parsed(
        'return { { event_name = hit.params.n } }, { bad_percent = 2, price_text = 1, odd = "x", none = 0 }',
        b"n=a%zz",
        form,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert outcome.repairs == {"bad_percent": 3, "price_text": 1}
    assert outcome.events[0].event["event_name"] == "a%zz"


SHOW = "return { { event_name = 'x', hit = hit } }"


NAMED = {
    "headers": {"names": ["User-Agent", "x-*"], "why": "a test"},
    "cookies": {"read": ["c", "_ga*"], "why": "a test"},
}


def seen(body: Any = b"{}", spec: dict[str, Any] = CLIENT, **more: Any) -> dict[str, Any]:
    """Returns the hit as the script saw it, which may read all of it, and of headers and cookies the NAMED."""
    outcome = parsed(SHOW, body, spec, NAMED, **more)
    assert not outcome.dead
    found: dict[str, Any] = outcome.events[0].event["hit"]
    return found


def test_hit_as_the_script_sees_it() -> None:
    brought: dict[str, Any] = {"cookies": {"c": "1", "_ga_X": "2", "session": "3"}, "query": b"a=%C3%A4&b"}
    headers = {"user-agent": "Browser/1", "accept-language": "de-DE,en;q=0.5", "x-a": "b"}
    about: dict[str, Any] = {"route": {"pixel": "12"}, "verified": "secret:INTAKE", "headers": headers, **brought}
    assert seen({"a": [1, {"b": "c"}]}, **about) == {
        "id": "1.7",
        "method": "POST",
        "path": "/e",
        "host": "t.shop.example",
        "query": "a=%C3%A4&b",
        "received_ms": 1_790_000_000_123,
        "received_s": 1_790_000_000,
        "client_ip": "203.0.113.9",
        "user_agent": "Browser/1",
        "language": "de-DE",
        "page_url": "https://shop.example/p?x=1",
        "referrer": "https://search.example/",
        "route": {"pixel": "12"},
        "consent": {"ad_storage": True, "ad_user_data": True, "ad_personalization": True, "analytics_storage": True},
        "fbp": "fb.1.1790000000000.123",
        "visitor_id": "v-1",
        "trust": "browser",
        "verified": "secret:INTAKE",
        "headers": {"user-agent": "Browser/1", "x-a": "b"},
        "cookies": {"c": "1", "_ga_X": "2"},
        "params": {"a": [1, {"b": "c"}]},
    }


def test_parts_that_the_manifest_does_not_ask_for_are_absent() -> None:
    asked = {"hit": {"fields": ["host", "route"], "why": "a test"}}
    client = template("client", "echo", ECHO_CLIENT, permissions=asked)
    trace = Trace()
    run(hit({"event_name": "view"}), program({}, client), trace=trace)
    assert set(trace.calls[0]["input"]) == {"host", "route", "params"}


def test_empty_values_are_absent() -> None:
    shown = seen(client_ip="", page_url="", referrer="", fbp="", visitor_id="", headers={})
    assert not {"client_ip", "page_url", "referrer", "fbp", "fbc", "visitor_id", "user_agent", "language"} & set(shown)
    assert shown["headers"] == {}


AUTO = {**CLIENT, "decode": "auto"}


@pytest.mark.parametrize(
    ("body", "content_type", "params"),
    [
        (b'{"a":1}', "application/json", {"q": None, "a": 1}),
        (b' {"a":1}', "text/plain;charset=UTF-8", {"q": None, "a": 1}),
        (b"a=1", "application/x-www-form-urlencoded", {"q": "2", "a": "1"}),
        (b"", "", {"q": "2", "a": None}),
        (b"{a=1", "application/x-www-form-urlencoded", {"q": "2", "{a": "1"}),
    ],
)
def test_auto(body: bytes, content_type: str, params: dict[str, Any]) -> None:
    shown = seen(body, AUTO, query=b"q=2", headers={"content-type": content_type})["params"]
    assert {name: shown.get(name) for name in params} == params


def test_auto_with_broken_json() -> None:
    assert dead(parsed(SHOW, b"{a", AUTO, headers={"content-type": "application/json"})).reason == "invalid_json"


def test_raw_body() -> None:
    outcome = parsed(SHOW, b"a\xffb\0c", {**CLIENT, "decode": "none"})
    assert outcome.events[0].event["hit"]["body"] == "a\ufffdbc"
    assert "params" not in outcome.events[0].event["hit"]
    assert outcome.repairs == {"invalid_utf8": 1, "control_chars": 1}


def batch(events: list[Any], *, source: str = BATCH_CLIENT, trace: Trace | None = None) -> Outcome:
    client = template("client", "echo", source, client=BATCH)
    return run(hit(events), program({}, client), trace=trace)


def test_batch_is_parsed_in_slices() -> None:
    trace = Trace()
    outcome = batch([{"event_name": f"e{number}"} for number in range(60)], trace=trace)
    assert [run.event["event_name"] for run in outcome.events] == [f"e{number}" for number in range(60)]
    assert [run.position for run in outcome.events] == list(range(60))
    assert outcome.repairs == {"slices": 3}
    assert [(call["input"]["index"], len(call["input"]["events"])) for call in trace.calls] == [
        (0, 25),
        (25, 25),
        (50, 10),
    ]


def test_one_bad_event_of_a_batch_is_dead_alone() -> None:
    events: list[dict[str, Any]] = [{"event_name": f"e{number}"} for number in range(60)]
    events[30]["boom"] = True
    events[31]["skip"] = True
    outcome = batch(events)
    assert [(each.position, each.reason) for each in outcome.dead] == [(30, "script_error"), (31, "skipped")]
    assert [run.position for run in outcome.events] == [place for place in range(60) if place not in (30, 31)]
    assert outcome.events[-1].event["event_id"] == "1.7.59"


def test_rejected_slice_is_tried_one_by_one() -> None:
    source = """return { parse = function(hit)
      for _, event in ipairs(hit.events) do if event.no then return nil, "refused", "no" end end
      return hit.events
    end }"""
    outcome = batch([{"event_name": "a"}, {"event_name": "b", "no": 1}, {"event_name": "c"}], source=source)
    assert [run.event["event_name"] for run in outcome.events] == ["a", "c"]
    assert [(each.position, each.reason) for each in outcome.dead] == [(1, "refused")]


def test_elements_of_a_batch_that_are_no_objects() -> None:
    outcome = batch(
        [{"event_name": "a"}, None, 5, "x", [], {"event_name": "b"}],
        source="return { parse = function(hit) return hit.events end }",
    )
    assert [run.position for run in outcome.events] == [0, 5]
    assert [each.position for each in outcome.dead] == [1, 2, 3, 4]


def test_batch_that_cannot_be_decoded() -> None:
    client = template("client", "echo", BATCH_CLIENT, client=BATCH)
    assert dead(run(hit(b"5"), program({}, client))).reason == "not_a_list"
    assert batch([]) == Outcome()


def test_settings_of_a_client() -> None:
    fields = [{"id": "name", "type": "text", "label": "l", "help": "h", "default": "fallback"}]
    client = template(
        "client", "echo", "return { parse = function(hit, s) return { { event_name = s.name } } end }", fields=fields
    )
    assert run(hit({}), program({}, client)).events[0].event["event_name"] == "fallback"


def test_a_number_that_no_script_can_hold_is_a_dead_letter_of_its_event_alone() -> None:
    body = b'[{"event_name": "a"}, {"event_name": "b", "x": %b}]' % (b"9" * 30)
    outcome = parsed("return hit.events", body, BATCH)
    assert [event.position for event in outcome.events] == [0]
    assert [(given_up.reason, given_up.position) for given_up in outcome.dead] == [("number_out_of_range", 1)]
    assert dead(parsed("return {}", b'{"x": %b}' % (b"9" * 30))).reason == "number_out_of_range"


def test_a_null_in_a_list_keeps_its_place() -> None:
    outcome = parsed("return hit.params", b'[null, {"event_name": "a"}]')
    assert [(given_up.reason, given_up.position) for given_up in outcome.dead] == [("not_an_event", 0)]
    assert [event.position for event in outcome.events] == [1]


def test_repairs_of_the_edge_are_the_hits() -> None:
    assert parsed("return {}, { x = 2 }", repairs={"bad_fbp": 1}).repairs == {"bad_fbp": 1, "x": 2}


def test_a_batch_of_events_that_never_end_does_not_keep_the_router_for_minutes() -> None:
    spin = "for place = 1, #hit.events do while hit.events[place].spin do end end return hit.events"
    events = [{"event_name": "sound"}] * 25 + [{"event_name": "spins", "spin": True}] * 100
    outcome = parsed(spin, orjson.dumps(events), BATCH)
    assert len(outcome.events) == 25
    assert [dead.reason for dead in outcome.dead] == ["script_cpu"] * 100
    tried = [dead for dead in outcome.dead if "not tried" not in dead.message]
    assert len(tried) == MOST_EXHAUSTED - 1  # the slice's own end counts too
