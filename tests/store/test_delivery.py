from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runtime.errors import FormatTooNew
from runtime.model.command import Selection
from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_reader import DeliveryReader
from runtime.store.delivery_rows import (
    AppliedRow,
    AttemptRow,
    DeadRow,
    EventFlag,
    EventRow,
    JobRow,
    RetryRow,
    Settlement,
    storable,
)
from runtime.store.event_search import EventQuery


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "delivery-0.db"


def event(seq: int, **changes: Any) -> EventRow:
    return EventRow(seq, 0, seq * 1_000_000, "lead", "pixel", f"id{seq}", '{"meta":"fired"}', 0)._replace(**changes)


def retry(seq: int, **changes: Any) -> RetryRow:
    return RetryRow("meta", seq, 0, seq * 10, 1, "k", 1, f"id{seq}", 99, b"{}", "busy")._replace(**changes)


def dead(seq: int, **changes: Any) -> DeadRow:
    return DeadRow("meta", seq, 0, "bad", "vendor's words", 400, 2, seq * 10, 1, f"id{seq}", b"{}")._replace(**changes)


def attempt(*seqs: int, **changes: Any) -> AttemptRow:
    members = msgspec.msgpack.encode([number for seq in seqs for number in (seq, 0)])
    row = AttemptRow(
        "meta", seqs[0] * 10, 5, 200, "delivered", "", 1, members, min(seqs), max(seqs), len(seqs), b"h", "{}", 0
    )
    return msgspec.structs.replace(row, **changes)


def settled(path: Path, settlement: Settlement) -> DeliveryReader:
    store = DeliveryStore(path)
    store.settle(settlement)
    store.close()
    return DeliveryReader(path)


def test_the_file_is_made_ready_for_its_life(path: Path) -> None:
    DeliveryStore(path).close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    DeliveryStore(path).close()


def test_a_newer_format_is_refused_by_both_sides(path: Path) -> None:
    DeliveryStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    for side in (DeliveryStore, DeliveryReader):
        with pytest.raises(FormatTooNew, match="format 99"):
            side(path)


def test_a_cursor_never_moves_back_and_a_start_never_replaces_one(path: Path) -> None:
    store = DeliveryStore(path)
    store.settle(Settlement(cursors={"": 10, "meta": 5}, starts={"meta": 1, "new": 3}, told=4))
    store.settle(Settlement(cursors={"": 8, "meta": 6}, starts={"new": 9}))
    assert store.cursors() == {"": 10, "meta": 6, "new": 3}
    assert store.told() == 4
    store.close()


def test_a_settlement_is_applied_whole_or_not_at_all(path: Path) -> None:
    store = DeliveryStore(path)
    store.settle(Settlement(cursors={"meta": 1}))
    bad: Any = dead(3, reason=None)
    half = Settlement(cursors={"meta": 9}, events=[event(2)], retries={("meta", 2, 0): retry(2)})
    half.dead["meta", 3, 0] = bad
    with pytest.raises(sqlite3.IntegrityError):
        store.settle(half)
    store.settle(Settlement(attempts=[attempt(1)]))
    store.close()
    reader = DeliveryReader(path)
    assert reader.cursors() == {"meta": 1}
    assert reader.find().rows == []
    assert reader.retries() == []
    reader.close()


def test_rows_are_written_over_rather_than_twice(path: Path) -> None:
    store = DeliveryStore(path)
    for name in ("one", "two"):
        store.settle(
            Settlement(
                events=[event(1, name=name)],
                dead={("meta", 1, 0): dead(1, reason=name)},
                retries={("meta", 2, 0): retry(2, reason=name)},
                rollups={(7, "received", "pixel"): 2},
            )
        )
    store.close()
    reader = DeliveryReader(path)
    assert [row.name for row in reader.find().rows] == ["two"]
    assert [letter.row.reason for letter in reader.dead_letters()] == ["two"]
    assert [row.reason for row in reader.retries()] == ["two"]
    assert reader.counts(7, 8) == {("received", "pixel"): 4}
    assert reader.series("received", 0, 100) == [(7, "pixel", 4)]
    reader.close()


def test_due_rows_come_by_their_time_and_go_when_removed(path: Path) -> None:
    store = DeliveryStore(path)
    store.settle(Settlement(retries={("meta", seq, 0): retry(seq) for seq in (3, 1, 2)}))
    assert store.next_due("meta") == 10
    assert store.next_due("meta", after_ms=10) == 20
    assert [row.seq for row in store.due("meta", 20, 10)] == [1, 2]
    assert store.due("other", 99, 10) == []
    store.settle(Settlement(retries={("meta", 1, 0): None}))
    assert store.next_due("meta") == 20
    assert store.next_due("other") is None
    store.close()


