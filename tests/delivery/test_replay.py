"""Replays: what goes out again, what does not, and what is written about it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from runtime.model.command import Replay, Selection, Which
from runtime.model.delivery import Disposition, Verdict
from runtime.model.event import Dead, EventRun, Outcome, TagRun
from runtime.store.event_search import EventQuery
from tests.delivery.asked import counts, ended, jobs, letters, states, waiting
from tests.delivery.rig import Rig, fired, ids, meta_event, outcome, run, until
from tests.support.fake_meta import FakeMeta

REFUSED = Verdict(Disposition.REJECT, "refused", final=True)


def replay(which: Which = "dead", *, version: Any = "original", rate: float = 1000.0, **selection: Any) -> Replay:
    return Replay(selection=Selection(which=which, **selection), version=version, rate=rate)


def bury_all(rig: Rig, meta: FakeMeta, events: int) -> None:
    """A vendor refuses everything; afterwards it takes everything."""

    async def work() -> None:
        rig.judge = lambda tag, response, batch: REFUSED
        rig.add_events(ids(1, events + 1))
        async with rig.router() as router:
            await until(lambda: router.upto() == events)

    run(work())
    rig.judge = None
    meta.requests.clear()


def sent(meta: FakeMeta) -> list[str]:
    """Event ids of all requests, in order."""
    return [event["event_id"] for request in meta.requests for event in request.json()["data"]]


def work_off(rig: Rig, *commands: Replay, live: int = 1) -> None:
    """Runs a router until the commands are done and what they handed over is delivered."""

    async def work() -> None:
        numbers = [rig.ask(command) for command in commands]
        async with rig.router(live=live):
            await until(lambda: all(ended(rig, number) for number in numbers) and not waiting(rig))

    run(work())


def test_dead_letters_go_out_again_with_their_ids_and_leave_the_list(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 30)
    assert len(letters(rig)) == 30
    work_off(rig, replay())
    assert sorted(sent(meta)) == sorted(ids(1, 31))
    assert letters(rig) == []
    assert counts(rig) == {"replayed": 30}
    reader = rig.reader()
    assert reader.fate(7, 0, "meta") == "delivered"
    totals = reader.counts(1, 1 << 40)
    assert (totals["replayed", "meta"], totals["delivered", "meta"], totals["dead", "meta"]) == (30, 30, 30)
    reader.close()


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"event_id": "e2"}, ["e2"]),
        ({"seq": 3, "shard": 0}, ["e3"]),
        ({"tag": "meta", "reason": "refused"}, ["e1", "e2", "e3", "e4"]),
        ({"reason": "other"}, []),
        ({"event_name": "lead"}, ["e1", "e2", "e3", "e4"]),
        ({"event_name": "purchase"}, []),
        ({"tag": "other"}, []),
        ({"shard": 1}, []),
    ],
)
def test_everything_that_is_given_must_hold(
    rig: Rig, meta: FakeMeta, selection: dict[str, Any], expected: list[str]
) -> None:
    bury_all(rig, meta, 4)
    work_off(rig, replay(**selection))
    assert sorted(sent(meta)) == expected
    assert len(letters(rig)) == 4 - len(expected)


def test_a_time_range_is_that_of_the_hits_arrival(rig: Rig, meta: FakeMeta) -> None:
    now = time.time()

    async def work() -> None:
        rig.judge = lambda tag, response, batch: REFUSED
        for n in range(1, 7):
            rig.add(outcome(f"e{n}", fired("meta", meta_event(f"e{n}"))), at_s=now - 600 + 100 * n)
        async with rig.router() as router:
            await until(lambda: router.upto() == 6)

    run(work())
    rig.judge = None
    meta.requests.clear()
    span: dict[str, Any] = {"since_us": int((now - 450) * 1e6), "until_us": int((now - 150) * 1e6)}
    work_off(rig, replay(**span))
    assert sorted(sent(meta)) == ["e2", "e3", "e4"]
    work_off(rig, replay("all", **span))
    assert sorted(sent(meta)) == ["e2", "e2", "e3", "e3", "e4", "e4"]
    assert counts(rig, 2) == {"replayed": 3}


def test_undelivered_leaves_alone_what_the_vendor_has_and_all_does_not(rig: Rig, meta: FakeMeta) -> None:
    parts = {1: Verdict(Disposition.REJECT, "bad"), 2: Verdict(Disposition.RETRY, "later", retry_after_s=900)}

    async def work() -> None:
        rig.judge = lambda tag, response, batch: Verdict(Disposition.DELIVERED, items=parts)
        rig.add_events(ids(1, 5))
        async with rig.router(rig.plan(linger_ms=200, max_items=4)) as router:
            await until(lambda: router.upto() == 4)
            rig.judge = None
            meta.requests.clear()
            rig.ask(replay("undelivered"))
            await until(lambda: ended(rig, 1))
            await until(lambda: sent(meta) == ["e2"])
            await until(lambda: waiting(rig) == ["e3"])
            rig.ask(replay("all"))
            await until(lambda: ended(rig, 2) and len(sent(meta)) == 4)

    run(work())
    assert counts(rig, 1) == {"delivered_before": 2, "replayed": 1, "waiting": 1}
    assert counts(rig, 2) == {"replayed": 3, "waiting": 1}
    assert sorted(sent(meta)[1:]) == ["e1", "e2", "e4"]


def test_what_a_script_failed_on_is_made_by_the_current_version(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        rig.add(*(outcome(id, TagRun("meta", "failed", "error: boom")) for id in ids(1, 4)))
        rig.add(outcome("e4", TagRun("meta", "denied", "ad_storage")))
        for seq in range(1, 4):
            rig.by_version[2, seq] = outcome(f"e{seq}", fired("meta", meta_event(f"e{seq}")))
        async with rig.router() as router:
            await until(lambda: router.upto() == 4)

    run(work())
    assert [row.reason for row in letters(rig)] == ["script_error"] * 3
    work_off(rig, replay(), live=2)
    assert counts(rig, 1) == {"failed": 3}
    assert len(letters(rig)) == 3
    work_off(rig, replay("undelivered", version="current"), live=2)
    assert counts(rig, 2) == {"replayed": 3, "nothing": 1}
    assert letters(rig) == []
    assert sorted(sent(meta)) == ids(1, 4)
    assert states(rig, 1) == {"meta": "fired"}
    reader = rig.reader()
    assert [row.seq for row in reader.find(EventQuery(flag="failed")).rows] == []
    assert [row.seq for row in reader.find(EventQuery(flag="denied")).rows] == [4]
    reader.close()


def test_hits_that_the_pipeline_gave_up_are_replayed_for_every_tag(rig: Rig, meta: FakeMeta) -> None:
    plans = [rig.plan("meta"), rig.plan("other")]
    events = tuple(
        EventRun(pos, {"event_name": "lead", "event_id": f"e{pos}"}, {}, (
            fired("meta", meta_event(f"m{pos}")), TagRun("other", "failed", "cpu: slow") if pos else
            fired("other", meta_event(f"o{pos}")), TagRun("gone", "fired", item=b"{}"),
        ))
        for pos in range(2)
    )  # fmt: skip

    async def work() -> None:
        rig.add(Outcome(dead=(Dead("script_error", "boom"),)))
        rig.by_version[2, 1] = Outcome(events=events)
        async with rig.router(*plans, live=2) as router:
            await until(lambda: router.upto() == 1)
            rig.ask(replay(version="current"))
            await until(lambda: ended(rig) and len(sent(meta)) == 3)

    run(work())
    assert sorted(sent(meta)) == ["m0", "m1", "o0"]
    assert counts(rig) == {"replayed": 3, "failed": 1, "no_tag": 2}
    assert [(row.tag, row.pos, row.reason) for row in letters(rig)] == [("other", 1, "script_cpu")]
    reader = rig.reader()
    assert [(row.seq, row.pos) for row in reader.find().rows] == [(1, 1), (1, 0)]
    assert reader.counts(1, 1 << 40)["received", "json"] == 1
    reader.close()
    assert states(rig, 1, 1) == {"meta": "fired", "other": "failed: cpu: slow", "gone": "discarded"}


def test_what_the_vendor_would_no_longer_take_stays_a_dead_letter(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        rig.judge = lambda tag, response, batch: REFUSED
        soon = int(time.time()) + 3600
        rig.add(*(outcome(id, fired("meta", meta_event(id), expires_s=soon)) for id in ids(1, 4)))
        async with rig.router() as router:
            await until(lambda: router.upto() == 3)

    run(work())
    rig.judge = None
    meta.requests.clear()
    rig.outcomes[2] = outcome("e2", fired("meta", meta_event("e2"), expires_s=int(time.time()) - 1))
    work_off(rig, replay())
    assert sorted(sent(meta)) == ["e1", "e3"]
    assert counts(rig) == {"replayed": 2, "too_old": 1}
    (row,) = letters(rig)
    assert (row.event_id, row.reason) == ("e2", "expired")
    assert "refused" in row.message
    work_off(rig, replay())
    assert letters(rig) == [row]
    reader = rig.reader()
    assert reader.counts(1, 1 << 40)["dead", "meta"] == 3
    reader.close()


def test_an_item_older_than_the_tags_own_backlog_age_goes_out_all_the_same(rig: Rig, meta: FakeMeta) -> None:
    """The backlog age keeps a paused tag from filling the disk. Whoever replays wants it sent."""

    async def work() -> None:
        rig.add(outcome("old", fired("meta", meta_event("old"))), at_s=time.time() - 9 * 86400)
        async with rig.router() as router:
            await until(lambda: router.upto() == 1)

    run(work())
    assert [row.reason for row in letters(rig)] == ["expired"]
    work_off(rig, replay())
    assert sent(meta) == ["old"]
    assert letters(rig) == []


def test_hits_past_retention_are_counted_as_gone(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 6)
    del rig.log[:2]
    work_off(rig, replay())
    assert counts(rig) == {"gone": 2, "replayed": 4}
    assert [row.event_id for row in letters(rig)] == ["e1", "e2"]
    del rig.log[:1]
    work_off(rig, replay("all", seq=3, shard=0), replay("all"))
    assert counts(rig, 2) == {"gone": 1}
    assert counts(rig, 3) == {"gone": 3, "replayed": 3}


def test_a_replay_is_about_hits_that_arrived_before_it(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 2)

    async def work() -> None:
        rig.ask(replay("all"), at_s=time.time() - 3600)
        async with rig.router():
            await until(lambda: ended(rig))

    run(work())
    assert sent(meta) == []
    assert counts(rig) == {}


def test_overlapping_replays_send_no_item_twice_unless_each_is_asked_to(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 40)
    work_off(rig, replay(), replay("undelivered"), replay(tag="meta"))
    assert sorted(sent(meta)) == sorted(ids(1, 41))
    work_off(rig, replay("all"), replay("all"))
    again = sent(meta)[40:]
    assert set(again) == set(ids(1, 41))
    assert max(again.count(id) for id in again) <= 2


def test_every_part_ends_as_done_and_keeps_its_place(rig: Rig, meta: FakeMeta) -> None:
    bury_all(rig, meta, 5)
    work_off(rig, replay("undelivered"))
    assert {(row.tag, row.state) for row in jobs(rig)} == {("", "done"), ("meta", "done")}
    assert [(row.place, row.last) for row in jobs(rig) if row.tag] == [(5, 5)]
