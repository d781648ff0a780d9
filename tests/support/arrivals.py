"""Clients that tell a connection that was refused from one that was accepted and then cut off without an answer."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter

from tests.support.shop import AGENT, purchase


class Arrivals:
    """Sends purchases from many threads until no connection is accepted any more; half of the threads keep theirs.

    A client keeps to HTTP: after an answer with `Connection: close` it connects anew.
    """

    def __init__(self, port: int, senders: int = 8) -> None:
        self.counts: Counter[str] = Counter()
        """answered (2xx) · refused (no connection) · other (any other status) · cut (accepted, and no answer)"""
        self.acknowledged: list[str] = []
        self.faults: list[str] = []
        """What was neither answered with 2xx nor refused."""
        self._port = port
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(senders)]

    def _send(self, number: int) -> None:
        connection, count = self._connect(), 0
        while connection is not None:
            count += 1
            event_id = f"{time.time_ns()}.{number}.{count}"
            closed = not self._buy(connection, event_id)
            if closed or number % 2 == 0:
                connection.close()
                connection = self._connect()

    def _connect(self) -> http.client.HTTPConnection | None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.connect()
        except ConnectionError:  # A reset here means that it closed in the middle of the handshake.
            self.counts["refused"] += 1
            connection.close()
            return None
        return connection

    def _buy(self, connection: http.client.HTTPConnection, event_id: str) -> bool:
        """Sends one purchase; returns whether the connection may be used again."""
        try:
            connection.request("GET", purchase(event_id), headers={"User-Agent": AGENT})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.counts["cut"] += 1
            self.faults.append(f"{event_id}: {error!r} at {time.time_ns()}")
            return False
        if 200 <= answer.status < 300:
            self.counts["answered"] += 1
            self.acknowledged.append(event_id)
        else:
            self.counts["other"] += 1
            self.faults.append(f"{event_id}: {answer.status}")
        return answer.headers.get("connection") != "close"

    def __enter__(self) -> Arrivals:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(60)
