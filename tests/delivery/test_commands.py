"""Commands: each is carried out once, by the shard it is about; one that nobody knows holds up nothing else."""

from __future__ import annotations

from typing import NoReturn

import pytest

from runtime.errors import FormatTooNew
from runtime.model.command import Cancel, Discard, LiftQuarantine, Reroute
from runtime.store.control import CommandRow
from tests.delivery.asked import answers, counts, ended, letters
from tests.delivery.rig import Rig, fired, meta_event, outcome, run, until
from tests.delivery.test_replay import bury_all, replay, sent
from tests.support.fake_meta import FakeMeta


def test_a_restart_carries_no_command_out_again(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 3)

    async def work() -> None:
        rig.ask(replay("all"))
        for _ in range(3):
            async with rig.router():
                await until(lambda: ended(rig) and len(sent(meta)) == 3)
        rig.ask(replay("all"))
        async with rig.router():
            await until(lambda: ended(rig, 2) and len(sent(meta)) == 6)

    run(work())
    assert list(answers(rig)) == [1, 2]


def test_what_is_none_of_this_shards_business_is_answered_all_the_same(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        rig.ask(replay(shard=7))
        rig.ask(replay("undelivered", tag="other"))
        rig.ask(Cancel(command=1))
        rig.ask(Reroute(of="other", version=1))
        rig.ask(Reroute(of="meta", version=1))
        rig.ask(Discard(of="meta"))
        rig.ask(Discard(of="never"))
        rig.ask(LiftQuarantine(script="client/pixel@12"))
        async with rig.router():
            await until(lambda: 8 in answers(rig))

    run(work())
    assert all("nothing_to_do" in answers(rig)[number] for number in range(1, 8))
    assert rig.lifted == ["client/pixel@12"]
    assert answers(rig)[8] == {"lifted": True}


def test_the_backlog_of_a_removed_tag_is_given_up_and_counted(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        rig.add(*(outcome(f"g{n}", fired("gone", meta_event(f"g{n}"))) for n in range(5)))
        async with rig.router(rig.plan("gone", paused=True)) as router:
            await until(lambda: router.place == 5)
        async with rig.router(rig.plan(), live=2) as router:
            rig.add(outcome("late", fired("gone", meta_event("late"))))
            router.wake()
            await until(lambda: router.place == 6)
            assert router.upto() == 0
            rig.ask(Discard(of="gone"))
            await until(lambda: router.upto() == 6)

    run(work())
    assert answers(rig) == {1: {"discarded": 5}}
    reader = rig.reader()
    assert reader.counts(1, 1 << 40)["discarded", "gone"] == 6
    assert set(reader.cursors()) == {"", "meta"}
    reader.close()


def test_a_command_of_an_unknown_kind_stops_neither_delivery_nor_what_came_before(
    rig: Rig, meta: FakeMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    bury_all(rig, meta, 2)
    known = rig.command_after

    def next_command(number: int) -> CommandRow | None:
        return unknown() if number == 1 else known(number)

    def unknown() -> NoReturn:
        raise FormatTooNew("Command 2 cannot be read: no such kind.")

    rig.command_after = next_command  # type: ignore[method-assign]

    async def work() -> None:
        rig.ask(replay())
        async with rig.router() as router:
            await until(lambda: ended(rig) and len(sent(meta)) == 2)
            rig.add_events(["live"])
            router.wake()
            await until(lambda: router.upto() == 3)

    run(work())
    assert counts(rig) == {"replayed": 2}
    assert letters(rig) == []
    assert capsys.readouterr().out.count("commands_wait") == 1
