"""Tag options, each by itself: live only, schedule, sample, once a hit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.model.container import Schedule
from runtime.pipeline.program import Program
from runtime.pipeline.run import run
from runtime.pipeline.sample import Sample
from runtime.pipeline.schedule import compile_schedule
from runtime.pipeline.trace import Trace
from tests.support.programs import hit, program, snapshot, tag, template

ARRIVED = datetime.fromtimestamp(1_790_000_000, UTC) + timedelta(microseconds=123_456)
"""When the hit of the tests arrives."""
State = tuple[str, str]


def states(container: dict[str, Any], event: Any = None, *templates: Any, **more: Any) -> list[dict[str, State]]:
    """Returns of each event the tags' states and reasons."""
    outcome = run(hit(event or {"event_name": "x"}, **more), program(container, *templates))
    return [{each.tag: (each.state, each.reason) for each in one.tags} for one in outcome.events]


def state(options: dict[str, Any], **more: Any) -> State:
    """Returns what a tag with such options does with an event."""
    (found,) = states({"tags": {"a": tag(**options)}}, **more)
    return found["a"]


def shown(options: dict[str, Any], event: Any = None, **more: Any) -> dict[str, Any]:
    """Returns what a trace says of such a tag."""
    trace = Trace()
    run(hit(event or {"event_name": "x"}, **more), program({"tags": {"a": tag(**options)}}), trace=trace)
    (one,) = trace.as_dict()["events"]
    (record,) = one["tags"]
    return dict(record)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [("live", ("fired", "")), ("staging", ("not_live", "staging")), ("preview", ("not_live", "preview"))],
)
def test_live_only(environment: str, expected: State) -> None:
    assert state({"live_only": True}, environment=environment) == expected
    assert state({}, environment=environment) == ("fired", "")


SOON, LATER = ARRIVED + timedelta(microseconds=1), ARRIVED + timedelta(days=1)
PAST = ARRIVED - timedelta(days=1)


@pytest.mark.parametrize(
    ("schedule", "fires"),
    [
        ({"from": ARRIVED}, True),
        ({"from": SOON}, False),
        ({"to": ARRIVED}, False),
        ({"to": SOON}, True),
        ({"from": PAST, "to": LATER}, True),
        ({"from": LATER, "to": LATER + timedelta(1)}, False),
        ({"from": ARRIVED.astimezone(timezone(timedelta(hours=9)))}, True),
        ({}, True),
    ],
)
def test_schedule_goes_by_arrival(schedule: dict[str, Any], fires: bool) -> None:
    assert state({"schedule": schedule})[0] == ("fired" if fires else "unscheduled")


def test_schedule_names_the_bound_and_the_trace_the_arrival() -> None:
    assert state({"schedule": {"to": ARRIVED}}) == ("unscheduled", "ended 2026-09-21T14:13:20.123456Z")
    assert state({"schedule": {"from": LATER}}) == ("unscheduled", "begins 2026-09-22T14:13:20.123456Z")
    told = shown({"schedule": {"from": PAST, "to": ARRIVED}})["reason"]
    assert "from 2026-09-20T14:13:20.123456Z to 2026-09-21T14:13:20.123456Z" in told
    assert "arrived 2026-09-21T14:13:20.123456Z" in told


@given(st.integers(0, 7_000_000_000_000_000), st.integers(-3, 3))
def test_schedule_is_exact_to_the_microsecond(from_us: int, off: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=from_us)
    window = compile_schedule(Schedule.model_validate({"from": moment}))
    assert window is not None
    assert (window.reason(from_us + off) == "") is (off >= 0)


