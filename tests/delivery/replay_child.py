"""A router that works off a replay until it is killed: python -m tests.delivery.replay_child FOLDER ENDPOINT EVENTS AT.

Its log and its pipeline are those of `shop`, the same in every process.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.delivery.rig import Rig, ids
from tests.delivery.test_replay import replay


def shop(folder: Path, vendor: Any, events: int) -> Rig:
    """Returns a rig with so many events in its log."""
    rig = Rig(folder, vendor)
    rig.tuning = dataclasses.replace(rig.tuning, replay_items=25)
    rig.add_events(ids(1, events + 1))
    return rig


async def _work(rig: Rig, at_s: float) -> None:
    rig.ask(replay(rate=100_000.0), at_s)
    async with rig.router(rig.plan(max_items=10, concurrency=2)):
        await asyncio.sleep(60)


if __name__ == "__main__":
    folder, endpoint, events, at_s = sys.argv[1:]
    asyncio.run(_work(shop(Path(folder), SimpleNamespace(endpoint=endpoint), int(events)), float(at_s)))
