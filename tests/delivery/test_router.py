from __future__ import annotations

import dataclasses

from runtime.model.delivery import Disposition, Verdict
from runtime.model.event import Dead, EventRun, Outcome, TagRun
from runtime.store.delivery_rows import EventFlag
from runtime.store.event_search import EventQuery
from tests.delivery.rig import Rig, fired, ids, meta_event, outcome, run, sent_ids, until
from tests.support.fake_meta import FakeMeta
from tests.support.vendor import Behaviour


def test_delivers_every_event_once_and_moves_both_cursors(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        rig.add_events(ids(0, 300))
        async with rig.router() as router:
            router.wake()
            await until(lambda: router.upto() == 300)
            assert router.status()["meta"].lag == 0

    run(work())
    assert sorted(sent_ids(meta)) == sorted(ids(0, 300))
    assert len(meta.requests) <= 12
    reader = rig.reader()
    assert reader.cursors() == {"": 300, "meta": 300}
    assert reader.counts(0, 1 << 40)["delivered", "meta"] == 300
    attempt = reader.attempts_of(7, 0, "meta")[0].row
    assert (attempt.status, attempt.disposition, attempt.version) == (200, "delivered", 1)
    assert reader.fate(7, 0, "meta") == "delivered"
    reader.close()


def test_a_destination_that_is_down_keeps_its_cursor_and_recovers_by_itself(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        meta.down()
        rig.add_events(ids(0, 120))
        async with rig.router() as router:
            await until(lambda: router.status()["meta"].state == "open" and router.place == 120)
            assert router.upto() == 0
            meta.up()
            await until(lambda: router.upto() == 120)
            assert router.status()["meta"].state == "closed"

    run(work())
    assert sorted(sent_ids(meta)) == sorted(ids(0, 120))


def test_a_full_queue_makes_the_tag_lag_and_catch_up_in_order(rig: Rig, meta: FakeMeta) -> None:
    rig.tuning = dataclasses.replace(rig.tuning, queue_items=20)

    async def work() -> None:
        meta.down()
        rig.add_events(ids(0, 200))
        rig.add(*(outcome(f"w{n}", fired("other", meta_event(f"w{n}"))) for n in range(5)))
        async with rig.router(rig.plan(max_items=5)) as router:
            await until(lambda: router.place == 205)
            status = router.status()["meta"]
            assert status.queued <= 25
            assert status.lag == 205
            meta.up()
            await until(lambda: router.upto() == 205)
            rig.add_events(["live"])
            router.wake()
            await until(lambda: router.upto() == 206)

    run(work())
    assert sorted(sent_ids(meta)) == sorted([*ids(0, 200), "live"])
    assert max(meta.counts.values()) == 1
    assert {only for _, only in rig.runs} == {None, frozenset({"meta"})}


def test_a_restart_goes_on_with_the_same_items(rig: Rig, meta: FakeMeta) -> None:
    async def first() -> None:
        meta.down()
        rig.add_events(ids(0, 30))
        async with rig.router(deadline_s=0) as router:
            await until(lambda: router.place == 30 and router.status()["meta"].state == "open")

    async def second() -> None:
        meta.up()
        async with rig.router() as router:
            await until(lambda: router.upto() == 30)

    run(first())
    reader = rig.reader()
    assert reader.cursors() == {"": 30, "meta": 0}
    reader.close()
    run(second())
    assert sorted(sent_ids(meta)) == sorted(ids(0, 30))


def test_a_restart_does_not_send_again_what_was_parked_or_buried_past_the_cursor(rig: Rig, meta: FakeMeta) -> None:
    """The first batch hangs, so the cursor stays before what the second one decided."""
    parts = {0: Verdict(Disposition.RETRY, "busy", retry_after_s=3600), 1: Verdict(Disposition.REJECT, "bad")}
    rig.judge = lambda tag, response, batch: Verdict(Disposition.DELIVERED, items=parts)

    async def first() -> None:
        meta.then(Behaviour("hang"))
        rig.add_events(ids(0, 4))
        async with rig.router(rig.plan(max_items=2, concurrency=2), deadline_s=0.0) as router:
            await until(lambda: len(meta.requests) == 2 and router.status()["meta"].in_flight == 1)

    async def second() -> None:
        rig.judge = None
        async with rig.router() as router:
            await until(lambda: router.upto() == 4)

    run(first())
    meta.requests.clear()
    run(second())
    sent = [event["event_id"] for request in meta.requests for event in request.json()["data"]]
    assert sent == ["e0", "e1"]
    reader = rig.reader()
    assert [row.event_id for row in reader.retries()] == ["e2"]
    assert [letter.row.event_id for letter in reader.dead_letters()] == ["e3"]
    reader.close()


def test_draining_finishes_what_is_in_flight_and_settles_it(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        meta.behave(Behaviour(after_s=0.1))
        rig.add_events(ids(0, 20))
        async with rig.router(rig.plan(linger_ms=0)) as router:
            await until(lambda: router.status()["meta"].in_flight > 0 and router.place == 20)

    run(work())
    reader = rig.reader()
    delivered = reader.counts(0, 1 << 40)["delivered", "meta"]
    assert delivered == len(meta.events) > 0
    reader.close()


def test_the_pipelines_own_findings_are_counted_once_and_listed(rig: Rig) -> None:
    async def work() -> None:
        runs = (
            TagRun("a", "denied", "ad_storage,ad_user_data"),
            TagRun("b", "failed", "cpu: too slow"),
            TagRun("c", "not_triggered"),
            TagRun("d", "dropped", "no email"),
        )
        event = EventRun(0, {"event_name": "purchase", "event_id": "p1"}, {}, runs)
        rig.add(Outcome(events=(event,), repairs={"invalid_utf8": 2}))
        rig.add(Outcome(dead=(Dead("invalid_json", "not JSON"),)))
        plans = [rig.plan(tag) for tag in "abcd"]
        async with rig.router(*plans) as router:
            await until(lambda: router.upto() == 2)

    run(work())
    reader = rig.reader()
    summary = reader.event(1, 0)
    assert summary is not None
    assert summary.tags == '{"a":"denied: ad_storage,ad_user_data","b":"failed: cpu: too slow","d":"dropped: no email"}'
    assert summary.flags == EventFlag.DENIED | EventFlag.FAILED | EventFlag.DROPPED | EventFlag.REPAIRED
    assert [row.seq for row in reader.find(EventQuery(flag="dead")).rows] == [2]
    counts = reader.counts(0, 1 << 40)
    assert counts["denied", "a ad_user_data"] == counts["failed", "b"] == counts["dropped", "d"] == 1
    assert counts["repaired", "invalid_utf8"] == counts["received", "json"] == 2
    letters = {(letter.row.tag, letter.row.seq, letter.row.reason) for letter in reader.dead_letters()}
    assert letters == {("b", 1, "script_cpu"), ("", 2, "invalid_json")}
    reader.close()


def test_a_hit_whose_version_cannot_be_loaded_waits_and_one_that_breaks_us_is_a_dead_letter(rig: Rig) -> None:
    async def work() -> None:
        rig.add_events(["a", "b", "c"])
        del rig.outcomes[1]
        rig.waits.add(2)
        async with rig.router() as router:
            await until(lambda: sum(seq == 2 for seq, _ in rig.runs) >= 2)
            assert router.place == 1
            rig.waits.clear()
            router.wake()
            await until(lambda: router.upto() == 3)

    run(work())
    reader = rig.reader()
    assert [(letter.row.seq, letter.row.reason) for letter in reader.dead_letters()] == [(1, "internal_error")]
    reader.close()


def test_a_new_tag_starts_where_its_version_was_first_met(rig: Rig, meta: FakeMeta) -> None:
    """Hits of version 2 arrive before this router hears of it."""

    async def work() -> None:
        rig.add(outcome("old", fired("meta", meta_event("old"))))
        new = (fired("meta", meta_event("m")), fired("fresh", meta_event("f")))
        rig.add(outcome("m", *new), version=2)
        async with rig.router() as router:
            await until(lambda: router.place == 2)
            router.publish(2, {"meta": rig.plan(), "fresh": rig.plan("fresh")})
            await until(lambda: router.upto() == 2)
            assert router.status()["fresh"].upto == 2

    run(work())
    assert sorted(sent_ids(meta)) == ["f", "m", "old"]


def test_a_removed_tag_holds_the_log_until_it_is_discarded(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        rig.add_events(["a"])
        async with rig.router(rig.plan(), rig.plan("gone", paused=True)) as router:
            rig.add_events(["b"], tag="gone")
            router.wake()
            await until(lambda: router.place == 2 and router.status()["meta"].upto == 2)
            router.publish(2, {"meta": rig.plan()})
            rig.add_events(["c"], tag="gone")
            router.wake()
            await until(lambda: router.place == 3)
            assert router.upto() == 1
            router.discard("gone")
            await until(lambda: router.upto() == 3)

    run(work())
    reader = rig.reader()
    assert set(reader.cursors()) == {"", "meta"}
    assert reader.counts(0, 1 << 40)["discarded", "gone"] == 2
    reader.close()
