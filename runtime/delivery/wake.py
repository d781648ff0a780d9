"""An event that can be waited for with a limit."""

from __future__ import annotations

import asyncio


class Wake:
    """Remembers that somebody called; waiting takes the call, or gives up after a time."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def call(self) -> None:
        """Ends the present wait, or the next one."""
        self._event.set()

    async def wait(self, limit_s: float | None = None) -> None:
        """Returns when somebody called, at the latest after `limit_s` seconds (None: never by itself)."""
        if limit_s is None:
            await self._event.wait()
        elif limit_s > 0:
            await self._limited(limit_s)
        self._event.clear()

    async def _limited(self, limit_s: float) -> None:
        timer = asyncio.get_running_loop().call_later(limit_s, self._event.set)
        try:
            await self._event.wait()
        finally:
            timer.cancel()