@given(st.text(max_size=20), st.from_regex(r"\A[a-z]{1,64}\Z"), st.floats(0.001, 99.9), st.floats(0.001, 99.9))
def test_raising_a_sample_only_adds_events(event_id: str, id: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert Sample(id, low).takes(event_id) <= Sample(id, high).takes(event_id)


@pytest.mark.parametrize("percent", [0.5, 10, 50, 90])
def test_sample_takes_its_share(percent: float) -> None:
    sample, count = Sample("meta", percent), 20_000
    share = percent / 100
    taken = sum(sample.takes(f"order-{n}") for n in range(count))
    # Five standard deviations: the ids are fixed, so it holds always or never.
    assert abs(taken - count * share) < 5 * (count * share * (1 - share)) ** 0.5


def test_two_tags_draw_independently() -> None:
    one, other = Sample("a", 50), Sample("b", 50)
    both = sum(one.takes(f"{n}") and other.takes(f"{n}") for n in range(4000))
    assert 900 < both < 1100


SAMPLE_OF_META = [14, 26, 34, 56, 59]
"""The ids of e0 to e59 that are in the tag's tenth."""


def test_sample_is_of_event_id_and_tag_for_ever() -> None:
    """Whoever changes the hash makes replays differ from what was sent."""
    assert [n for n in range(60) if Sample("meta", 10).takes(f"e{n}")] == SAMPLE_OF_META
    events = [{"event_name": "x", "event_id": f"e{n}"} for n in range(60)]
    found = states({"tags": {"meta": tag(sample=10)}}, {"events": events})
    assert [n for n, each in enumerate(found) if each["meta"][0] == "fired"] == SAMPLE_OF_META
    assert {each["meta"] for each in found} == {("fired", ""), ("sampled_out", "sample 10")}


def test_trace_shows_hash_and_percentage() -> None:
    left_out = next(id for id in map(str, range(60)) if not Sample("a", 10.5).takes(id))
    record = shown({"sample": 10.5}, {"event_name": "x", "event_id": left_out})
    assert record["state"] == "sampled_out"
    assert record["reason"].endswith("is not below 10.5 percent")


THREE = {"events": [{"event_name": name} for name in ("one", "two", "three")]}
PICKY = """
local function map(event)
  if event.event_name == "one" then %s end
  return { name = event.event_name }
end
return { map = map, request = function() end }
"""


def of_hit(source: str, **options: Any) -> list[State]:
    picky = template("destination", "picky", PICKY % source)
    container = {"tags": {"a": tag(template="picky", firing_limit="once_per_hit", **options)}}
    return [each["a"] for each in states(container, THREE, picky)]


def test_once_per_hit() -> None:
    assert of_hit("") == [("fired", ""), ("limited", "event 0"), ("limited", "event 0")]


def test_once_per_hit_passes_on_what_map_declines_and_not_what_fails() -> None:
    declined = ("dropped", "not that one")
    assert of_hit('return nil, "not that one"') == [declined, ("fired", ""), ("limited", "event 1")]
    failed, *others = of_hit('error("no")')
    assert failed[0] == "failed"
    assert others == [("limited", "event 0")] * 2


def test_each_hit_has_its_own_turn() -> None:
    built = program({"tags": {"a": tag(firing_limit="once_per_hit")}})
    for seq in (1, 2):
        assert run(hit(THREE, seq=seq), built).events[0].tags[0].state == "fired"


def test_the_first_thing_that_speaks_against_a_tag_is_told() -> None:
    everything = {"live_only": True, "schedule": {"to": PAST}, "sample": 0.0001, "consent": ["ad_storage"]}
    consent = {"event_name": "x", "consent_state": {"ad_storage": "denied"}}
    found = []
    for name in (*everything, "none"):
        (one,) = states({"tags": {"a": tag(**everything)}}, consent, environment="staging")
        found.append(one["a"][0])
        everything.pop(name, None)
    assert found == ["not_live", "unscheduled", "sampled_out", "denied", "fired"]


def test_options_are_asked_only_of_tags_that_would_fire() -> None:
    triggers = {"never": {"all": [{"field": "absent", "is": "exists"}]}}
    options = {"live_only": True, "schedule": {"to": PAST}, "sample": 1}
    tags = {"a": tag(triggers=["never"], **options), "b": tag(exceptions=["everything"], **options)}
    (found,) = states({"tags": tags, "triggers": triggers}, environment="staging")
    assert {id: each[0] for id, each in found.items()} == {"a": "not_triggered", "b": "blocked"}


def test_a_paused_tag_that_is_asked_for_by_name_keeps_its_options() -> None:
    built = Program.build(snapshot({"tags": {"a": tag(paused=True, sample=0.0001), "b": tag(paused=True)}}))
    for only, expected in ((None, ["paused", "paused"]), (frozenset("ab"), ["sampled_out", "fired"])):
        (event,) = run(hit({"event_name": "x", "event_id": "e1"}), built, only=only).events
        assert [each.state for each in event.tags] == expected
