"""What a tag's options kept from it: counted and listed by tag, in no queue, and nothing for a replay to send."""

from __future__ import annotations

import pytest

from runtime.model.command import Replay, Selection
from runtime.model.event import TagRun, TagState
from tests.delivery.asked import counts, ended
from tests.delivery.rig import Rig, fired, meta_event, outcome, run, until
from tests.support.fake_meta import FakeMeta

STATES: dict[TagState, str] = {
    "not_live": "staging",
    "unscheduled": "ended 2026-01-01T00:00:00Z",
    "sampled_out": "sample 10",
    "limited": "event 0",
    "held": "setup ping: denied",
}


@pytest.mark.parametrize("state", STATES)
def test_the_cursor_passes_and_the_state_is_counted(rig: Rig, meta: FakeMeta, state: TagState) -> None:
    async def work() -> None:
        rig.add(outcome("e1", TagRun("meta", state, STATES[state])))
        rig.add(outcome("e2", fired("meta", meta_event("e2"))))
        async with rig.router() as router:
            await until(lambda: router.upto() == 2)
            number = rig.ask(Replay(selection=Selection(which="undelivered"), version="original", rate=1000.0))
            await until(lambda: ended(rig, number))

    run(work())
    assert counts(rig) == {"nothing": 1, "delivered_before": 1}
    assert [event["event_id"] for request in meta.requests for event in request.json()["data"]] == ["e2"]
    reader = rig.reader()
    summary = reader.event(1, 0)
    assert summary is not None
    assert summary.tags == f'{{"meta":"{state}: {STATES[state]}"}}'
    assert reader.counts(0, 1 << 40)[state, "meta"] == 1
    assert not reader.dead_letters()
    reader.close()


@pytest.mark.parametrize("state", STATES)
def test_a_replay_runs_again_only_what_may_be_decided_otherwise(rig: Rig, state: TagState) -> None:
    """A tag that was held may fire once its companion's script is mended; the others follow from hit and version."""

    async def work() -> None:
        rig.add(outcome("e1", TagRun("meta", state, STATES[state])))
        async with rig.router() as router:
            await until(lambda: router.upto() == 1)
            rig.by_version[1, 1] = outcome("e1", fired("meta", meta_event("e1")))
            number = rig.ask(Replay(selection=Selection(which="undelivered"), version="original", rate=1000.0))
            await until(lambda: ended(rig, number))

    run(work())
    assert counts(rig) == {"replayed" if state == "held" else "nothing": 1}
