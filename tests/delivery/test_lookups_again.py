"""Hits with look-ups that are run again: replayed, rerouted, by a tag that lags. What is recorded decides; what another
version needs besides is asked for, recorded, and decides from then on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.model.command import Reroute
from runtime.model.delivery import Disposition, Verdict
from tests.delivery.asked import answers, counts, ended, waiting
from tests.delivery.asking import AskingRig, Oracle, found, settled
from tests.delivery.rig import ids, run, sent_ids, until
from tests.delivery.test_replay import replay
from tests.support.fake_meta import BAD_TOKEN, FakeMeta
from tests.support.vendor import Behaviour


@pytest.fixture
def oracle() -> Iterator[Oracle]:
    server = Oracle()
    with server:
        yield server


@pytest.fixture
def rig(tmp_path: Path, meta: FakeMeta, oracle: Oracle) -> AskingRig:
    rig = AskingRig(tmp_path, meta, oracle=oracle)
    rig.ttl_s = 0  # Whoever asks again gets another number.
    return rig


def test_a_replay_sends_what_was_recorded(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    rig.add_asking(*((f"/{n}",) for n in range(30)))

    async def work() -> None:
        async with rig.router() as router:
            await settled(router, 30)
            await until(lambda: len(meta.events) == 30)
        async with rig.router():
            rig.ask(replay("all"))
            await until(lambda: ended(rig) and len(meta.events) == 60)

    run(work())
    assert len(oracle.requests) == 30
    assert all(found(meta, id) == [rig.recorded(int(id[1:]))] * 2 for id in ids(1, 31))


@pytest.mark.parametrize("dies", [False, True])
def test_a_replay_by_the_live_version_asks_first(rig: AskingRig, meta: FakeMeta, oracle: Oracle, dies: bool) -> None:
    rig.add_asking(*((f"/{n}",) for n in range(12)))
    rig.asks_of_version = {2: ("/live", "/live-too")}

    async def work() -> None:
        async with rig.router() as router:
            await settled(router, 12)
            await until(lambda: len(meta.events) == 12)
        if dies:
            oracle.behave(Behaviour("reset"))
        async with rig.router(live=2):
            rig.ask(replay("all", version="current"))
            await until(lambda: ended(rig) and len(meta.events) == 24)

    run(work())
    assert counts(rig) == {"replayed": 12}
    for id in ids(1, 13):
        first, second = found(meta, id)
        assert second == rig.recorded(int(id[1:])) | first
        assert second.keys() - first.keys() == {"/live", "/live-too"}
        assert not dies or second["/live"] in ("reset", "host_down")


def test_a_replay_leaves_a_hit_that_waits_alone(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    oracle.behave(Behaviour(after_s=0.5))
    rig.add_asking(("/a",), ())

    async def work() -> None:
        async with rig.router() as router:
            await until(lambda: rig.is_waiting(1) and len(meta.events) == 1)
            rig.ask(replay("all"))
            await until(lambda: ended(rig))
            await settled(router, 2)
            await until(lambda: "e1" in sent_ids(meta))
            await asyncio.sleep(0.1)

    run(work())
    assert counts(rig) == {"waiting": 1, "replayed": 1}
    assert sorted(sent_ids(meta)) == ["e1", "e2", "e2"]


def test_a_stopped_backlog_is_rerouted_with_what_the_live_version_asks(
    rig: AskingRig, meta: FakeMeta, oracle: Oracle
) -> None:
    rig.add_asking(*((f"/{n}",) if n % 3 == 0 else () for n in range(30)))
    rig.asks_of_version = {2: ("/live",)}

    async def work() -> None:
        meta.behave(BAD_TOKEN)
        async with rig.router(rig.plan(max_items=10), deadline_s=0) as router:
            await until(lambda: router.place == 30 and not any(rig.is_waiting(seq) for seq in range(1, 31)))
            await until(lambda: router.status()["meta"].state == "stopped")
        async with rig.router(rig.plan(max_items=10), live=2) as router:
            rig.ask(Reroute(of="meta", version=1))
            await until(lambda: 1 in answers(rig))
            meta.requests.clear()
            meta.behave()
            await until(lambda: set(sent_ids(meta)) == set(ids(1, 31)))
            await settled(router, 30)

    run(work())
    for id in ids(1, 31):
        assert found(meta, id)[-1] == rig.recorded(int(id[1:]))
        assert "/live" in rig.recorded(int(id[1:]))


def test_a_parked_item_is_made_anew_once_the_answer_is_there(rig: AskingRig, meta: FakeMeta, oracle: Oracle) -> None:
    rig.add_asking(*((f"/{n}",) for n in range(5)))
    rig.asks_of_version = {2: ("/live",)}
    later = Verdict(Disposition.RETRY, "later", retry_after_s=1.0)

    async def work() -> None:
        rig.judge = lambda tag, response, batch: Verdict(Disposition.DELIVERED, items=dict.fromkeys(range(5), later))
        async with rig.router() as router:
            await settled(router, 5)
            await until(lambda: len(meta.events) == 5)
        assert waiting(rig) == ids(1, 6)
        rig.judge = None
        oracle.behave(Behaviour(after_s=0.3))
        async with rig.router(live=2):
            rig.ask(Reroute(of="meta", version=1))
            await until(lambda: len(meta.events) == 10 and not waiting(rig))

    run(work())
    for id in ids(1, 6):
        assert found(meta, id)[-1] == rig.recorded(int(id[1:]))
        assert "/live" in found(meta, id)[-1]


def test_what_was_handed_over_goes_out_no_second_time_after_a_restart(
    rig: AskingRig, meta: FakeMeta, oracle: Oracle
) -> None:
    """The tag's cursor stands before the hit, because of one that hangs."""
    rig.add_asking((), ("/a",), ())

    async def work() -> None:
        meta.then(Behaviour("hang"))
        async with rig.router(rig.plan(max_items=1, timeout_s=30.0), deadline_s=0) as router:
            await until(lambda: sorted(sent_ids(meta)) == ["e2", "e3"] and not waiting(rig) and not rig.is_waiting(2))
            assert router.upto() == 0
        async with rig.router() as router:
            await settled(router, 3)

    run(work())
    assert len(found(meta, "e2")) == 1
    assert len(found(meta, "e1")) == 1


def test_a_hit_that_went_on_before_its_version_was_heard_of_loses_no_tag(
    rig: AskingRig, meta: FakeMeta, oracle: Oracle
) -> None:
    rig.tags = ("meta", "new")
    rig.add_asking(("/a",), (), version=2)

    async def work() -> None:
        async with rig.router() as router:
            await until(lambda: rig.summaries(1) and rig.summaries(2))
            router.publish(2, {tag: rig.plan(tag) for tag in rig.tags})
            await settled(router, 2)
            await until(lambda: len(meta.events) == 4)

    run(work())
    assert sorted(sent_ids(meta)) == ["e1", "e1", "e2", "e2"]
