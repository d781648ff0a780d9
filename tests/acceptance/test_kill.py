"""kill -9 of each process in turn, and of all at once, under load: what was acknowledged is delivered."""

from __future__ import annotations

import itertools
import random
import time
from pathlib import Path

import pytest

from tests.support.fake_meta import FakeMeta
from tests.support.load import Load, kill, restart_if_dead, victims
from tests.support.server import Server
from tests.support.shop import SECRETS, Browser, write_container

ROUNDS = 20
LOAD_S = 0.8


def test_nothing_acknowledged_is_lost(meta: FakeMeta, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instants = random.Random(20261124)
    server = Server(tmp_path / "data", write_container(tmp_path, meta.endpoint), env=SECRETS).start()
    acknowledged: list[str] = []
    refused = 0
    for round_number in range(ROUNDS):
        with Load(server.port) as load:
            time.sleep(instants.uniform(0.05, LOAD_S))
            kill(victims(server, round_number))
            time.sleep(0.2)
            restart_if_dead(server)
            time.sleep(0.2)
        acknowledged += load.acknowledged
        refused += load.refused
    meta.wait(lambda: set(acknowledged) <= set(meta.counts), 60)
    repeated = sum(count - 1 for event_id, count in meta.counts.items() if event_id in set(acknowledged))
    server.stop()
    with capsys.disabled():
        print(
            f"\n{ROUNDS} kills: {len(acknowledged)} acknowledged, 0 lost, {repeated} repeated with the same event id,"
        )
        print(f"{refused} refused or cut while a process was away")
    assert len(acknowledged) > ROUNDS * 10


def test_vendor_down_for_a_minute(meta: FakeMeta, server: Server) -> None:
    with Browser(server.port) as browser:
        assert browser.buy("before")
        meta.wait_events(1)
        meta.down()
        ends = time.monotonic() + 60
        sent = ["before"]
        while time.monotonic() < ends:
            event_id = f"during.{len(sent)}"
            assert browser.buy(event_id)
            sent.append(event_id)
            time.sleep(0.05)
        meta.up()
        assert browser.buy("after")
        meta.wait(lambda: {*sent, "after"} <= set(meta.counts), 90)
    times = {event["event_id"]: event["event_time"] for event in meta.events}
    assert all(times[later] >= times[earlier] for earlier, later in itertools.pairwise(sent))