def test_what_is_decided_above_a_cursor_is_known_at_a_restart(path: Path) -> None:
    store = DeliveryStore(path)
    store.settle(Settlement(retries={("meta", 5, 0): retry(5)}, dead={("meta", n, 0): dead(n) for n in (3, 6)}))
    assert store.decided_above("meta", 4) == {("meta", 5, 0), ("meta", 6, 0)}
    store.close()


def test_a_forgotten_tag_has_no_cursor_and_waits_for_nothing(path: Path) -> None:
    store = DeliveryStore(path)
    store.settle(Settlement(cursors={"meta": 5, "": 9}, retries={("meta", n, 0): retry(n) for n in (1, 2)}))
    assert store.replay.parked("meta") == 2
    store.settle(Settlement(forgotten={"meta"}, cursors={"meta": 7}))
    assert store.replay.parked("meta") == 0
    assert store.cursors() == {"": 9}
    store.close()


def test_events_are_filtered_and_paged_newest_first(path: Path) -> None:
    rows = [
        event(n, name="purchase" if n % 2 else "lead", flags=EventFlag.DENIED if n == 4 else 0) for n in range(1, 8)
    ]
    reader = settled(path, Settlement(events=rows))
    assert [row.seq for row in reader.find(limit=3).rows] == [7, 6, 5]
    assert [row.seq for row in reader.find(before=(5, 0), limit=2).rows] == [4, 3]
    assert [row.seq for row in reader.find(EventQuery(name="purchase")).rows] == [7, 5, 3, 1]
    assert [row.seq for row in reader.find(EventQuery(flag="denied")).rows] == [4]
    assert [row.seq for row in reader.find(EventQuery(event_id="id3")).rows] == [3]
    assert [row.seq for row in reader.find(EventQuery(since_us=3_000_000, until_us=5_000_000)).rows] == [4, 3]
    assert reader.event(2, 0) == rows[1]
    assert reader.event(2, 1) is None
    reader.close()


def test_dead_letters_are_filtered_and_paged(path: Path) -> None:
    rows = {(tag, n, 0): dead(n, tag=tag, reason=f"r{n % 2}") for n in range(4) for tag in ("meta", "")}
    reader = settled(path, Settlement(dead=rows))
    assert len(reader.dead_letters()) == 8
    assert {letter.row.tag for letter in reader.dead_letters(tag="")} == {""}
    assert [letter.row.seq for letter in reader.dead_letters(tag="meta", reason="r1")] == [3, 1]
    assert len(reader.dead_letters(since_ms=20)) == 4
    last = reader.dead_letters(limit=3)[-1].id
    assert all(letter.id < last for letter in reader.dead_letters(before_id=last))
    reader.close()


def test_an_items_attempts_are_found_in_narrow_and_wide_batches(path: Path) -> None:
    rows = [attempt(1, 2, 3), attempt(2, 4), attempt(2, 90_000), attempt(1, 3), attempt(2, tag="other")]
    reader = settled(path, Settlement(attempts=rows))
    assert [found.members for found in reader.attempts_of(2, 0, "meta")] == [
        ((1, 0), (2, 0), (3, 0)),
        ((2, 0), (4, 0)),
        ((2, 0), (90_000, 0)),
    ]
    assert len(reader.attempts_of(90_000, 0, "meta")) == 1
    assert reader.attempts_of(2, 1, "meta") == []
    assert len(reader.attempts(tag="meta")) == 4
    reader.close()


def test_an_items_fate(path: Path) -> None:
    both = {("meta", 2, 0): dead(2)}
    waiting = {("meta", 3, 0): retry(3)}
    reader = settled(path, Settlement(cursors={"meta": 4}, dead=both, retries={**waiting}))
    assert [reader.fate(seq, 0, "meta") for seq in (1, 2, 3, 4, 5)] == [
        "delivered",
        "dead",
        "retry",
        "delivered",
        "pending",
    ]
    assert reader.fate(1, 0, "unknown") == "pending"
    reader.close()


def test_pruning_goes_in_slices_and_spares_what_a_cursor_needs(path: Path) -> None:
    store = DeliveryStore(path)
    store.settle(
        Settlement(
            events=[event(n) for n in range(1, 11)],
            attempts=[attempt(n) for n in range(1, 11)],
            dead={("meta", n, 0): dead(n) for n in range(1, 11)},
            rollups={(1, "received", "a"): 1, (9_999, "received", "a"): 1},
        )
    )
    deleted = [store.prune(120_000, 6, limit=4) for _ in range(4)]
    assert deleted == [4 + 4 + 4 + 1, 2 + 4 + 4, 2 + 2, 0]
    store.close()
    reader = DeliveryReader(path)
    assert [row.seq for row in reader.find().rows] == [10, 9, 8, 7]
    assert reader.counts(0, 10_000) == {("received", "a"): 1}
    reader.close()


