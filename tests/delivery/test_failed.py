"""A router whose part ends by a mistake of ours says so, instead of standing still while hits are acknowledged."""

from __future__ import annotations

from runtime.model.hit import LoggedHit
from tests.delivery.rig import Rig, ids, run, until


def test_a_task_that_ends_by_an_error_is_told(rig: Rig) -> None:
    def read(after: int, limit: int) -> list[LoggedHit]:
        raise RuntimeError("a mistake of ours")

    async def work() -> None:
        rig.add_events(ids(0, 1))
        rig.read = read  # type: ignore[method-assign]
        async with rig.router() as router:
            router.wake()
            await until(router.failed.is_set)

    run(work())


def test_a_router_at_work_has_not_failed(rig: Rig) -> None:
    async def work() -> None:
        rig.add_events(ids(0, 5))
        async with rig.router() as router:
            router.wake()
            await until(lambda: router.upto() == 5)
            assert not router.failed.is_set()

    run(work())
