"""The fixed paths for load balancers and monitors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from runtime.edge.answers import SAFE_HEADERS
from runtime.edge.asgi import Header, Reply, reply

Reasons = Callable[[], Sequence[str]]
"""Returns why this process is not ready; empty = it is."""

_JSON: list[Header] = [*SAFE_HEADERS, (b"content-type", b"application/json")]
_ALIVE = reply(200, _JSON, b'{"status":"ok"}')
_READY = reply(200, _JSON, b'{"status":"ready"}')


def probes(reasons: Reasons) -> dict[str, Callable[[], Reply]]:
    """Returns the answers by path: the process is alive, or it takes hits (503 with reasons where it does not)."""

    def ready() -> Reply:
        why = list(reasons())
        return reply(503, _JSON, msgspec.json.encode({"status": "not ready", "reasons": why})) if why else _READY

    return {"/livez": lambda: _ALIVE, "/healthz": lambda: _ALIVE, "/healthy": lambda: _ALIVE, "/readyz": ready}
