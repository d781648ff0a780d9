"""The store's own proxy in front of the collector: it holds the certificate, and hands requests on."""

from __future__ import annotations

import http.client
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal


@dataclass
class Manners:
    """What the proxy does with what passes it."""

    address: Literal["append", "pass", "none"] = "append"
    """Of X-Forwarded-For: adds who connects, hands it on as it came, takes it away."""
    visitor: str = "203.0.113.9"
    """Who connects, as far as it tells: on loopback there is no other."""
    scheme: str = "https"
    keeps_cookies: bool = True
    host: str = ""
    """The Host it sends; empty: what the visitor sent."""
    status: int = 0
    """Where not 0, it answers so by itself."""
    body: bytes = b""
    prefix: str = ""
    """What it takes off paths."""


class Front:
    """Serves https on loopback, for one collector."""

    def __init__(self, tls: ssl.SSLContext, collector: int) -> None:
        self.manners = Manners()
        self.collector = collector
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.of = self  # type: ignore[attr-defined]
        # The handshake belongs to each connection's own thread: one that hangs up must not stop the others.
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Front:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def handle(self) -> None:
        with suppress(OSError):  # A look at the certificate ends here.
            super().handle()

    def do_GET(self) -> None:
        front: Front = self.server.of
        manners = front.manners
        if manners.status:
            self._reply(manners.status, [("server", "elsewhere")], manners.body)
            return
        connection = http.client.HTTPConnection("127.0.0.1", front.collector, timeout=10)
        try:
            connection.request("GET", self.path.removeprefix(manners.prefix), headers=self._onward(manners))
            answer = connection.getresponse()
            headers = [each for each in answer.getheaders() if manners.keeps_cookies or each[0].lower() != "set-cookie"]
            self._reply(answer.status, headers, answer.read())
        finally:
            connection.close()

    def _onward(self, manners: Manners) -> dict[str, str]:
        headers = {name.lower(): value for name, value in self.headers.items()}
        before = headers.pop("x-forwarded-for", "")
        if manners.address == "append":
            headers["x-forwarded-for"] = f"{before}, {manners.visitor}" if before else manners.visitor
        elif manners.address == "pass" and before:
            headers["x-forwarded-for"] = before
        if manners.scheme:
            headers["x-forwarded-proto"] = manners.scheme
        return headers | ({"host": manners.host} if manners.host else {})

    def _reply(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Tells nobody."""
