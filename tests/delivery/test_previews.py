"""Hits that are not live: run once for their summary, sent once where they send, and no concern of anything else."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import msgspec

from runtime.delivery import previews
from runtime.delivery.ports import Source
from runtime.delivery.replay_task import tags_of, task_of
from runtime.delivery.reroutes import Reroutes
from runtime.model.command import Replay, Selection
from runtime.model.delivery import Batch, Envelope
from runtime.model.event import Dead, EventRun, Outcome, TagRun
from runtime.model.hit import LoggedHit
from runtime.store.delivery_reader import Attempt
from runtime.store.delivery_rows import NOT_SENT, SENT_ONCE, EventFlag, EventRow
from runtime.store.event_search import EventQuery
from tests.delivery.rig import Rig, fired, ids, meta_event, outcome, run, sent_ids, until
from tests.support.fake_meta import FakeMeta, unavailable


def add(rig: Rig, *made: Outcome, sends: bool = False, environment: str = "preview", version: int = -3) -> None:
    """Logs a hit that is not live for each outcome."""
    rig.add(*made, version=version)
    for place in range(len(rig.log) - len(made), len(rig.log)):
        logged = rig.log[place]
        hit = msgspec.structs.replace(logged.hit, environment=environment, preview="session", sends=sends)
        rig.log[place] = LoggedHit(0, logged.seq, hit)


def event(id: str, tag: str = "meta") -> Outcome:
    return outcome(id, fired(tag, meta_event(id)))


def rows(rig: Rig) -> dict[int, EventRow]:
    reader = rig.reader()
    try:
        return {row.seq: row for row in [*reader.find().rows, *reader.find(EventQuery(previews=True)).rows]}
    finally:
        reader.close()


def attempts(rig: Rig, **options: Any) -> list[Attempt]:
    reader = rig.reader()
    try:
        return reader.attempts(**options)
    finally:
        reader.close()


def figures(rig: Rig) -> dict[tuple[str, str], int]:
    reader = rig.reader()
    try:
        assert reader.dead_letters() == []
        assert reader.retries() == []
        return reader.counts(0, 1 << 40) | {(f"total {name}", label): n for (name, label), n in reader.totals().items()}
    finally:
        reader.close()


def test_without_sends_nothing_goes_out_and_no_figure_knows_of_it(rig: Rig, meta: FakeMeta) -> None:
    runs = (
        fired("meta", meta_event("p")),
        TagRun("other", "denied", "ad_storage"),
        TagRun("third", "failed", "cpu: x"),
    )
    quiet = TagRun("fourth", "not_triggered")

    async def work() -> None:
        rig.plan_of = lambda version, tag: rig.plan(tag)
        add(rig, outcome("p", *runs, quiet), Outcome(dead=(Dead("bad_json", "No."),)), environment="staging")
        add(rig, event("q"))
        async with rig.router() as router:
            await until(lambda: router.upto() == 3)

    run(work())
    assert meta.requests == []
    assert figures(rig) == {}
    found = rows(rig)
    assert msgspec.json.decode(found[1].tags) == {
        "meta": NOT_SENT,
        "other": "denied: ad_storage",
        "third": "failed: cpu: x",
    }
    assert found[1].flags == EventFlag.PREVIEW | EventFlag.DENIED | EventFlag.FAILED
    assert (found[2].pos, found[2].flags) == (-1, EventFlag.PREVIEW | EventFlag.DEAD)
    assert found[3].flags == EventFlag.PREVIEW


def test_live_hits_between_them_are_delivered_and_counted_alone(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        for n in range(40):
            rig.add_events([f"live{n}"])
            add(rig, event(f"draft{n}"))
        async with rig.router() as router:
            await until(lambda: router.upto() == 80)

    run(work())
    assert sorted(sent_ids(meta)) == sorted(f"live{n}" for n in range(40))
    counts = figures(rig)
    assert counts["received", "json"] == counts["delivered", "meta"] == counts["fired", "meta"] == 40
    reader = rig.reader()
    assert {row.event_id for row in reader.find(limit=100).rows} == {f"live{n}" for n in range(40)}
    assert {row.event_id for row in reader.find(EventQuery(previews=True), limit=100).rows} == {
        f"draft{n}" for n in range(40)
    }
    reader.close()


def test_with_sends_each_item_goes_once_by_its_own_versions_request(rig: Rig, meta: FakeMeta) -> None:
    asked: list[tuple[str, Batch]] = []
    plain = rig.request

    def request(tag: str, batch: Batch) -> Envelope:
        asked.append((tag, batch))
        return plain(tag, batch)

    rig.request = request  # type: ignore[method-assign]
    rig.plan_of = lambda version, tag: rig.plan(tag, max_items=50)

    async def work() -> None:
        add(rig, *(event(f"s{n}", tag="of-the-draft") for n in range(12)), sends=True)
        async with rig.router() as router:
            await until(lambda: len(meta.events) == 12)
            assert router.upto() == 12

    run(work())
    assert sorted(meta.counts.items()) == sorted((f"s{n}", 1) for n in range(12))
    assert {(tag, batch.version, batch.count) for tag, batch in asked} == {("of-the-draft", -3, 1)}
    made = attempts(rig)
    assert {(one.row.count, one.row.version, one.row.disposition) for one in made} == {(1, -3, "delivered")}
    assert sorted(one.members for one in made) == [((seq, 0),) for seq in range(1, 13)]
    assert len(attempts(rig, live=False)) == 12
    assert attempts(rig, live=True) == []
    assert figures(rig) == {}
    assert msgspec.json.decode(rows(rig)[1].tags) == {"of-the-draft": SENT_ONCE}


def test_what_fails_is_not_tried_again_and_stops_nobody(rig: Rig, meta: FakeMeta) -> None:
    rig.plan_of = lambda version, tag: rig.plan(tag)

    async def work() -> None:
        meta.then(*[unavailable(1)] * 3)
        add(rig, *(event(f"s{n}") for n in range(3)), sends=True)
        async with rig.router() as router:
            await until(lambda: len(meta.requests) == 3)
            assert router.status()["meta"].state == "closed"
            rig.add_events(ids(0, 5))
            router.wake()
            await until(lambda: router.upto() == 8)

    run(work())
    assert sorted(sent_ids(meta)) == sorted(ids(0, 5))
    assert sorted((one.row.disposition, one.row.status) for one in attempts(rig, live=False)) == [("retry", 503)] * 3


def test_a_draft_that_cannot_be_loaded_holds_up_nobody(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        add(rig, event("x"), sends=True)
        rig.waits.add(1)
        rig.add_events(ids(0, 3))
        async with rig.router() as router:
            await until(lambda: router.upto() == 4)

    run(work())
    assert sorted(sent_ids(meta)) == ids(0, 3)
    assert rows(rig)[1].flags == EventFlag.PREVIEW | EventFlag.DEAD


def test_a_hanging_destination_of_a_preview_leaves_live_alone_and_is_bounded(rig: Rig, meta: FakeMeta) -> None:
    """Far more previews than go at once, to a vendor that does not answer them: live events pass meanwhile."""
    gate = asyncio.Event()
    most = 0

    async def work() -> None:
        nonlocal most
        in_flight = 0
        rig.plan_of = lambda version, tag: rig.plan(tag)
        under = rig.sender()

        async def send(request: Any) -> Any:
            nonlocal in_flight, most
            if b"draft" not in request.body:
                return await under.send(request)
            in_flight += 1
            most = max(most, in_flight)
            await gate.wait()
            in_flight -= 1
            return await under.send(request)

        rig.sender = lambda: _Sender(send, under)  # type: ignore[method-assign,assignment,return-value]
        add(rig, *(event(f"draft{n}") for n in range(previews.WAITING + 50)), sends=True)
        rig.add_events(ids(0, 20))
        async with rig.router(deadline_s=0.1) as router:
            await until(lambda: len(meta.counts) == 20)
            await until(lambda: router.upto() == previews.WAITING + 70)

    run(work())
    assert sorted(sent_ids(meta)) == sorted(ids(0, 20))
    assert most == previews.AT_ONCE
    told = [one.row.reason for one in attempts(rig, live=False, limit=1000)]
    assert len(told) == previews.WAITING + 50
    assert {*told} <= {"too_many_previews", "stopped"}


class _Sender:
    def __init__(self, send: Any, under: Any) -> None:
        self.send, self._under = send, under

    async def aclose(self) -> None:
        await self._under.aclose()


def test_a_restart_sends_nothing_again(rig: Rig, meta: FakeMeta) -> None:
    rig.plan_of = lambda version, tag: rig.plan(tag)

    async def first() -> None:
        add(rig, *(event(f"s{n}") for n in range(6)), sends=True)
        async with rig.router():
            await until(lambda: len(meta.counts) == 6)

    async def second() -> None:
        add(rig, event("later"), sends=True)
        async with rig.router() as router:
            await until(lambda: "later" in meta.counts)
            assert router.upto() == 7

    run(first())
    run(second())
    assert set(meta.counts.values()) == {1}
    assert len(meta.counts) == 7


def test_a_tag_that_lags_behind_passes_them_over(rig: Rig, meta: FakeMeta) -> None:
    rig.tuning = dataclasses.replace(rig.tuning, queue_items=5)

    async def work() -> None:
        meta.down()
        for n in range(30):
            rig.add_events([f"live{n}"])
            add(rig, event(f"draft{n}"), version=1, environment="staging")
        async with rig.router(rig.plan(max_items=2)) as router:
            await until(lambda: router.place == 60 and router.status()["meta"].lag > 0)
            meta.up()
            await until(lambda: router.upto() == 60)

    run(work())
    assert sorted(sent_ids(meta)) == sorted(f"live{n}" for n in range(30))
    assert figures(rig)["delivered", "meta"] == 30


def test_a_replay_of_everything_never_includes_them(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        rig.add_events(ids(0, 3))
        add(rig, *(event(f"draft{n}") for n in range(4)), version=1, environment="staging")
        add(rig, *(event(f"more{n}") for n in range(4)))
        async with rig.router() as router:
            await until(lambda: router.upto() == 11)
            rig.ask(Replay(selection=Selection(which="all"), rate=1000))
            await until(lambda: len(meta.events) == 6)
            rig.ask(Replay(selection=Selection(which="all", seq=5, shard=0), rate=1000))
            rig.add_events(["last"])
            router.wake()
            await until(lambda: "last" in meta.counts)
            await asyncio.sleep(0.2)

    run(work())
    assert meta.counts == {"e0": 2, "e1": 2, "e2": 2, "last": 1}
    reader = rig.reader()
    counted = [msgspec.json.decode(job.counts) for job in reader.replay.jobs()]
    assert sum(sum(counts.values()) for counts in counted) == 3
    assert reader.replay.lost_hits(Selection(until_us=1 << 60), 12) == 3
    reader.close()
    assert task_of(Replay(selection=Selection()), "meta", 0)
    assert tags_of(Selection(), {"meta"}, {"meta"}, set())


def test_a_reroute_does_not_touch_them() -> None:
    """A hit of an environment may have the version whose backlog was given to live."""
    asked: list[tuple[int, frozenset[str] | None]] = []

    def by(logged: LoggedHit, only: frozenset[str] | None) -> Outcome:
        asked.append((logged.hit.version, only))
        return Outcome(events=(EventRun(0, {}, {}, ()),))

    reroutes = Reroutes(Source(lambda after, n: [], by), {("meta", 1)}, lambda: 2)
    rig = Rig.__new__(Rig)
    rig.log, rig.outcomes = [], {}
    add(rig, event("x"), version=1, environment="staging")
    reroutes.source.run(rig.log[0], None)
    assert asked == [(1, None)]
