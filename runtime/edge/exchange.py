"""One request and its answer, where this server can do it cheaper than uvicorn.

uvicorn writes head and body separately, and each write is a system call that wakes the receiver. Here the head waits
for the body's first piece; where that is all of it, both go out together. Anything else is uvicorn's own business.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from runtime.edge.asgi import Header

_FRAMING = frozenset({b"connection", b"transfer-encoding"})
_CONTROLS = bytes([*range(9), *range(10, 32), 127])
"""What no header may hold (RFC 9110 5.5): with a line's end, whoever chose a value could add headers, or an answer."""


class Exchange(RequestResponseCycle):
    """uvicorn's cycle of one request, which knows an answer that is complete."""

    _start: Any = None
    """The head that waits for its body."""

    async def send(self, message: Any) -> None:
        """Takes one message of the application's; see the ASGI specification."""
        if message["type"] == "http.response.start" and not self.response_started:
            self._start = message
            return
        start, self._start = self._start, None
        head = start and self._head(start, message)
        if head:
            self._finish(head + message.get("body", b""))
            return
        if start:
            await super().send(start)
        await super().send(message)

    def _head(self, start: Any, message: Any) -> bytes | None:
        """Returns the head of an answer that is complete and framed by its length alone, None for any other."""
        headers: list[Header] = [*self.default_headers, *start.get("headers", ())]
        given, length = dict(headers), len(message.get("body", b""))
        is_whole = given.get(b"content-length") == b"%d" % length and not message.get("more_body", False)
        if not is_whole or not _FRAMING.isdisjoint(given) or self.scope["method"] == "HEAD" or self.flow.write_paused:
            return None
        lines = [b": ".join(header) for header in headers]
        if not self.keep_alive:
            lines.append(b"connection: close")
        head = b"\r\n".join(lines)
        if len(head.translate(None, _CONTROLS)) != len(head) - 2 * (len(lines) - 1):
            return None  # uvicorn refuses it
        return STATUS_LINE[start["status"]] + head + b"\r\n\r\n"

    def _finish(self, answer: bytes) -> None:
        if self.disconnected:
            return
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(answer)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


class ExchangeProtocol(HttpToolsProtocol):
    """uvicorn's protocol with `Exchange` as its cycle, and without what this server never asks it for: other protocols,
    a root path, a limit of concurrency."""

    def on_headers_complete(self) -> None:
        """Begins the exchange, or puts it behind those of the same connection that are not answered yet."""
        self._complete_scope()
        before, self.cycle = self.cycle, self._exchange()
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _complete_scope(self) -> None:
        path, _, query = self.url.partition(b"#")[0].partition(b"?")
        text, scope = path.decode("ascii"), self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = self.parser.get_http_version()
        scope["path"] = unquote(text) if "%" in text else text
        scope["raw_path"], scope["query_string"] = path, query

    def _exchange(self) -> Exchange:
        return Exchange(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=self.scope["http_version"] != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
