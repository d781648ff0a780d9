"""The HTTP/1.1 protocol of the collector port: uvicorn's httptools protocol plus the limits that it lacks.

httptools itself refuses what smuggles requests (Content-Length beside Transfer-Encoding, a bare LF or CR, folded
headers, a space before the colon, NUL). This class adds bounds on the request line, header bytes and header count,
exactly one Host, no transfer coding but chunked, an absolute receive deadline, and a bound on connections. It answers
a refused request once, counts it, and hangs up; a refused request never reaches the application.
"""

from __future__ import annotations

import asyncio
import http
from collections.abc import Callable
from typing import Any, ClassVar

import httptools

from runtime.edge.exchange import ExchangeProtocol
from runtime.edge.limits import (
    BAD_SYNTAX,
    HEAD_TOO_LARGE,
    TOO_LARGE,
    TOO_MANY_CONNECTIONS,
    TOO_SLOW,
    URL_TOO_LONG,
    Limits,
    Refusal,
    judge_head,
)
from runtime.edge.upgrade import plain_head
from runtime.settings import Settings

Counter = Callable[[str, str], None]
"""Counts one refused request: a name and a label."""


def _uncounted(name: str, label: str) -> None:
    """Stands in until `uvicorn_options` binds a counter."""


class _Refused(Exception):
    """Carries a refusal out of a parser callback."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class GuardedProtocol(ExchangeProtocol):
    """uvicorn's protocol within `limits`. `uvicorn_options` binds limits and a counter."""

    limits: ClassVar[Limits] = Limits()
    count: ClassVar[Counter] = staticmethod(_uncounted)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._refused = False
        self._requests = 0
        self._received = 0
        """Bytes of this request after the read that began it; one read has a bound of its own."""
        self._open = False
        """A request has begun and is not complete."""
        self._in_head = True
        self._started = False
        """The application has this request, so that `cycle` is this request's and not the one before."""
        self._plain_head = b""
        """What to parse instead of this request's head, which asks for another protocol."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn does
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse(TOO_MANY_CONNECTIONS)
        else:
            self._after(self.limits.receive_s, self._out_of_time)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused or self.parser is None:
            return
        self._unset_keepalive_if_required()
        current = self._requests if self._open else 0
        refusal = self._feed(data)
        if refusal is None and self._open:
            if self._requests == current:
                refusal = self._grow(len(data))
            else:
                self._after(self.limits.receive_s, self._out_of_time)
        if refusal is not None:
            self._refuse(refusal)

    def _feed(self, data: bytes) -> Refusal | None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as wish:
            head, self._plain_head = self._plain_head, b""
            self.parser = httptools.HttpRequestParser(self)
            return self._feed(head + data[wish.args[0] :])
        except httptools.HttpParserCallbackError as error:
            return error.__context__.refusal if isinstance(error.__context__, _Refused) else BAD_SYNTAX
        except httptools.HttpParserError:
            return BAD_SYNTAX
        return None

    def _grow(self, count: int) -> Refusal | None:
        """Bounds what the parser itself buffers or skips: half a header, chunk extensions, trailers."""
        self._received += count
        if self._in_head and self._received > self.limits.url + self.limits.head:
            return HEAD_TOO_LARGE
        return TOO_LARGE if self._received > self.limits.message else None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._open = self._in_head = True
        self._started = False
        self._requests += 1
        self._received = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self.limits.url:
            raise _Refused(URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers come here too; the application has the headers by then, and no trailer may change them.
        if not self._in_head:
            return
        # What uvicorn does here, without the detour by `super`: this runs a dozen times a request.
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        refusal = judge_head(self.url, self.headers, self.parser.get_http_version(), self.limits)
        if refusal is not None:
            raise _Refused(refusal)
        if self.parser.should_upgrade():
            version = self.parser.get_http_version()
            self._plain_head = plain_head(self.parser.get_method(), self.url, version, self.headers)
            return
        super().on_headers_complete()
        self._started = True
        if not self.cycle.keep_alive:
            self.cycle.transport = _LastAnswer(self)

    def on_message_complete(self) -> None:
        if self._plain_head:
            return
        self._open = False
        self._stop_timer()
        super().on_message_complete()

    def _out_of_time(self) -> None:
        if self._open:
            self._refuse(TOO_SLOW)
        elif self._requests == 0:
            self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        """Answers once and hangs up, unless an answer is under way already."""
        self._refused = True
        type(self).count("refused", refusal.reason)
        if not self._started and self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False  # an earlier request's answer is owed; it is the last one
        elif self._started and not self._take_from_application():
            self.transport.close()
        else:
            self.transport.write(_answer(refusal))
            self.hang_up()

    def _take_from_application(self) -> bool:
        """Takes the unfinished request back; False where its answer has begun or an earlier one is still owed."""
        if self.cycle.response_started or self.pipeline:
            return False
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        return True

    def hang_up(self) -> None:
        """Ends the connection. Where the sender is still sending, our side now and theirs a moment later: closing at
        once would reset the answer away."""
        if not self._open and not self._refused:
            self.transport.close()
            return
        self._refused = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._after(self.limits.linger_s, self.transport.close)

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, action)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _LastAnswer(asyncio.Transport):
    """The transport as the application's last answer sees it: it is closed by hanging up."""

    def __init__(self, protocol: GuardedProtocol) -> None:
        super().__init__()
        self._protocol = protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Passes on."""
        self._protocol.transport.write(data)

    def is_closing(self) -> bool:
        """Passes on."""
        return self._protocol.transport.is_closing()

    def close(self) -> None:
        """Called when the answer is complete."""
        self._protocol.hang_up()


def _answer(refusal: Refusal) -> bytes:
    body = f'{{"error":{{"code":"{refusal.reason}","message":"{refusal.message}"}}}}'
    retry = "retry-after: 5\r\n" if refusal.status == 503 else ""
    return (
        f"HTTP/1.1 {refusal.status} {http.HTTPStatus(refusal.status).phrase}\r\n"
        "content-type: application/json\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\n"
        "content-security-policy: default-src 'none'; sandbox\r\n"
        f"{retry}content-length: {len(body)}\r\nconnection: close\r\n\r\n{body}"
    ).encode("ascii")


def uvicorn_options(settings: Settings, count: Counter, *, limits: Limits | None = None) -> dict[str, Any]:
    """Returns the keywords of `uvicorn.Config` that a collector port needs, the guarded protocol among them.

    uvicorn's own reading of X-Forwarded-For is off: it trusts loopback by default.
    """
    bound = {"limits": limits or Limits.of(settings), "count": staticmethod(count)}
    return {
        "http": type("BoundProtocol", (GuardedProtocol,), bound),
        "loop": "uvloop",
        "ws": "none",
        "lifespan": "on",
        "proxy_headers": False,
        "server_header": False,
        "access_log": False,
        "log_config": None,
        "timeout_keep_alive": 75,
        "timeout_graceful_shutdown": 15,
    }
