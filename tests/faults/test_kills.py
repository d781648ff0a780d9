"""kill -9 at random instants under load, 200 times: each process in turn, and every fifth time all of them at once."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Row
from tests.support.fake_meta import FakeMeta
from tests.support.load import Load, kill, restart_if_dead, victims
from tests.support.server import Server
from tests.support.shop import SECRETS, write_container

KILLS = 200
LONGEST_S = 0.5


@pytest.fixture
def meta() -> Iterator[FakeMeta]:
    with FakeMeta(token=SECRETS["FIRSTHAND_SECRET_META_TOKEN"]) as vendor:
        yield vendor


def test_nothing_acknowledged_is_lost_by_200_kills(meta: FakeMeta, tmp_path: Path, row: Row) -> None:
    instants = random.Random(20261124)
    server = Server(tmp_path / "data", write_container(tmp_path, meta.endpoint), workers=2, env=SECRETS).start()
    killed = 0
    with Load(server.port) as load:
        for number in range(KILLS):
            time.sleep(instants.uniform(0.0, LONGEST_S))
            chosen = victims(server, number)
            kill(chosen)
            killed += len(chosen)
            restart_if_dead(server)
    acknowledged = set(load.acknowledged)
    try:
        meta.wait(lambda: acknowledged <= set(meta.counts), 60)
    finally:
        lost = len(acknowledged - set(meta.counts))
        repeated = sum(count - 1 for count in meta.counts.values())
        unknown = set(meta.counts) - set(load.sent)
        row(
            f"kill -9 x {KILLS}, {killed} processes, two workers",
            f"{len(acknowledged)} acknowledged, {lost} lost, {repeated} repeated with the same event id, "
            f"{load.refused} refused or cut",
        )
    assert server.stop() == 0
    assert not unknown
    assert len(acknowledged) > KILLS * 20
