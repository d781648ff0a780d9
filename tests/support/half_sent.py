"""A client that stops in the middle of its request."""

from __future__ import annotations

import http.client
import json
import socket

from tests.support.shop import AGENT


class HalfSent:
    """A request whose body has not come whole yet."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        event = {"event_name": "lead", "event_id": "half", "user_data": {"email_address": "a@shop.example"}}
        body = json.dumps(event | {"page_location": "https://shop.localhost/"}).encode()
        head = f"POST /e HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\nUser-Agent: {AGENT}\r\n"
        self._socket.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body[:20])
        self._rest = body[20:]

    def finish(self) -> int:
        """Sends the rest and returns the status."""
        self._socket.sendall(self._rest)
        with http.client.HTTPResponse(self._socket) as answer:
            answer.begin()
            answer.read()
        self.close()
        return answer.status

    def close(self) -> None:
        """Hangs up."""
        self._socket.close()
