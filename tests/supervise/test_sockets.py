"""Listeners, and the wire between an edge and its router."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator

import pytest

from runtime.errors import LogUnavailable, OperatorError
from runtime.supervise.sockets import Wire, listen, turn_away
from runtime.supervise.trimming import DAY_US, drop_old, read_trims, send_trims


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.edge.close()
    made.router.close()


def test_a_listener_takes_connections_before_anybody_serves() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname(), timeout=5) as client:
        assert client.getpeername() == listener.getsockname()
        assert listener.get_inheritable()


def test_a_listener_may_be_ipv6() -> None:
    with listen("::1", 0) as listener:
        assert listener.family is socket.AF_INET6


def test_a_taken_port_is_told_with_what_to_do() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError) as error:
            listen("127.0.0.1", port)
    assert str(error.value) == (
        f"Cannot listen on 127.0.0.1:{port}: Address already in use. Stop what uses the port, or give another --port."
    )


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(OperatorError, match=r"Cannot listen on 192\.0\.2\.1:"):
        listen("192.0.2.1", 0)


def test_nobody_new_is_let_in_and_who_is_in_the_queue_is_served() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname(), timeout=5) as early:
        turn_away(listener)
        with socket.socket() as late:
            late.settimeout(0.2)
            with pytest.raises(TimeoutError):
                late.connect(listener.getsockname())
        connection, _ = listener.accept()
        with connection:
            early.sendall(b"hit")
            assert connection.recv(10) == b"hit"


async def soon(holds: Callable[[], bool]) -> None:
    """Waits until the condition holds."""
    for _ in range(2000):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("not in time")


def test_commits_wake_the_router(wire: Wire) -> None:
    wakes: list[None] = []

    async def router() -> None:
        wire.on_commit(lambda: wakes.append(None))
        wire.committed(1)
        await soon(lambda: len(wakes) == 1)
        for seq in range(2, 50):
            wire.committed(seq)
        await soon(lambda: len(wakes) >= 2)
        asyncio.get_running_loop().remove_reader(wire.router)

    asyncio.run(router())


def test_wake_ups_of_a_router_that_is_away_are_dropped_and_it_still_wakes(wire: Wire) -> None:
    for seq in range(300_000):  # more than the socket holds
        wire.committed(seq)
    test_commits_wake_the_router(wire)


class Log:
    """Remembers what it was told to delete; the first time it cannot."""

    def __init__(self, fails: int = 0) -> None:
        self.trims: list[tuple[int, int]] = []
        self.fails = fails

    async def trim(self, upto: int, before_us: int) -> int:
        self.trims.append((upto, before_us))
        if len(self.trims) <= self.fails:
            raise LogUnavailable("the log cannot be written")
        return 3


async def while_running(work: Awaitable[None], *more: Awaitable[None], holds: Callable[[], bool]) -> None:
    """Runs until the condition holds, then cancels."""
    tasks = [asyncio.ensure_future(each) for each in (work, *more)]
    await soon(holds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_the_router_says_how_far_and_the_edge_trims(wire: Wire) -> None:
    log, cursor = Log(fails=1), iter(range(40, 1000))
    sends = send_trims(wire, lambda: next(cursor), 2.0, every_s=0.001)
    asyncio.run(while_running(sends, read_trims(wire, log.trim), holds=lambda: len(log.trims) >= 3))
    assert log.trims[0][0] >= 40
    assert [upto for upto, _ in log.trims] == sorted(upto for upto, _ in log.trims)
    times = [before for _, before in log.trims]
    assert times == sorted(times)
    assert times[-1] > 1_700_000_000_000_000 - 2 * DAY_US


def test_a_backlog_of_trims_counts_as_its_last_one(wire: Wire) -> None:
    log, sent = Log(), iter(range(1, 100_000))
    last = 0

    def cursor() -> int:
        nonlocal last
        last = next(sent)
        return last

    async def both() -> None:
        # The edge is away while the router goes on, past what the socket holds.
        await while_running(send_trims(wire, cursor, 1.0, every_s=0), holds=lambda: last > 2000)
        await while_running(read_trims(wire, log.trim), holds=lambda: bool(log.trims) and _is_empty(wire))

    asyncio.run(both())
    told = [upto for upto, _ in log.trims]
    assert told == sorted(told)
    assert len(told) < last
    assert told[-1] <= last


def _is_empty(wire: Wire) -> bool:
    try:
        return not wire.edge.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True


def test_an_edge_whose_router_is_gone_stops_reading(wire: Wire) -> None:
    wire.router.close()
    asyncio.run(asyncio.wait_for(read_trims(wire, Log().trim), 10))


def test_files_of_its_own_are_cleaned_slice_by_slice_until_nothing_is_left() -> None:
    left, calls = [5], []

    def drop(upto: int, before_us: int) -> int:
        calls.append((upto, before_us))
        if len(calls) == 2:
            raise LogUnavailable("busy")
        gone = min(2, left[0])
        left[0] -= gone
        return gone

    work = drop_old(drop, lambda: 7, 1.0, every_s=0.001)
    asyncio.run(while_running(work, holds=lambda: left[0] == 0 and len(calls) > 5))
    assert {upto for upto, _ in calls} == {7}
