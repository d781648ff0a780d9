from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from runtime.http.names import Names

ANSWER = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 443))]


class Resolver:
    """Hangs on names that begin with `slow` until it is let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = threading.Event()

    def __call__(self, host: str, port: int, **more: Any) -> Sequence[Any]:
        self.asked.append(host)
        if host.startswith("slow"):
            self.go.wait(20)
        if host.endswith("unknown"):
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return ANSWER


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    made = Resolver()
    monkeypatch.setattr("runtime.http.names.socket.getaddrinfo", made)
    return made


def test_names_that_hang_keep_no_other_waiting(resolver: Resolver) -> None:
    async def work() -> None:
        names = Names()
        slow = [asyncio.create_task(names.find(f"slow{n}.example", 443)) for n in range(60)]
        await asyncio.sleep(0)
        for n in range(5):
            assert await asyncio.wait_for(names.find(f"good{n}.example", 443), 10) == ["192.0.2.7"]
        assert not any(task.done() for task in slow)
        resolver.go.set()
        assert await asyncio.gather(*slow) == [["192.0.2.7"]] * 60

    asyncio.run(work())


def test_a_name_is_asked_for_once_at_a_time_also_where_the_asker_gave_up(resolver: Resolver) -> None:
    async def work() -> None:
        names = Names()
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(names.find("slow.example", 443), 0.01)
        waiting = asyncio.create_task(names.find("slow.example", 443))
        await asyncio.sleep(0)
        resolver.go.set()
        assert await waiting == ["192.0.2.7"]
        assert resolver.asked == ["slow.example"]
        await names.find("slow.example", 443)
        assert resolver.asked == ["slow.example"] * 2, "an answer is not kept"

    asyncio.run(work())


def test_a_failure_is_told_to_each_and_forgotten(resolver: Resolver) -> None:
    async def work() -> None:
        names = Names()
        both = await asyncio.gather(*(names.find("unknown", 443) for _ in range(2)), return_exceptions=True)
        assert [type(error) for error in both] == [socket.gaierror] * 2
        assert resolver.asked == ["unknown"]

    asyncio.run(work())


def test_nobody_waits_for_a_name_at_the_end(resolver: Resolver) -> None:
    """The loop ends while the resolver still hangs, and its late answer disturbs nobody."""

    async def work() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(Names().find("slow.unknown", 443), 0.01)

    asyncio.run(work())
    hanging = [thread for thread in threading.enumerate() if thread.name == "names slow.unknown"]
    assert hanging
    assert all(thread.daemon for thread in hanging)
    resolver.go.set()
    for thread in hanging:
        thread.join(10)


def test_the_systems_resolver() -> None:
    assert "127.0.0.1" in asyncio.run(Names().find("localhost", 443))
    with pytest.raises(OSError):
        asyncio.run(Names().find("no-such-name.invalid", 443))
