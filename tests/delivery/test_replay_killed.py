"""kill -9 in the middle of a replay: it goes on, loses nothing, and repeats only what was in flight."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from runtime.model.delivery import Disposition, Verdict
from tests.delivery.asked import counts, ended, letters, waiting
from tests.delivery.replay_child import shop
from tests.delivery.rig import ids, run, until
from tests.delivery.test_replay import replay, sent
from tests.support.fake_meta import FakeMeta
from tests.support.vendor import Behaviour

EVENTS = 400
KILLS = (30, 120, 250)
"""Items after which the process dies."""
IN_FLIGHT = 20


def test_a_replay_survives_kill_9(meta: FakeMeta, tmp_path: Path) -> None:
    rig = shop(tmp_path, meta, EVENTS)

    async def bury() -> None:
        rig.judge = lambda tag, response, batch: Verdict(Disposition.REJECT, "refused", final=True)
        async with rig.router() as router:
            await until(lambda: router.upto() == EVENTS)

    run(bury())
    assert len(letters(rig)) == EVENTS
    rig.judge = None
    meta.requests.clear()
    meta.behave(Behaviour(after_s=0.005))
    at_s = time.time()
    for least in KILLS:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.delivery.replay_child", str(tmp_path), meta.endpoint, str(EVENTS), str(at_s)],
            stdout=subprocess.DEVNULL,
        )
        try:
            meta.wait(lambda least=least: len(sent(meta)) >= least, 30)  # type: ignore[misc]
        finally:
            child.kill()
            child.wait(10)

    async def finish() -> None:
        rig.ask(replay(rate=100_000.0), at_s)
        async with rig.router():
            await until(lambda: ended(rig) and not waiting(rig))

    run(finish())
    times = Counter(sent(meta))
    assert set(times) == set(ids(1, EVENTS + 1))
    assert counts(rig) == {"replayed": EVENTS}
    assert letters(rig) == []
    # What a kill cuts off: requests under way, and those whose settlement was not written yet.
    assert sum(n - 1 for n in times.values()) <= len(KILLS) * (IN_FLIGHT + rig.tuning.replay_items)
