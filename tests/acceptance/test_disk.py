"""A disk with no room: hits are refused in plain words, and taken again once there is room."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from pathlib import Path
from typing import Any

from runtime.edge.collector import Collector, make_collector
from runtime.edge.config import EdgeConfig
from runtime.log.disk import DiskWatch
from runtime.log.reader import SqliteReader
from runtime.log.sqlite import SqliteLog
from runtime.log.writer import Writer
from tests.support.edge import NOW_US, SETTINGS, Got, call, secret
from tests.support.fake_meta import FakeMeta
from tests.support.server import Server, get, until
from tests.support.shop import SECRETS, Browser, purchase, write_container
from tests.support.snapshots import snapshot

ANY_USE = {"FIRSTHAND_DISK_HIGH_PERCENT": "0.001", "FIRSTHAND_DISK_LOW_PERCENT": "0.001"}


class FullServer(Server):
    """A server that comes up on a disk which is full by its settings."""

    def wait_ready(self) -> None:
        with until("it says that it is not ready") as wait:
            while not self._says_no():
                wait()

    def _says_no(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended:\n{self.log_file.read_text()}"
        try:
            return get(self.url + "/readyz")[0] == 503
        except OSError:
            return False


def test_a_server_whose_disk_is_full_refuses_hits_and_says_why(meta: FakeMeta, tmp_path: Path) -> None:
    container = write_container(tmp_path, meta.endpoint)
    with FullServer(tmp_path / "data", container, env=SECRETS | ANY_USE) as server, Browser(server.port) as browser:
        assert browser.send("GET", purchase("refused"))[0] == 503
        assert json.loads(get(server.url + "/readyz")[1])["reasons"] == ["the disk is full"]
        assert get(server.url + "/livez")[0] == 200
    assert "disk_full" in server.log_file.read_text()
    with closing(SqliteReader(server.data / "log-0.db", 0)) as reader:
        assert reader.last_seq() == 0


async def ask(collector: Collector, target: str) -> Got:
    path, _, query = target.partition("?")
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": path, "query_string": query.encode(),
        "headers": [(b"host", b"t.shop.example")], "client": ("203.0.113.9", 1), "scheme": "https",
    }  # fmt: skip
    return await call(collector, scope, b"")


def test_hits_are_taken_again_once_the_disk_has_room(tmp_path: Path) -> None:
    measured = [95.0, 95.0, 88.0, 84.0, 88.0]  # the first at the start

    async def work() -> list[tuple[int, str, int]]:
        disk = DiskWatch(tmp_path, high=90, low=85, used=lambda _: measured.pop(0))
        writer = Writer(SqliteLog(tmp_path / "log-0.db", 0), is_full=lambda: disk.full)
        config = EdgeConfig.build(snapshot(), secret)
        collector = make_collector(config, writer, SETTINGS, reasons=lambda: disk.reasons, clock=lambda: NOW_US)
        seen = []
        while measured:
            disk.look()
            got = await ask(collector, "/tr?id=1&ev=Purchase")
            ready = await ask(collector, "/readyz")
            seen.append((got.status, got.headers.get("retry-after", ""), ready.status))
        await writer.close()
        return seen

    assert asyncio.run(work()) == [(503, "30", 503), (503, "30", 503), (200, "", 200), (200, "", 200)]