def test_a_file_that_is_too_large_gives_up_its_oldest_rows_of_any_age(path: Path) -> None:
    store = DeliveryStore(path)
    letters = {("meta", n, 0): dead(n)._replace(payload=bytes(4000), failed_ms=n) for n in range(1, 501)}
    store.settle(Settlement(dead={**letters}, rollups={(9_999, "received", "a"): 1}))
    assert store.held_bytes() > 2_000_000
    while store.prune(0, 500, limit=20, max_bytes=1_000_000):
        pass
    assert store.held_bytes() <= 1_000_000
    store.close()
    reader = DeliveryReader(path)
    kept = [letter.row.seq for letter in reader.dead_letters(limit=500)]
    assert kept[0] == 500, "the newest stay"
    assert 150 < len(kept) < 300, "no more goes than must"
    assert reader.counts(0, 10_000) == {("received", "a"): 1}
    reader.close()


def test_pruning_gives_pages_back_to_the_disk(path: Path) -> None:
    store = DeliveryStore(path)
    store.settle(Settlement(dead={("meta", n, 0): dead(n)._replace(payload=bytes(4000)) for n in range(1, 501)}))
    store.prune(60_000, 500)
    store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA freelist_count").fetchone()[0] == 0
    connection.close()
    assert path.stat().st_size < 500_000


def test_a_reader_sees_what_a_live_writer_commits(path: Path) -> None:
    store = DeliveryStore(path)
    reader = DeliveryReader(path)
    store.settle(Settlement(cursors={"meta": 1}))
    assert reader.cursors() == {"meta": 1}
    reader.close()
    store.close()


def test_text_that_sqlite_refuses_is_mended() -> None:
    assert storable("ab\ud800c", 3) == "ab?"
    assert storable("abcdef", 3) == "abc"


def test_a_file_that_is_just_being_made_is_none_yet(tmp_path: Path) -> None:
    path = tmp_path / "delivery-0.db"
    path.touch()
    with pytest.raises(sqlite3.OperationalError, match="no tables yet"):
        DeliveryReader(path)
    DeliveryStore(path).close()
    DeliveryReader(path).close()


def test_what_operators_asked_for_is_written_with_what_it_did(path: Path) -> None:
    job = JobRow(3, "meta", "running", "{}", 9, 0, 5, "{}", 1)
    store = DeliveryStore(path)
    store.settle(Settlement(dead={("meta", n, 0): dead(n) for n in (1, 2)}, events=[event(1), event(2)]))
    store.settle(
        Settlement(
            revived={("meta", 1, 0), ("meta", 2, 0)},
            dead={("meta", 2, 0): dead(2, reason="expired")},
            retries={("meta", 1, 0): retry(1, reason="replay")},
            restated={(1, 0): event(1, name="again")},
            gone={(2, 0)},
            applied=[AppliedRow(3, 1, "{}")],
            jobs={(3, "meta"): job},
            reroutes={("meta", 1), ("meta", 2)},
        )
    )
    store.settle(Settlement(jobs={(3, "meta"): job._replace(state="done")}, reroutes={("meta", 1)}))
    kept = store.replay
    assert [letter.row.reason for letter in kept.newest_letters(Selection())] == ["expired"]
    assert (kept.outstanding("meta"), kept.parked("meta"), kept.fired("meta", 1, 0)) == (1, 1, True)
    assert [row.name for row in kept.summaries(1)] == ["again"]
    assert kept.summaries(2) == []
    assert [row.state for row in kept.jobs()] == ["done"]
    assert kept.jobs(running=True) == []
    assert kept.last_applied() == 3
    assert kept.reroutes() == {("meta", 1), ("meta", 2)}
    assert store.prune(2, 0) > 0
    assert kept.jobs() == []
    store.close()


def test_a_file_from_before_there_were_commands_is_read_as_it_is(path: Path) -> None:
    DeliveryStore(path).close()
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE job; DROP TABLE applied; DROP TABLE reroute; DROP INDEX retry_replay;")
    connection.executescript("DROP TABLE lookup; DROP TABLE waiting; DROP INDEX event_id;")
    connection.executescript("ALTER TABLE attempt DROP COLUMN made; ALTER TABLE attempt DROP COLUMN basis;")
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    reader = DeliveryReader(path)
    assert (reader.replay.jobs(), reader.replay.applied(), reader.replay.last_applied()) == ([], [], 0)
    assert reader.replay.reroutes() == set()
    assert (reader.lookups(1), reader.waits(1)) == ({}, False)
    reader.close()
    store = DeliveryStore(path)
    assert store.replay.jobs() == []
    store.close()
