"""Every way in which a request is not taken: each is counted, an example is kept, and the sender is told.

Examples hold what tells one mistake from another (method, host, path, reason), and never a query, a body, a header or
an address.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from runtime.edge.answers import ClientAnswers
from runtime.edge.asgi import Reply, with_headers
from runtime.edge.client import EdgeClient
from runtime.edge.config import EdgeConfig
from runtime.edge.hosts import Host
from runtime.edge.incoming import Incoming
from runtime.errors import Overloaded, SenderError
from runtime.log.protocol import HitWriter
from runtime.model.manifest import Answers
from runtime.telemetry import log

_MAX_PATH = 200


class Aside:
    """Counts what belongs to a preview, or to an environment beside live, apart from the figures: `not_live_refused`
    and so on. Examples stay as they are."""

    def __init__(self, writer: HitWriter) -> None:
        self._writer = writer

    def count(self, name: str, label: str = "") -> None:
        """Adds to the counter beside."""
        self._writer.count(f"not_live_{name}", label)

    def example(self, kind: str, summary: Mapping[str, Any]) -> None:
        """Keeps an example."""
        self._writer.example(kind, summary)


class Outcomes:
    """Answers to requests that are not taken. Counters: refused, unavailable, unclaimed, failed, disconnected."""

    def __init__(self, writer: HitWriter | Aside) -> None:
        self._writer = writer
        self._plain = ClientAnswers(Answers(), [])

    def refused(self, error: SenderError | Overloaded, incoming: Incoming, client: EdgeClient | None) -> Reply:
        """The sender must change its request, or send the same again."""
        if isinstance(error, SenderError):
            self._writer.count("refused", error.reason)
            self._example("refused", incoming, reason=error.reason, client=client.id if client else "")
        else:
            self._writer.count("unavailable", error.reason)
        return (client.answers if client else self._plain).refused(error)

    def failed(self, error: Exception, incoming: Incoming, client: EdgeClient) -> Reply:
        """A fault of ours. The log line names the place and the kind, not the message, which may quote the request."""
        self._writer.count("failed", type(error).__name__)
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{where.filename.rpartition('/')[2]}:{where.lineno}"
        log().error("collector_failed", client=client.id, error=type(error).__name__, place=place)
        return client.answers.refused(Overloaded())

    def disconnected(self, client: EdgeClient) -> None:
        """The sender left before its body was complete."""
        self._writer.count("disconnected", client.id)

    def unclaimed(self, incoming: Incoming, host: Host, config: EdgeConfig) -> Reply:
        """No client claims this method and path; a preflight for one that does is answered."""
        methods = config.claims.methods(host.name, incoming.path)
        if incoming.method == "OPTIONS" and methods:
            readable = [method for method, client in methods.items() if client.cors]
            origin = incoming.headers.get(b"origin", b"") if readable else b""
            return config.cors.preflight(origin, [*(readable or methods), "OPTIONS"])
        if methods:
            allow = ", ".join([*methods, "OPTIONS"])
            error = SenderError(405, "method_not_allowed", "This path takes another method.", hint=f"Use {allow}.")
            return with_headers(self.refused(error, incoming, None), [(b"allow", allow.encode("ascii"))])
        self._writer.count("unclaimed", "")
        self._example("unclaimed", incoming)
        hint = "Compare the path with the `paths` of the container's clients."
        return self._plain.refused(SenderError(404, "unclaimed", "No client claims this path.", hint=hint))

    def _example(self, kind: str, incoming: Incoming, **more: str) -> None:
        host = incoming.text_header(b"host")[:_MAX_PATH]
        self._writer.example(kind, {"method": incoming.method, "host": host, "path": incoming.path[:_MAX_PATH], **more})
