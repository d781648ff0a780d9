"""Look-ups in a router: hits wait and others go on, answers are recorded, failures too, and nobody waits for long."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.delivery.lookups import MOST_ROUNDS
from runtime.model.delivery import Batch, Envelope
from runtime.model.lookup import Answer, encode_answer
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_rows import LookupRow, Settlement
from tests.delivery.asking import AskingRig, Oracle, found, settled
from tests.delivery.rig import ids, run, sent_ids, until
from tests.support.fake_meta import FakeMeta
from tests.support.vendor import Behaviour, status


@pytest.fixture
def oracle() -> Iterator[Oracle]:
    server = Oracle()
    with server:
        yield server


@pytest.fixture
def rig(tmp_path: Path, meta: FakeMeta, oracle: Oracle) -> AskingRig:
    return AskingRig(tmp_path, meta, oracle=oracle)


def test_a_hit_waits_for_its_answer_and_is_counted_once(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    oracle.behave(Behaviour(after_s=0.3))
    rig.add_asking(("/a",), (), ("/b", "/c"))

    async def work() -> None:
        async with rig.router() as router:
            await until(lambda: sent_ids(meta) == ["e2"])
            await until(lambda: router.place == 3 and rig.is_waiting(1) and rig.is_waiting(3))
            assert router.upto() == 0
            assert rig.summaries(1) == []
            await until(lambda: sorted(sent_ids(meta)) == ids(1, 4))
            await settled(router, 3)

    run(work())
    assert found(meta, "e1") == [rig.recorded(1)] == [{"/a": '{"number": 1}'}]
    assert found(meta, "e3") == [rig.recorded(3)]
    assert rig.recorded(3).keys() == {"/b", "/c"}
    assert [len(rig.summaries(seq)) for seq in (1, 2, 3)] == [1, 1, 1]
    assert rig.total("received", "json") == rig.total("events") == rig.total("delivered", "meta") == 3
    assert not rig.is_waiting(1)


def test_equal_look_ups_share_a_request_and_a_fresh_answer_needs_no_waiting(
    rig: AskingRig, meta: FakeMeta, oracle: Oracle
) -> None:
    oracle.behave(Behaviour(after_s=0.1))
    rig.add_asking(("/a",), ("/a",), ("/a",))

    async def work() -> None:
        async with rig.router() as router:
            await settled(router, 3)
            rig.add_asking(("/a",), ("/a",))
            router.wake()
            await settled(router, 5)
            await until(lambda: len(meta.events) == 5)

    run(work())
    assert oracle.asked() == ["/a"]
    assert [rig.recorded(seq) for seq in range(1, 6)] == [{"/a": '{"number": 1}'}] * 5
    assert sent_ids(meta)[3:] == ["e4", "e5"]
    assert rig.runs.count((4, None)) == 1


def test_an_answer_is_asked_for_again_after_its_time(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    rig.ttl_s = 0
    rig.add_asking(("/a",))

    async def work() -> None:
        async with rig.router() as router:
            await settled(router, 1)
            rig.add_asking(("/a",))
            router.wake()
            await settled(router, 2)
            await until(lambda: len(meta.events) == 2)

    run(work())
    assert [rig.recorded(1), rig.recorded(2)] == [{"/a": '{"number": 1}'}, {"/a": '{"number": 2}'}]


@pytest.mark.parametrize(
    ("behaviour", "what"),
    [
        (Behaviour("hang"), "timeout"),
        (Behaviour("reset"), "reset"),
        (status(200, b"x" * 70_000), "too_large"),
        (status(302, b"", location="http://127.0.0.1:1/"), ""),
        (status(500, b"no"), "no"),
    ],
)
def test_what_went_wrong_is_recorded(
    rig: AskingRig, meta: FakeMeta, oracle: Oracle, behaviour: Behaviour, what: str
) -> None:
    oracle.behave(behaviour)
    rig.timeout_ms = 300
    rig.add_asking(("/a",))

    async def work() -> None:
        async with rig.router() as router:
            await settled(router, 1)
            await until(lambda: sent_ids(meta) == ["e1"])

    run(work())
    assert found(meta, "e1") == [rig.recorded(1)] == [{"/a": what}]


def test_an_address_that_is_not_allowed_is_refused(rig: AskingRig, meta: FakeMeta) -> None:
    rig.asked_at = "http://169.254.169.254"
    rig.add_asking(("/a",))

    async def work() -> None:
        async with rig.router() as router:
            await settled(router, 1)
            await until(lambda: sent_ids(meta) == ["e1"])

    run(work())
    assert rig.recorded(1) == {"/a": "address_refused"}


def test_a_later_look_up_follows_from_an_answer(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    rig.add_asking(("/a", "/b", "/c"))

    async def work() -> None:
        async with rig.router() as router:
            await settled(router, 1)
            await until(lambda: sent_ids(meta) == ["e1"])

    run(work())
    assert oracle.asked() == ["/a", "/b", "/c"]
    assert found(meta, "e1") == [rig.recorded(1)]


def test_rounds_are_bounded_and_what_is_missing_then_has_failed(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    paths = tuple(f"/{n}" for n in range(MOST_ROUNDS + 3))
    rig.add_asking(paths)

    async def work() -> None:
        async with rig.router() as router:
            await settled(router, 1)
            await until(lambda: sent_ids(meta) == ["e1"])

    run(work())
    assert oracle.asked() == list(paths[:MOST_ROUNDS])
    assert [rig.recorded(1)[path] for path in paths[MOST_ROUNDS:]] == ["too_many_rounds"] * 3


def test_a_dead_host_delays_nobody_for_long(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    oracle.behave(Behaviour("hang"))
    rig.timeout_ms = 200
    rig.tuning = dataclasses.replace(rig.tuning, lookup_pause_s=60.0, lookup_most_pause_s=60.0)
    rig.add_asking(*((f"/{n}",) for n in range(400)))

    async def work() -> None:
        async with rig.router() as router:
            await settled(router, 400)
            asked = len(oracle.requests)
            rig.add_asking(("/x",), ())
            router.wake()
            await settled(router, 402)
            assert len(oracle.requests) == asked
            assert rig.runs.count((401, None)) == 2  # At once: it never waited.
            await until(lambda: len(meta.events) == 402)

    run(work())
    assert len(oracle.requests) < 3 * rig.tuning.lookups_at_once  # Of 401 that would have waited for 200 ms each.
    failures = [*rig.recorded(1).values(), *rig.recorded(400).values(), *rig.recorded(401).values()]
    assert failures == ["timeout", "host_down", "host_down"] or failures == ["timeout", "timeout", "host_down"]


def test_a_host_that_is_back_is_asked_again(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    oracle.behave(Behaviour("reset"))
    rig.tuning = dataclasses.replace(rig.tuning, lookup_pause_s=0.05, lookup_most_pause_s=0.05)
    rig.add_asking(*((f"/{n}",) for n in range(20)))

    async def work() -> None:
        async with rig.router() as router:
            await settled(router, 20)
            oracle.behave()
            await asyncio.sleep(0.1)
            for n in range(21, 24):
                rig.add_asking((f"/{n}",))
                router.wake()
                await settled(router, n)

    run(work())
    assert [json.loads(rig.recorded(n)[f"/{n}"])["number"] for n in range(21, 24)] == [1, 2, 3]


def test_so_many_hits_wait_and_no_more(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    oracle.behave(Behaviour("hang"))
    rig.timeout_ms = 400
    rig.tuning = dataclasses.replace(rig.tuning, waiting_hits=7, lookups_at_once=50, lookup_failures=1000)
    rig.add_asking(*((f"/{n}",) for n in range(20)))

    async def work() -> None:
        async with rig.router() as router:
            await until(lambda: len(oracle.requests) == 7)
            await asyncio.sleep(0.1)
            assert router.place == 7
            await settled(router, 20)
            await until(lambda: len(meta.events) == 20)

    run(work())


def test_a_tag_that_lags_sends_a_hit_that_waited_once(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    """Whether it came to the hit before the answer did, or after."""
    oracle.behave(Behaviour(after_s=0.25))
    rig.tags = ("meta", "slow")
    rig.tuning = dataclasses.replace(rig.tuning, queue_items=3)
    rig.add_asking(*((f"/{n // 10}",) if n % 10 == 0 else () for n in range(60)))
    slow = rig.plan("slow", max_items=1, concurrency=1)

    async def work() -> None:
        async with rig.router(rig.plan(), slow) as router:
            await settled(router, 60)
            await until(lambda: len(meta.events) >= 120)
            await asyncio.sleep(0.2)

    run(work())
    assert Counter(sent_ids(meta)) == dict.fromkeys(ids(1, 61), 2)
    assert rig.total("delivered", "slow") == rig.total("delivered", "meta") == 60


def test_a_version_that_is_new_to_the_router_loses_no_tag(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    """The hit waits while the version that brings one of its tags is not heard of yet."""
    oracle.behave(Behaviour(after_s=0.2))
    rig.tags = ("meta", "new")
    rig.add_asking(("/a",), (), version=2)

    async def work() -> None:
        async with rig.router() as router:
            await until(lambda: router.place == 2)
            router.publish(2, {tag: rig.plan(tag) for tag in rig.tags})
            await settled(router, 2)
            await until(lambda: len(meta.events) == 4)

    run(work())
    assert Counter(sent_ids(meta)) == {"e1": 2, "e2": 2}


def test_a_removed_tags_items_are_discarded_and_counted(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    oracle.behave(Behaviour(after_s=0.2))
    rig.tags = ("meta", "old")
    rig.add_asking(("/a",))

    async def work() -> None:
        async with rig.router(rig.plan(), rig.plan("old")) as router:
            await until(lambda: rig.is_waiting(1))
            router.publish(2, {"meta": rig.plan()})
            await until(lambda: rig.summaries(1))
            await until(lambda: sent_ids(meta) == ["e1"])

    run(work())
    assert rig.total("discarded", "old") == 1
    assert json.loads(rig.summaries(1)[0].tags) == {"meta": "fired", "old": "discarded"}


def test_a_router_that_stops_leaves_the_hit_to_the_next(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    oracle.behave(Behaviour("hang"))
    rig.timeout_ms = 60_000
    rig.add_asking(("/a",), ())

    async def work() -> None:
        async with rig.router(deadline_s=0.1):
            await until(lambda: rig.is_waiting(1) and sent_ids(meta) == ["e2"])
        oracle.behave()
        async with rig.router() as router:
            assert router.upto() == 0
            await settled(router, 2)
            await until(lambda: len(meta.events) == 2)

    run(work())
    assert found(meta, "e1") == [rig.recorded(1)]
    assert rig.total("events") == 2


def test_nothing_leaves_before_its_answer_is_written(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    """Of a hit that takes a fresh answer, in turn."""
    rig.tuning = dataclasses.replace(rig.tuning, settle_s=30.0)
    rig.add_asking(("/a",), ("/a",), ("/a",))
    before: list[tuple[str, bool]] = []
    send = rig.request

    def request(tag: str, batch: Batch) -> Envelope:
        with contextlib.closing(sqlite3.connect(rig.path)) as file:
            seqs = {seq for (seq,) in file.execute("SELECT seq FROM lookup WHERE key <> ''")}
        before.append((batch.key, {2, 3} <= seqs))
        return send(tag, batch)

    rig.request = request  # type: ignore[method-assign]

    async def work() -> None:
        store = DeliveryStore(rig.path)
        row = LookupRow(1, "key/a", encode_answer(Answer(1, 200, "old")), 1)
        store.settle(Settlement(lookups={1: {"key/a": row}}))
        store.close()
        async with rig.router() as router:
            router._lookups._cache.put("key/a", row.value, 60.0)
            await until(lambda: len(meta.events) == 3)

    run(work())
    assert before
    assert all(written for _, written in before)


def test_answers_are_pruned_with_their_hits(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    rig.add_asking(("/a",), ("/b",))

    async def work() -> None:
        async with rig.router() as router:
            await settled(router, 2)
            await until(lambda: len(meta.events) == 2)

    run(work())
    with contextlib.closing(DeliveryStore(rig.path)) as store:
        later_ms = int(time.time() * 1000) + 1000
        store.prune(later_ms, 1)
        assert store.lookups.of(1) == {}
        assert store.lookups.of(2) != {}
