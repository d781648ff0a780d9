"""Stopping under load, once; `make faults` does it again and again (tests/faults/test_drain.py)."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.support.arrivals import Arrivals
from tests.support.fake_meta import FakeMeta
from tests.support.server import Server
from tests.support.shop import SECRETS, write_container


@pytest.mark.parametrize(("drain_s", "signals"), [("0.3", [signal.SIGTERM]), ("15", [signal.SIGTERM] * 2)])
def test_whoever_was_accepted_is_answered(
    meta: FakeMeta, tmp_path: Path, drain_s: str, signals: list[signal.Signals]
) -> None:
    container = write_container(tmp_path, meta.endpoint)
    with Server(tmp_path / "data", container, env=SECRETS | {"FIRSTHAND_DRAIN_S": drain_s}) as server:
        with Arrivals(server.port) as arrivals:
            time.sleep(0.3)
            assert server.process is not None
            for number in signals:
                server.process.send_signal(number)
                time.sleep(0.1)
            assert server.process.wait(14) == 0
        assert arrivals.faults == []
        assert arrivals.counts["answered"] > 20
        server.start()
        meta.wait(lambda: set(arrivals.acknowledged) <= set(meta.counts))
