"""Load on a server whose disk is taken away and given back, and what each request came to."""

from __future__ import annotations

import http.client
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.support.server import Server, get
from tests.support.shop import AGENT, purchase

SENDERS = 4
PAUSE_S = 0.01
HANG_S = 8.0
"""An answer that takes longer counts as none: the sender gives up."""


class DiskLoad:
    """Buys from several connections until it is left, and remembers every answer."""

    def __init__(self, port: int) -> None:
        self.acknowledged: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.without_retry_after = 0
        self.unanswered = 0
        self._port = port
        self._going = True
        self._threads = [threading.Thread(target=self._buy, args=(number,)) for number in range(SENDERS)]

    def _buy(self, sender: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=HANG_S)) as connection:
            count = 0
            while self._going:
                count += 1
                event_id = f"{self._port}.{time.time_ns()}.{sender}.{count}"
                try:
                    connection.request("GET", purchase(event_id), headers={"User-Agent": AGENT})
                    answer = connection.getresponse()
                    answer.read()
                except (OSError, http.client.HTTPException):
                    self.unanswered += 1
                    connection.close()
                    continue
                self._note(event_id, answer)
                time.sleep(PAUSE_S)

    def _note(self, event_id: str, answer: http.client.HTTPResponse) -> None:
        self.statuses[answer.status] += 1
        if answer.status < 300:
            self.acknowledged.append(event_id)
        elif answer.status == 503 and not answer.headers.get("retry-after", "").isdigit():
            self.without_retry_after += 1

    def __enter__(self) -> DiskLoad:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        for thread in self._threads:
            thread.join()

    def __str__(self) -> str:
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(self.statuses.items()))
        return f"{answers}, {self.unanswered} unanswered, {len(self.acknowledged)} acknowledged"


class Ballast:
    """A file that takes room on a disk."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ballast"

    def take(self, size: int) -> None:
        """Takes so many bytes, or what there is."""
        piece = bytes(4096)
        with self._path.open("ab", buffering=0) as file:
            try:
                for _ in range(0, size, len(piece)):
                    file.write(piece)
            except OSError:
                return

    def give_back(self) -> None:
        """Frees all of it."""
        self._path.unlink(missing_ok=True)


def readiness(server: Server) -> tuple[int, str]:
    """Returns status and body of /readyz."""
    status, body = get(server.url + "/readyz")
    return status, body.decode()


def integrity(folder: Path) -> dict[str, str]:
    """Returns what SQLite says of each file of a data folder."""
    found = {}
    for path in sorted(folder.glob("*.db")):
        with closing(sqlite3.connect(path)) as db:
            found[path.name] = db.execute("PRAGMA integrity_check").fetchone()[0]
    return found
