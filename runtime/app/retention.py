"""What keeps a shard's two files to their days and sizes, beside the router."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import closing
from typing import Any

from runtime.app.shared import Shared, open_log
from runtime.delivery.router import Router
from runtime.store.delivery import DeliveryStore
from runtime.supervise.sockets import Wire
from runtime.supervise.trimming import drop_old, send_trims
from runtime.telemetry import log

Work = Coroutine[Any, Any, None]


def keep_to_days(shared: Shared, shard: int, wire: Wire | None, store: DeliveryStore, router: Router) -> list[Work]:
    """Returns what is to run for good. The log is its edge's to trim; without one it is ours."""
    days = shared.settings.retention_days

    def safe_upto() -> int:
        """The last hit that nobody needs: no hit goes before the cursors that say so are safe from a power cut."""
        last = router.upto()
        try:
            store.sync()
        except OSError as error:
            log().warning("trim_failed", shard=shard, error=str(error))
            return 0
        return last

    def prune(last: int, before_us: int) -> int:
        return store.prune(before_us // 1000, last, max_bytes=shared.settings.retention_bytes)

    def trim(last: int, before_us: int) -> int:
        with closing(open_log(shared.settings, shard)) as orphan:
            return orphan.trim(last, before_us)

    # What is pruned lies in one file with the cursors, so a power cut takes both back or neither.
    log_trims = send_trims(wire, safe_upto, days) if wire else drop_old(trim, safe_upto, days)
    return [drop_old(prune, router.upto, days), log_trims]
