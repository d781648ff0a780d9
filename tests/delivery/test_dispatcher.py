from __future__ import annotations

import asyncio
import dataclasses

from runtime.model.delivery import Batch, Disposition, Response, Verdict
from tests.delivery.rig import Rig, fired, ids, meta_event, outcome, run, sent_ids, until
from tests.support.fake_meta import SERVER_ERROR, FakeMeta, unavailable


def test_an_open_circuit_sends_one_probe_at_a_time(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        meta.behave(dataclasses.replace(SERVER_ERROR, after_s=0.01))
        rig.add_events(ids(0, 40))
        async with rig.router(rig.plan(max_items=1, concurrency=4)) as router:
            await asyncio.to_thread(meta.wait, lambda: len(meta.requests) >= 4)
            most = 0
            while len(meta.requests) < 12:
                if router.status()["meta"].state == "open" and len(meta.requests) > 4:
                    most = max(most, router.status()["meta"].in_flight)
                await asyncio.sleep(0.001)
            assert most == 1
            meta.behave()
            await until(lambda: router.upto() == 40)

    run(work())


def test_bisection_finds_exactly_the_bad_items(rig: Rig, meta: FakeMeta) -> None:
    bad = {3, 57, 58, 99}

    async def work() -> None:
        for n in range(100):
            rig.add_events([f"e{n}"], **({"action_source": "nowhere"} if n in bad else {}))
        async with rig.router(rig.plan(max_items=100, linger_ms=50)) as router:
            await until(lambda: router.upto() == 100)

    run(work())
    reader = rig.reader()
    letters = reader.dead_letters(tag="meta")
    assert {letter.row.event_id for letter in letters} == {f"e{n}" for n in bad}
    assert all("action_source is missing" in letter.row.message and letter.row.status == 400 for letter in letters)
    assert sorted(sent_ids(meta)) == sorted(f"e{n}" for n in range(100) if n not in bad)
    assert max(meta.counts.values()) == 1
    reader.close()


def test_a_final_rejection_is_not_halved(rig: Rig, meta: FakeMeta) -> None:
    rig.judge = lambda tag, response, batch: Verdict(Disposition.REJECT, "no such pixel", final=True)

    async def work() -> None:
        rig.add_events(ids(0, 10))
        async with rig.router(rig.plan(linger_ms=50)) as router:
            await until(lambda: router.upto() == 10)

    run(work())
    reader = rig.reader()
    assert [letter.row.reason for letter in reader.dead_letters()] == ["no such pixel"] * 10
    assert len(meta.requests) == 1
    reader.close()


def test_items_judged_apart_are_parked_buried_or_delivered(rig: Rig, meta: FakeMeta) -> None:
    parts = {1: Verdict(Disposition.RETRY, "busy"), 2: Verdict(Disposition.REJECT, "bad")}
    first = Verdict(Disposition.DELIVERED, items=parts)
    rig.judge = lambda tag, response, batch: first if batch.count == 3 else Verdict(Disposition.DELIVERED)

    async def work() -> None:
        rig.add_events(ids(0, 3))
        async with rig.router(rig.plan(linger_ms=50)) as router:
            await until(lambda: router.upto() == 3 and len(meta.requests) == 2)

    run(work())
    reader = rig.reader()
    assert [(letter.row.event_id, letter.row.reason) for letter in reader.dead_letters()] == [("e2", "bad")]
    assert reader.retries() == []
    assert [attempt.members for attempt in reader.attempts_of(2, 0, "meta")] == [((1, 0), (2, 0), (3, 0)), ((2, 0),)]
    assert meta.requests[1].json()["data"][0]["event_id"] == "e1"
    reader.close()


def test_parked_items_outlive_an_outage_and_a_restart_and_go_one_by_one_when_due(rig: Rig, meta: FakeMeta) -> None:
    later = {n: Verdict(Disposition.RETRY, "busy", retry_after_s=0.02 + n / 10) for n in range(4)}
    rig.judge = lambda tag, response, batch: Verdict(Disposition.DELIVERED, items=later)

    async def first() -> None:
        rig.add_events(ids(0, 4))
        async with rig.router(rig.plan(linger_ms=50)) as router:
            await until(lambda: router.upto() == 4)
            meta.down()

    async def second() -> None:
        rig.judge = None
        async with rig.router() as router:
            await until(lambda: router.status()["meta"].state == "open")
            meta.up()
            await until(lambda: max(meta.counts.values()) == 2 and sum(meta.counts.values()) == 8)

    run(first())
    run(second())
    reader = rig.reader()
    assert reader.retries() == []
    assert reader.dead_letters() == []
    reader.close()


def test_a_stopped_tag_loses_nothing_and_goes_on_when_the_token_is_good(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        rig.secrets["META_TOKEN"] = "stale"
        rig.add_events(ids(0, 60))
        async with rig.router() as router:
            await until(lambda: router.status()["meta"].state == "stopped")
            assert router.upto() == 0
            rig.secrets["META_TOKEN"] = "token"
            await until(lambda: router.upto() == 60)

    run(work())
    assert sorted(sent_ids(meta)) == sorted(ids(0, 60))
    reader = rig.reader()
    assert reader.dead_letters() == []
    assert all("stale" not in attempt.row.answer for attempt in reader.attempts())
    reader.close()


def test_publishing_probes_a_stopped_tag_at_once(rig: Rig, meta: FakeMeta) -> None:
    rig.tuning = dataclasses.replace(rig.tuning, stopped_probe_s=3600)

    async def work() -> None:
        rig.secrets["META_TOKEN"] = "stale"
        rig.add_events(["a"])
        async with rig.router() as router:
            await until(lambda: router.status()["meta"].state == "stopped")
            rig.secrets["META_TOKEN"] = "token"
            router.publish(2, {"meta": rig.plan()})
            await until(lambda: router.upto() == 1)

    run(work())
    assert sent_ids(meta) == ["a"]


def test_items_past_their_time_become_dead_letters_even_where_the_tag_cannot_send(rig: Rig, meta: FakeMeta) -> None:
    now = [1_800_000_000.0]
    rig.clock = lambda: now[0]

    async def work() -> None:
        soon, later = int(now[0]) + 10, int(now[0]) + 10_000
        rig.add(outcome("old", fired("meta", meta_event("old"), expires_s=soon)), at_s=now[0])
        rig.add(outcome("young", fired("meta", meta_event("young"), expires_s=later)), at_s=now[0])
        async with rig.router(rig.plan(paused=True)) as router:
            await until(lambda: router.status()["meta"].queued == 2)
            now[0] += 11
            await until(lambda: router.upto() == 1)
            assert router.status()["meta"].queued == 1
            router.publish(2, {"meta": rig.plan()})
            await until(lambda: router.upto() == 2)

    run(work())
    reader = rig.reader()
    assert [(letter.row.event_id, letter.row.reason) for letter in reader.dead_letters()] == [("old", "expired")]
    reader.close()
    sent = [event["event_id"] for request in meta.requests for event in request.json()["data"]]
    assert sent == ["young"]


def test_the_backlog_age_of_a_tag_expires_what_the_vendor_would_take(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        rig.add(outcome("old", fired("meta", meta_event("old"))), at_s=rig.clock() - 100)
        async with rig.router(rig.plan(backlog_age_s=60)) as router:
            await until(lambda: router.upto() == 1)

    run(work())
    assert meta.requests == []


def test_dry_run_builds_and_sends_nothing(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        rig.add_events(ids(0, 3))
        async with rig.router(rig.plan(dry_run=True)) as router:
            await until(lambda: router.upto() == 3)

    run(work())
    assert meta.requests == []
    reader = rig.reader()
    attempt = reader.attempts()[0].row
    assert (attempt.disposition, attempt.dry_run, attempt.status) == ("dry_run", 1, 0)
    assert len(attempt.body_sha256) == 32
    reader.close()


def test_retry_after_is_kept(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        meta.then(unavailable(1))
        rig.add_events(["a"])
        async with rig.router() as router:
            await until(lambda: router.upto() == 1)

    run(work())
    first, second = meta.requests
    assert second.at_s - first.at_s >= 0.99


def test_a_batch_that_fails_while_others_pass_is_parked_and_lets_the_cursor_move(rig: Rig, meta: FakeMeta) -> None:
    def judge(tag: str, response: Response, batch: Batch) -> Verdict:
        return Verdict(Disposition.RETRY, "odd") if batch.key == "poison" else Verdict(Disposition.DELIVERED)

    rig.judge = judge

    async def work() -> None:
        rig.add(outcome("bad", fired("meta", meta_event("bad"), key="poison")))
        rig.add_events(ids(0, 40))
        async with rig.router(rig.plan(max_items=1, concurrency=1)) as router:
            for n in range(100):
                rig.add_events([f"more{n}"])
                router.wake()
                await asyncio.sleep(0.005)
            await until(lambda: router.upto() == 141)

    run(work())
    reader = rig.reader()
    assert [row.event_id for row in reader.retries()] == ["bad"]
    reader.close()
