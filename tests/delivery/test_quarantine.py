"""A script put away while its items were under way: what it no longer makes is a dead letter, not lost."""

from __future__ import annotations

from pathlib import Path

from runtime.delivery.summaries import script_fault
from runtime.model.event import Dead, EventRun, Outcome, TagRun
from tests.delivery.rig import Rig, fired, ids, meta_event, outcome, run, sent_ids, until
from tests.support.fake_meta import FakeMeta

REFUSED = "quarantined: it hung"


def letters(rig: Rig) -> set[tuple[str, int, int, str, str]]:
    reader = rig.reader()
    rows = [letter.row for letter in reader.dead_letters()]
    reader.close()
    return {(row.tag, row.seq, row.pos, row.reason, row.message) for row in rows}


def test_what_was_under_way_and_is_made_no_more_is_given_up_by_name(meta: FakeMeta, tmp_path: Path) -> None:
    rig = Rig(tmp_path, meta)

    async def held() -> None:
        meta.down()
        rig.add_events(ids(1, 4))
        rig.add(Outcome(dead=(Dead("script_quarantined", "at the first run already"),)))
        async with rig.router(deadline_s=0) as router:
            await until(lambda: router.place == 4)

    async def again() -> None:
        async with rig.router() as router:
            await until(lambda: router.upto() == 4)

    run(held())
    meta.up()
    rig.outcomes[1] = outcome("e1", TagRun("meta", "failed", REFUSED))
    rig.outcomes[2] = Outcome(dead=(Dead("script_quarantined", "its client hung"),))
    run(again())
    assert sent_ids(meta) == ["e3"]
    wanted = {
        ("meta", 1, 0, "script_quarantined", "it hung"),
        ("meta", 2, -1, "script_quarantined", "its client hung"),
        ("", 4, -1, "script_quarantined", "at the first run already"),
    }
    assert letters(rig) == wanted
    reader = rig.reader()
    assert reader.counts(0, 1 << 40)["dead", "meta"] == 2
    reader.close()


def test_what_was_given_up_before_keeps_its_reason(meta: FakeMeta, tmp_path: Path) -> None:
    rig = Rig(tmp_path, meta)

    async def held() -> None:
        meta.down()
        rig.add_events(["e1"])
        rig.add(outcome("slow", TagRun("meta", "failed", "cpu: too slow")))
        async with rig.router(deadline_s=0) as router:
            await until(lambda: router.place == 2)

    async def again() -> None:
        async with rig.router() as router:
            await until(lambda: router.upto() == 2)

    run(held())
    meta.up()
    rig.outcomes[2] = outcome("slow", TagRun("meta", "failed", REFUSED))
    run(again())
    assert sent_ids(meta) == ["e1"]
    assert letters(rig) == {("meta", 2, 0, "script_cpu", "too slow")}


def test_the_kind_of_a_fault_is_found_behind_the_transformation_that_had_it() -> None:
    assert script_fault("cpu: ran: too long") == ("script_cpu", "ran: too long")
    found = script_fault("transformation no-email: quarantined: not called since 12:00")
    assert found == ("script_quarantined", "transformation no-email: not called since 12:00")


def test_a_hit_of_many_events_loses_only_what_is_made_no_more(meta: FakeMeta, tmp_path: Path) -> None:
    rig = Rig(tmp_path, meta)

    def events(*runs: TagRun) -> Outcome:
        made = [
            EventRun(pos, {"event_name": "lead", "event_id": f"e{pos}"}, {}, (run,)) for pos, run in enumerate(runs)
        ]
        return Outcome(events=tuple(made))

    async def held() -> None:
        meta.down()
        rig.add(events(*[fired("meta", meta_event(f"e{pos}")) for pos in range(3)]))
        async with rig.router(deadline_s=0) as router:
            await until(lambda: router.place == 1)

    async def again() -> None:
        async with rig.router() as router:
            await until(lambda: router.upto() == 1)

    run(held())
    meta.up()
    good = [fired("meta", meta_event(f"e{pos}")) for pos in (0, 2)]
    rig.outcomes[1] = events(good[0], TagRun("meta", "failed", REFUSED), good[1])
    run(again())
    assert sorted(sent_ids(meta)) == ["e0", "e2"]
    assert {letter[:3] for letter in letters(rig)} == {("meta", 1, 1)}
