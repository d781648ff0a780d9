"""A destination for tests: a small real HTTP/1.1 server in a thread of its own.

It keeps every request, answers by `answer` (subclasses are vendors), and misbehaves on demand: `behave` for good,
`then` for the next requests only.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any

from tests.support.vendor_wire import TAKEN, Answer, Behaviour, Connection, Desk, Manner, Received

__all__ = ["Answer", "Behaviour", "Manner", "Received", "Vendor", "status"]


def status(code: int, body: bytes = b"{}", **headers: str) -> Behaviour:
    """Answers every request so; header names with `_` for `-`."""
    return Behaviour(answer=Answer(code, body, {name.replace("_", "-"): value for name, value in headers.items()}))


class Vendor:
    """Use as a context manager. Everything public may be called from any thread."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.requests: list[Received] = []
        self.port = 0
        self._changed = threading.Condition()
        self._behaviour = Behaviour()
        self._next: deque[Behaviour] = deque()
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._desk = Desk(self._take, lambda: self._behaviour.manner == "refuse")
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, request: Received) -> Answer:
        """Says what a well-behaved vendor says; called under the lock."""
        return Answer()

    def behave(self, behaviour: Behaviour | None = None) -> None:
        """Treats every request so from now on; without an argument, well again."""
        with self._changed:
            self._behaviour = behaviour or Behaviour()
            self._next.clear()

    def then(self, *behaviours: Behaviour) -> None:
        """Treats the next requests so, one after the other."""
        with self._changed:
            self._next.extend(behaviours)

    def down(self) -> None:
        """Refuses connections, and cuts those that are open."""
        self._call(self._close())

    def up(self) -> None:
        """Listens again, on the same port."""
        self._call(self._listen())

    def speak(self, tls: ssl.SSLContext | None) -> None:
        """Cuts all connections and goes on with another certificate, or in plain text, on the same port."""
        self.down()
        self._tls = tls
        self.up()

    @property
    def sent(self) -> int:
        """Bytes that it has sent, as far as the other side took them."""
        return self._desk.sent

    def wait(self, holds: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Waits until the condition holds; it is tried again after each request."""
        with self._changed:
            assert self._changed.wait_for(holds, timeout_s), f"not within {timeout_s} s; {len(self.requests)} requests"

    def __enter__(self) -> Vendor:
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await self._loop.create_server(
                lambda: Connection(self._desk), "127.0.0.1", self.port, ssl=self._tls
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            # Closing it at once would leave behind what it accepted in this very turn of the loop.
            for sock in server.sockets:
                self._loop.remove_reader(sock.fileno())
            await self._end_accepting()
            server.close()
        for transport in list(self._desk.open):
            transport.abort()
        await asyncio.sleep(0)
        if server is not None:
            await server.wait_closed()

    async def _end_accepting(self) -> None:
        """Waits for what is not among the open connections yet; cuts what stays in the middle of a handshake."""
        accepting = asyncio.all_tasks() - {asyncio.current_task()}
        if accepting:
            _, stuck = await asyncio.wait(accepting, timeout=0.5)
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)

    def _take(self, request: Received) -> tuple[Behaviour, Answer]:
        with self._changed:
            behaviour = self._next.popleft() if self._next else self._behaviour
            self.requests.append(request)
            normal = behaviour.manner in TAKEN and behaviour.answer is None
            answer = self.answer(request) if normal else behaviour.answer or Answer()
            self._changed.notify_all()
        return behaviour, answer
