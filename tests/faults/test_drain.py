"""Stopping under load: whoever was accepted is answered, and what was acknowledged is delivered after a restart."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.conftest import Row
from tests.support.arrivals import Arrivals
from tests.support.fake_meta import FakeMeta
from tests.support.half_sent import HalfSent
from tests.support.server import Server
from tests.support.shop import SECRETS, Browser, write_container
from tests.support.vendor import Behaviour

ROUNDS = 10
STOPS = {
    "SIGTERM": [signal.SIGTERM],
    "SIGINT": [signal.SIGINT],
    "SIGTERM twice": [signal.SIGTERM, signal.SIGTERM],
    "SIGTERM, then SIGINT": [signal.SIGTERM, signal.SIGINT],
}
DRAIN_S = 0.5
LONGEST_EXIT_S = 25.0
HURRIED_EXIT_S = 2.5


@pytest.fixture
def meta() -> Iterator[FakeMeta]:
    with FakeMeta(token=SECRETS["FIRSTHAND_SECRET_META_TOKEN"]) as vendor:
        yield vendor


@dataclass
class Seen:
    """What came of several stops."""

    counts: Counter[str] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    longest_s: float = 0.0


def stop(server: Server, signals: Sequence[signal.Signals]) -> float:
    """Sends the signals, a tenth of a second apart; returns the seconds from the last one to the exit, which is 0."""
    assert server.process is not None
    for number in signals:
        server.process.send_signal(number)
        sent = time.monotonic()
        time.sleep(0.1)
    assert server.process.wait(60) == 0
    assert server.pids() == []
    return time.monotonic() - sent


@pytest.mark.parametrize("name", STOPS)
def test_whoever_was_accepted_is_answered(meta: FakeMeta, tmp_path: Path, row: Row, name: str) -> None:
    drain_s = 15 if len(STOPS[name]) > 1 else DRAIN_S
    env = SECRETS | {"FIRSTHAND_DRAIN_S": str(drain_s)}
    server = Server(tmp_path / "data", write_container(tmp_path, meta.endpoint), workers=2, env=env)
    seen = Seen()
    for _ in range(ROUNDS):
        server.start()
        with Arrivals(server.port) as arrivals:
            time.sleep(0.4)
            seen.longest_s = max(seen.longest_s, stop(server, STOPS[name]))
        seen.counts += arrivals.counts
        seen.acknowledged.update(arrivals.acknowledged)
        seen.faults += arrivals.faults
    server.start()
    try:
        meta.wait(lambda: seen.acknowledged <= set(meta.counts), 60)
    finally:
        lost = len(seen.acknowledged - set(meta.counts))
        row(
            f"{name} under load x {ROUNDS}, two workers",
            f"{seen.counts['answered']} accepted and answered 2xx, {seen.counts['other']} otherwise, "
            f"{seen.counts['cut']} cut, {lost} lost; exit within {seen.longest_s:.1f} s",
        )
        server.stop()
    assert not seen.faults
    assert seen.counts["answered"] > ROUNDS * 100
    assert seen.longest_s < (LONGEST_EXIT_S if name == "SIGTERM" else HURRIED_EXIT_S)


@pytest.mark.parametrize("name", STOPS)
def test_nobody_who_hangs_keeps_it_from_stopping(meta: FakeMeta, tmp_path: Path, row: Row, name: str) -> None:
    container = write_container(tmp_path, meta.endpoint)
    meta.behave(Behaviour("hang"))
    with Server(tmp_path / "data", container, workers=2, env=SECRETS | {"FIRSTHAND_DRAIN_S": "15"}) as server:
        with Browser(server.port) as browser:
            assert browser.buy("hangs.at.the.vendor")
            meta.wait(lambda: len(meta.requests) > 0)
        half = HalfSent(server.port)
        took_s = stop(server, STOPS[name])
        half.close()
        row(f"{name}, vendor hangs, a sender hangs", f"exit within {took_s:.1f} s")
        assert took_s < (LONGEST_EXIT_S if name == "SIGTERM" else HURRIED_EXIT_S)
        meta.behave()
        server.start()
        meta.wait(lambda: "hangs.at.the.vendor" in meta.counts)
