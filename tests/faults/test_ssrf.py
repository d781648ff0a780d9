"""Every form of address that leads inside, through the real client: no socket is opened for any of them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

import pytest

from runtime.errors import AddressRefused
from runtime.http.transport import Sender
from runtime.model.delivery import Request
from tests.faults.conftest import Row
from tests.http.test_addresses import PRIVATE, TRICKS
from tests.support.vendor import Vendor, status


def as_literal(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def test_nothing_inside_is_reached(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []
    real = socket.socket

    def counted(*values: Any, **options: Any) -> socket.socket:
        opened.append(values)
        return real(*values, **options)

    urls = [*TRICKS, *(f"https://{as_literal(address)}/" for address in PRIVATE)]
    urls += [f"http://{as_literal(address)}:8081/" for address in PRIVATE]
    names = [("https://name.example/", address) for address in PRIVATE if "%" not in address]

    async def attempt(url: str, address: str) -> None:
        async def find(host: str, port: int) -> Sequence[str]:
            return ["1.1.1.1", address]

        sender = Sender(find=find)
        host = url.partition("://")[2].partition("/")[0]
        try:
            with pytest.raises(AddressRefused):
                await sender.send(Request("POST", url, {}, b"{}", hosts=(host, host.rpartition(":")[0], "*.example")))
        finally:
            await sender.aclose()

    async def work() -> None:
        monkeypatch.setattr("runtime.http.transport.socket.socket", counted)
        for url in urls:
            await attempt(url, "127.0.0.1")
        for url, address in names:
            await attempt(url, address)
        monkeypatch.undo()

    asyncio.run(work())
    row("SSRF: forms of URLs and addresses", f"{len(urls) + len(names)} tried, {len(opened)} sockets opened")
    assert len(urls) + len(names) >= 60
    assert not opened


def test_a_redirect_and_a_name_that_moves_lead_nowhere(row: Row) -> None:
    answers = [["127.0.0.1"], ["127.0.0.1"], ["10.0.0.1"]]

    async def find(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    async def work(url: str) -> tuple[list[int], int]:
        sender = Sender((ip_network("127.0.0.0/8"),), find=find)
        statuses, refused = [], 0
        for _ in range(3):
            try:
                statuses.append((await sender.send(Request("POST", url, {}, b"{}", hosts=("moves.example",)))).status)
            except AddressRefused:
                refused += 1
        await sender.aclose()
        return statuses, refused

    with Vendor() as inside, Vendor() as vendor:
        vendor.behave(status(307, location=inside.endpoint, connection="close"))
        statuses, refused = asyncio.run(work(f"http://moves.example:{vendor.port}/"))
        reached = len(inside.requests)
    row("SSRF: redirect inside, name that moves inside", f"{reached} reached, {refused} refused")
    assert (statuses, refused, reached) == ([307, 307], 1, 0)
