"""Reroute: a backlog that is stuck with the version it arrived on goes out as the live version makes it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from runtime.delivery.ports import Source
from runtime.delivery.reroutes import Reroutes
from runtime.model.command import Reroute
from runtime.model.delivery import Disposition, Verdict
from runtime.model.event import EventRun, Outcome, TagRun
from tests.delivery.asked import answers, ended, letters, states, waiting
from tests.delivery.rig import Rig, fired, hit, ids, meta_event, outcome, run, until
from tests.support.fake_meta import BAD_TOKEN, FakeMeta
from tests.support.vendor import Behaviour


def made_by(rig: Rig, version: int, seqs: range, tag: str = "meta") -> None:
    for seq in seqs:
        item = meta_event(f"e{seq}", by=version)
        if version == 1:
            rig.add(outcome(f"e{seq}", fired(tag, item)))
        else:
            rig.by_version[version, seq] = outcome(f"e{seq}", fired(tag, item))


def taken(meta: FakeMeta) -> list[tuple[str, int]]:
    """What the vendor took: event id and the version that made it."""
    return sorted((event["event_id"], event.get("by", 0)) for event in meta.events)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_stopped_backlog_is_delivered_by_the_live_version(rig: Rig, meta: FakeMeta, restarts: bool) -> None:
    other = rig.plan("other", max_items=1)

    async def stopped() -> None:
        meta.behave(BAD_TOKEN)
        made_by(rig, 1, range(1, 61))
        async with rig.router(rig.plan(max_items=10), deadline_s=0) as router:
            await until(lambda: router.place == 60 and router.status()["meta"].state == "stopped")

    async def fixed() -> None:
        made_by(rig, 2, range(1, 61))
        tuning, rig.tuning = rig.tuning, dataclasses.replace(rig.tuning, stopped_probe_s=1000.0)
        async with rig.router(rig.plan(max_items=10), other, live=2, deadline_s=0) as router:
            await until(lambda: router.status()["meta"].state == "stopped" and not router.status()["meta"].in_flight)
            meta.requests.clear()
            meta.behave(Behaviour())
            rig.ask(Reroute(of="meta", version=1))
            await until(lambda: 1 in answers(rig))
            if not restarts:
                await until(lambda: router.upto() == 60)
        rig.tuning = tuning
        async with rig.router(rig.plan(max_items=10), other, live=2) as router:
            await until(lambda: router.upto() == 60)

    run(stopped())
    run(fixed())
    assert set(taken(meta)) == {(id, 2) for id in ids(1, 61)}
    sent = [event["event_id"] for request in meta.requests for event in request.json()["data"]]
    assert restarts or len(sent) == 60
    assert letters(rig) == []


def test_what_was_delivered_past_the_cursor_does_not_go_out_again(rig: Rig, meta: FakeMeta) -> None:
    async def work() -> None:
        meta.then(Behaviour("hang"))
        made_by(rig, 1, range(1, 21))
        made_by(rig, 2, range(1, 21))
        async with rig.router(rig.plan(max_items=1, concurrency=2, timeout_s=0.2, paused=True), live=2) as router:
            await until(lambda: router.place == 20)
            router.publish(2, {"meta": rig.plan(max_items=1, concurrency=2, timeout_s=0.2)})
            await until(lambda: len(meta.events) == 19)
            assert router.upto() == 0
            rig.ask(Reroute(of="meta", version=1))
            await until(lambda: router.upto() == 20)

    run(work())
    assert taken(meta) == sorted([("e1", 2), *((id, 1) for id in ids(2, 21))])
    assert letters(rig) == []


def test_parked_items_are_made_anew_when_their_time_comes(rig: Rig, meta: FakeMeta) -> None:
    later = Verdict(Disposition.RETRY, "later", retry_after_s=0.3)

    async def parked() -> None:
        rig.judge = lambda tag, response, batch: Verdict(Disposition.DELIVERED, items=dict.fromkeys(range(4), later))
        made_by(rig, 1, range(1, 5))
        async with rig.router() as router:
            await until(lambda: router.upto() == 4)

    async def rerouted() -> None:
        rig.judge = None
        made_by(rig, 2, range(1, 3))
        rig.by_version[2, 3] = outcome("e3", TagRun("meta", "dropped", "no email"))
        rig.by_version[2, 4] = outcome("e4", TagRun("meta", "failed", "error: boom"))
        rig.ask(Reroute(of="meta", version=1))
        async with rig.router(live=2):
            await until(lambda: ended(rig) and not waiting(rig))

    run(parked())
    meta.events.clear()
    meta.requests.clear()
    run(rerouted())
    sent = [(event["event_id"], event["by"]) for request in meta.requests for event in request.json()["data"]]
    assert sorted(sent) == [("e1", 2), ("e2", 2)]
    found = {row.event_id: (row.reason, row.message) for row in letters(rig)}
    assert found["e4"] == ("script_error", "boom")
    assert found["e3"][0] == "not_made"
    assert "dropped no email" in found["e3"][1]
    assert states(rig, 3) == {"meta": "dropped: no email"}


def test_what_the_old_scripts_map_failed_on_is_made_by_the_live_one(rig: Rig, meta: FakeMeta) -> None:
    async def failed() -> None:
        rig.add(*(outcome(id, TagRun("meta", "failed", "error: boom")) for id in ids(1, 11)))
        async with rig.router() as router:
            await until(lambda: router.upto() == 10)

    async def rerouted() -> None:
        made_by(rig, 2, range(1, 12))
        rig.ask(Reroute(of="meta", version=1))
        async with rig.router(live=2) as router:
            await until(lambda: ended(rig))
            # A hit that was under way on the old version.
            rig.add(outcome("e11", TagRun("meta", "failed", "error: boom")))
            router.wake()
            await until(lambda: router.upto() == 11 and not waiting(rig))

    run(failed())
    assert len(letters(rig)) == 10
    run(rerouted())
    assert taken(meta) == sorted((id, 2) for id in ids(1, 12))
    assert letters(rig) == []
    assert states(rig, 11) == {"meta": "fired"}


def test_other_tags_keep_what_the_hits_own_version_makes() -> None:
    asked: list[tuple[int, frozenset[str] | None]] = []

    def plain(logged: Any, only: frozenset[str] | None) -> Outcome:
        version = logged.hit.version
        asked.append((version, only))
        tags = sorted(only or {"a", "b"})
        runs = tuple(TagRun(tag, "fired", item=json.dumps(version).encode()) for tag in tags)
        return Outcome(events=tuple(EventRun(pos, {}, {}, runs) for pos in range(version)))

    reroutes = Reroutes(Source(lambda after, limit: [], plain), {("a", 1)}, lambda: 2)
    source = reroutes.source

    def made(only: frozenset[str] | None, version: int = 1) -> list[list[tuple[str, bytes]]]:
        found = source.run(hit(1, version=version), only)
        return [[(run.tag, run.item) for run in event.tags] for event in found.events]

    assert made(None) == [[("b", b"1"), ("a", b"2")], [("a", b"2")]]
    assert made(frozenset("a")) == [[("a", b"2")], [("a", b"2")]]
    assert made(frozenset("b")) == [[("b", b"1")]]
    assert made(frozenset("a"), 2) == [[("a", b"2")], [("a", b"2")]]
    assert (source.version("a", 1), source.version("b", 1), source.version("a", 3)) == (2, 1, 3)
