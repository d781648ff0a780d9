"""Follows the live version while the server runs: whatever is published or rolled back to is taken up within a second.

Every process looks for itself, at a number that changes with each write of the control database. A version that cannot
be taken up (a secret is missing) changes nothing: the process stays with the one before, and says so once.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable

from runtime.containers.publish import require_secrets
from runtime.errors import FirsthandError
from runtime.explain.programs import Programs
from runtime.model.snapshot import Snapshot
from runtime.store.control import Control
from runtime.telemetry import log

EVERY_S = 0.25


async def follow_live(
    control: Control, programs: Programs, number: int, take: Callable[[Snapshot], None], *, every_s: float = EVERY_S
) -> None:
    """Calls `take` with each version that goes live after `number`, which it may refuse by raising a FirsthandError.
    Returns only when it is cancelled."""
    stamp, seen = -1, number
    while True:
        try:
            now = control.stamp()
            if now != stamp:
                snapshot = programs.live()
                stamp = now
                if snapshot.number != seen:
                    seen = snapshot.number
                    require_secrets(snapshot)
                    take(snapshot)
                    log().info("version_taken", version=seen)
        except FirsthandError as error:
            log().error("version_refused", version=seen, message=error.message, hint=error.hint)
        except sqlite3.Error as error:
            log().warning("control_unreadable", error=str(error))
        await asyncio.sleep(every_s)
