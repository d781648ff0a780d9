"""How replays are worked off: behind live traffic, at a rate, through pauses, outages and restarts."""

from __future__ import annotations

import dataclasses
from collections import Counter

from runtime.model.command import Cancel, Replay
from runtime.model.event import TagRun
from tests.delivery.asked import answers, counts, ended, jobs, letters, waiting
from tests.delivery.rig import Rig, fired, ids, meta_event, outcome, run, until
from tests.delivery.test_replay import bury_all, replay, sent
from tests.support.fake_meta import BAD_TOKEN, FakeMeta
from tests.support.vendor import Behaviour


def test_live_events_overtake_a_large_replay(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 3000)
    rig.tuning = dataclasses.replace(rig.tuning, replay_items=100)
    meta.behave(Behaviour(after_s=0.02))

    async def work() -> None:
        rig.ask(replay(rate=100_000.0))
        async with rig.router(rig.plan(max_items=50, concurrency=1)) as router:
            await until(lambda: len(sent(meta)) >= 200)
            for n in range(10):
                rig.add_events([f"live{n}"])
                router.wake()
                before = len(sent(meta))
                await until(lambda n=n: f"live{n}" in sent(meta))  # type: ignore[misc]
                # What was handed over and in flight before it, and no more: far fewer than the replay has left.
                assert len(sent(meta)) - before <= 300
            await until(lambda: ended(rig) and not waiting(rig))

    run(work())
    assert counts(rig) == {"replayed": 3000}
    assert Counter(sent(meta)) == Counter([*ids(1, 3001), *(f"live{n}" for n in range(10))])


def test_nothing_is_handed_over_while_live_items_wait(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 20)

    async def work() -> None:
        meta.behave(Behaviour("hang"))
        async with rig.router(rig.plan(max_items=5, concurrency=1)) as router:
            rig.add_events([f"live{n}" for n in range(30)])
            router.wake()
            await until(lambda: router.place == 50)
            rig.ask(replay())
            await until(lambda: jobs(rig))
            await until(lambda: len(rig.commands) in answers(rig))
            assert waiting(rig) == []
            await router.stop(0)
            assert counts(rig) == {}

    run(work())
    assert len(letters(rig)) == 20


def test_no_more_than_the_rate_goes_out(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 20)

    async def work() -> None:
        rig.ask(replay(rate=0.0001))
        async with rig.router():
            await until(lambda: len(sent(meta)) == 1 and counts(rig) == {"replayed": 1})
        rig.ask(Cancel(command=1))
        async with rig.router():
            await until(lambda: 2 in answers(rig))

    run(work())
    assert answers(rig)[2] == {"cancelled": 1}
    assert {row.tag: row.state for row in jobs(rig)} == {"": "done", "meta": "cancelled"}
    assert counts(rig)["replayed"] <= 2  # A restart begins with one item again.
    assert len(letters(rig)) == 20 - counts(rig)["replayed"]


def test_a_paused_tag_holds_up_its_own_part_alone(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        for tag in ("meta", "other"):
            rig.add(*(outcome(id, TagRun(tag, "failed", "error: boom")) for id in ids(1, 6)))
        async with rig.router(rig.plan(), rig.plan("other")) as router:
            await until(lambda: router.upto() == 10)
        for seq in range(1, 11):
            tag = "meta" if seq <= 5 else "other"
            rig.by_version[2, seq] = outcome(f"{tag}{seq}", fired(tag, meta_event(f"{tag}{seq}")))
        rig.ask(replay(version="current"))
        paused = rig.plan(paused=True)
        async with rig.router(paused, rig.plan("other"), live=2) as router:
            await until(lambda: len(sent(meta)) == 5)
            # What was sent is settled a moment later.
            await until(lambda: {row.tag for row in jobs(rig) if row.state == "running"} == {"meta"})
            assert len(letters(rig)) == 5
            router.publish(2, {"meta": rig.plan(), "other": rig.plan("other")})
            await until(lambda: ended(rig) and not waiting(rig))

    run(work())
    assert sorted(sent(meta)) == sorted([f"meta{n}" for n in range(1, 6)] + [f"other{n}" for n in range(6, 11)])
    assert letters(rig) == []


def test_what_was_handed_over_waits_while_the_tag_is_stopped(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 120)
    rig.tuning = dataclasses.replace(rig.tuning, stopped_probe_s=1000.0)

    async def work() -> None:
        meta.behave(BAD_TOKEN)
        rig.ask(replay())
        async with rig.router(rig.plan(max_items=10, concurrency=1)) as router:
            await until(lambda: router.status()["meta"].state == "stopped")
            assert 0 < len(waiting(rig)) <= 120
            assert len(letters(rig)) + len(waiting(rig)) == 120
            meta.behave(Behaviour())
            router.publish(1, {"meta": rig.plan(max_items=10)})
            await until(lambda: ended(rig) and not waiting(rig))

    run(work())
    assert letters(rig) == []
    assert set(meta.counts.values()) == {2}  # Once when it was refused, once by the replay.


def test_a_stopped_tag_without_a_backlog_is_tried_with_the_replay(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 30)

    async def work() -> None:
        async with rig.router(rig.plan(max_items=10)) as router:
            router._lanes["meta"].dispatcher.circuit.fail(0.0, 0.0, "down")
            rig.ask(replay())
            await until(lambda: ended(rig) and not waiting(rig))

    run(work())
    assert sorted(sent(meta)) == sorted(ids(1, 31))


def test_a_restart_goes_on_where_it_stopped(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 400)
    rig.tuning = dataclasses.replace(rig.tuning, replay_items=20)

    async def work() -> None:
        rig.ask(replay())
        for _ in range(4):
            async with rig.router(rig.plan(max_items=10, concurrency=2), deadline_s=0.0):
                seen = len(sent(meta))
                await until(lambda seen=seen: len(sent(meta)) >= seen + 40)  # type: ignore[misc]
        async with rig.router():
            await until(lambda: ended(rig) and not waiting(rig))

    run(work())
    assert set(sent(meta)) == set(ids(1, 401))
    assert counts(rig) == {"replayed": 400}
    assert letters(rig) == []


def test_a_tag_that_was_removed_is_counted(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 5)

    async def work() -> None:
        rig.ask(replay())
        async with rig.router(rig.plan("other")):
            await until(lambda: ended(rig))

    run(work())
    assert counts(rig) == {"no_tag": 5}
    assert len(letters(rig)) == 5
    assert sent(meta) == []


def test_a_mistake_of_ours_ends_one_replay_and_no_other(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 5)

    async def work() -> None:
        rig.add(outcome("x", TagRun("other", "failed", "error: boom")))
        async with rig.router(rig.plan(), rig.plan("other")) as router:
            await until(lambda: router.upto() == 6)
            rig.outcomes[6] = outcome("x", fired("other", meta_event("x"), expires_s="soon"))  # type: ignore[arg-type]
            rig.ask(Replay(selection=replay().selection))
            await until(lambda: ended(rig) and len(sent(meta)) == 5)

    run(work())
    assert {row.tag: row.state for row in jobs(rig)} == {"": "done", "meta": "done", "other": "failed"}
