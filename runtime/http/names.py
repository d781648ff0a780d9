"""Asks the system's resolver for the addresses of a name."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

_Answer = asyncio.Future[Sequence[str]]


class Names:
    """One question at a time per name and port, each in a thread of its own.

    The system's call cannot be cancelled and may hang for half a minute. In a pool of threads, as event loops use for
    it, a name or two whose servers do not answer would keep every other destination waiting.
    """

    def __init__(self) -> None:
        self._asked: dict[tuple[str, int], _Answer] = {}

    async def find(self, host: str, port: int) -> Sequence[str]:
        """Returns the addresses; raises OSError. Who gives up leaves the question to those who ask the same."""
        answer = self._asked.get((host, port))
        if answer is None:
            answer = self._asked[host, port] = self._ask(host, port)
        return await asyncio.shield(answer)

    def _ask(self, host: str, port: int) -> _Answer:
        loop = asyncio.get_running_loop()
        answer: _Answer = loop.create_future()
        answer.add_done_callback(lambda _: self._asked.pop((host, port), None))
        # Without one who still waits, a failure would be told as one that nobody looked at.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())

        def ask() -> None:
            found = _look_up(host, port)
            with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
                loop.call_soon_threadsafe(_tell, answer, found)

        threading.Thread(target=ask, name=f"names {host}", daemon=True).start()
        return answer


def _look_up(host: str, port: int) -> Sequence[str] | Exception:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:  # ValueError: a label that is too long, for one.
        return error
    return [str(address[0]) for *_, address in found]


def _tell(answer: _Answer, found: Sequence[str] | Exception) -> None:
    if answer.cancelled():
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)
