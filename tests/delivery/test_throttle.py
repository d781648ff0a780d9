from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from runtime.cli.container import app
from runtime.delivery.throttle import Bucket, Throttle
from runtime.model.delivery import TagPlan
from runtime.model.snapshot import Template
from runtime.pipeline.tag import plan
from tests.delivery.rig import Rig, fired, ids, meta_event, outcome, run, sent_ids, until
from tests.support.fake_meta import SERVER_ERROR, FakeMeta
from tests.support.programs import program, template
from tests.support.shop import write_container

RATES = st.floats(0.001, 10_000)


@given(RATES, st.lists(st.tuples(st.floats(0, 3), st.integers(1, 500)), max_size=60))
def test_no_stretch_of_time_sees_more_than_its_share_and_the_last_batch(
    per_s: float, steps: list[tuple[float, int]]
) -> None:
    bucket, now, sent, last = Bucket(per_s, 0.0), 0.0, 0, 0
    for later, n in steps:
        now += later
        wait = bucket.wait(now)
        assert 0 <= wait <= (sum(count for _, count in steps) + 1) / per_s
        now += wait
        assert bucket.wait(now) <= 1e-6 / per_s
        bucket.take(now, n)
        sent, last = sent + n, n
        assert sent - last <= per_s * now + max(1.0, per_s / 10) + 1e-3


@given(RATES)
def test_a_sender_that_always_waits_as_told_gets_the_full_rate(per_s: float) -> None:
    bucket, now = Bucket(per_s, 0.0), 0.0
    for _ in range(300):
        now += bucket.wait(now)
        bucket.take(now, 1)
    assert 299 / per_s * 1.001 >= now >= (299 - max(1.0, per_s / 10)) / per_s * 0.999


def test_a_late_wake_up_costs_no_throughput() -> None:
    bucket, now, sent = Bucket(100, 0.0), 0.0, 0
    while now < 10:
        now += bucket.wait(now) + 0.009
        while not bucket.wait(now):
            bucket.take(now, 1)
            sent += 1
    assert 990 <= sent <= 1015


def test_a_batch_larger_than_the_bucket_leaves_a_debt() -> None:
    bucket = Bucket(10, 0.0)
    bucket.take(0.0, 51)
    assert bucket.wait(0.0) == pytest.approx(5.1)
    assert bucket.wait(5.0) == pytest.approx(0.1)


def test_both_limits_hold_and_without_any_nothing_waits() -> None:
    throttle = Throttle()
    throttle.configure(TagPlan(tag="a", template="t"), 0.0)
    throttle.take(0.0, 10_000)
    assert throttle.wait(0.0) == 0
    throttle.configure(TagPlan(tag="a", template="t", requests_per_s=2, events_per_s=10), 0.0)
    throttle.take(0.0, 1)
    assert throttle.wait(0.0) == pytest.approx(0.5)
    throttle.take(0.5, 31)
    assert throttle.wait(0.5) == pytest.approx(3.1)


def test_a_publish_keeps_what_a_bucket_owes_unless_its_figure_changes() -> None:
    throttle = Throttle()
    slow = TagPlan(tag="a", template="t", requests_per_s=0.001)
    throttle.configure(slow, 0.0)
    throttle.take(0.0, 1)
    throttle.configure(slow, 0.0)
    assert throttle.wait(0.0) == pytest.approx(1000)
    throttle.configure(TagPlan(tag="a", template="t", requests_per_s=1), 0.0)
    assert throttle.wait(0.0) == 0


def test_a_throttled_tag_loses_nothing_delays_no_other_and_is_freed_by_the_live_version(
    rig: Rig, meta: FakeMeta
) -> None:
    async def work() -> None:
        for n in range(30):
            runs = [fired(tag, meta_event(f"{tag}{n}")) for tag in ("slow", "quick")]
            rig.add(outcome(f"e{n}", *runs))
        slow = rig.plan("slow", max_items=5, requests_per_s=0.001)
        async with rig.router(slow, rig.plan("quick", max_items=5)) as router:
            await until(lambda: router.status()["quick"].upto == 30)
            # What waits is in the queue, and no batch is under way.
            await until(lambda: router.status()["slow"].upto == 5)
            status = router.status()["slow"]
            assert (status.queued, status.in_flight, status.state) == (25, 0, "closed")
            router.publish(2, {"slow": rig.plan("slow", max_items=5), "quick": rig.plan("quick")})
            await until(lambda: router.upto() == 30)

    run(work())
    assert sorted(sent_ids(meta)) == sorted(f"{tag}{n}" for tag in ("slow", "quick") for n in range(30))
    assert max(meta.counts.values()) == 1


@pytest.mark.parametrize(
    ("limit", "least_s"),
    # The bucket holds two requests at the start, or twenty events.
    [({"requests_per_s": 20.0}, (6 - 2) / 20), ({"events_per_s": 200.0}, (50 - 20) / 200)],
)
def test_requests_are_spaced(rig: Rig, meta: FakeMeta, limit: dict[str, Any], least_s: float) -> None:
    async def work() -> None:
        rig.add_events(ids(0, 60))
        async with rig.router(rig.plan(max_items=10, linger_ms=5000, **limit)) as router:
            await until(lambda: router.upto() == 60)

    run(work())
    assert len(meta.requests) == 6
    assert meta.requests[-1].at_s - meta.requests[0].at_s >= least_s - 0.03


def test_probes_of_an_open_circuit_count_too(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        meta.behave(SERVER_ERROR)
        rig.add_events(["a"])
        async with rig.router(rig.plan(requests_per_s=0.001)) as router:
            await until(lambda: router.status()["meta"].state == "open" and not router.status()["meta"].in_flight)
            await asyncio.sleep(0.15)
            assert len(meta.requests) == 1
            router.publish(2, {"meta": rig.plan()})
            meta.behave()
            await until(lambda: router.upto() == 1)

    run(work())


def destination(**more: Any) -> Template:
    source = "return { map = function(event) return {} end, request = function() return {} end }"
    return template("destination", "d", source, destination={"consent": [], **more})


def planned(tag: Mapping[str, Any], **manifest: Any) -> tuple[float | None, float | None]:
    tags = {"a": {"template": "d", "triggers": ["everything"], **tag}}
    made = plan(program({"tags": tags}, destination(**manifest)), "a")
    return made.requests_per_s, made.events_per_s


def test_a_manifest_gives_a_default_and_the_tag_wins() -> None:
    given = {"throttle": {"requests_per_s": 5, "events_per_s": 100}}
    assert planned({}) == (None, None)
    assert planned({}, **given) == (5, 100)
    assert planned({"throttle": {"requests_per_s": 0.5}}, **given) == (0.5, 100)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("{requests_per_s: 0}", "tags.meta.throttle.requests_per_s"),
        ("{events_per_s: -1}", "tags.meta.throttle.events_per_s"),
        ("{events_per_s: .inf}", "tags.meta.throttle.events_per_s"),
        ("{events_per_s: many}", "tags.meta.throttle.events_per_s"),
        ("{per_s: 1}", "tags.meta.throttle.per_s"),
        ("{requests_per_s: 2.5, events_per_s: 100}", ""),
    ],
)
def test_validate_knows_it(tmp_path: Path, written: str, path: str) -> None:
    file = write_container(tmp_path, "https://graph.facebook.com")
    throttled = f"    throttle: {written}\n    triggers: [everything]"
    file.write_text(file.read_text().replace("    triggers: [everything]", throttled, 1))
    result = CliRunner().invoke(app, ["validate", str(file)])
    assert result.exit_code == (1 if path else 0), result.output
    assert path in result.output
