"""The board that all processes of a server share, and a router's view of it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.store.delivery import DeliveryStore
from runtime.store.delivery_rows import QuarantineRow
from runtime.store.files import delivery_path, log_path
from runtime.store.quarantine import Quarantined, read_quarantine
from runtime.supervise import quarantine
from runtime.supervise.quarantine import SLOTS, Board, Quarantine


def entry(number: int = 1, *, shard: int = 0, hit: str = "0.7", since_ms: int = 0) -> Quarantined:
    return Quarantined(shard, QuarantineRow(f"destination/a@{number}", hit, since_ms or number, "hung"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DeliveryStore]:
    made = DeliveryStore(delivery_path(tmp_path, 0))
    yield made
    made.close()


def kept(tmp_path: Path) -> list[str]:
    log_path(tmp_path, 0).touch()
    return [found.row.script for found in read_quarantine(tmp_path)]


def test_what_is_posted_is_seen_by_processes_that_were_forked_before() -> None:
    board = Board()
    told, seen = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        os.read(told[0], 1)
        os.write(seen[1], board.entries()[0].row.script.encode())
        os._exit(0)
    board.post(entry())
    os.write(told[1], b".")
    assert os.read(seen[0], 100) == b"destination/a@1"
    os.waitpid(pid, 0)
    for end in (*told, *seen):
        os.close(end)


def test_a_script_has_one_entry_a_shard_the_newest() -> None:
    board = Board()
    board.post(entry(hit="", since_ms=1))
    board.post(entry(hit="0.9", since_ms=2))
    board.post(entry(shard=1, hit="1.4", since_ms=3))
    assert sorted(found.row.hit for found in board.entries()) == ["0.9", "1.4"]


def test_a_full_board_lets_the_oldest_go() -> None:
    board = Board()
    for number in range(1, SLOTS + 3):
        board.post(entry(number))
    scripts = {found.row.script for found in board.entries()}
    assert len(scripts) == SLOTS
    assert {"destination/a@1", "destination/a@2"} & scripts == set()


def test_lifting_frees_every_shards_slot_and_changes_the_stamp() -> None:
    board = Board()
    board.post(entry())
    board.post(entry(shard=1))
    board.post(entry(2))
    before = board.stamp()
    assert board.lift("destination/a@1")
    assert board.stamp() != before
    assert [found.row.script for found in board.entries()] == ["destination/a@2"]
    assert not board.lift("destination/a@1")


def test_a_slot_that_is_half_written_is_passed_over() -> None:
    board = Board()
    board.post(entry())
    board._memory[8 * SLOTS + 20] ^= 0xFF
    assert board.entries() == []


def test_a_router_hears_of_new_entries_and_keeps_those_of_its_own_shard(store: DeliveryStore, tmp_path: Path) -> None:
    board = Board()
    view = Quarantine(board, 0, store)
    refused = view.refused
    board.post(entry(1))
    board.post(entry(2, shard=1))
    view.refresh()
    assert refused is view.refused
    assert refused.keys() == {"destination/a@1", "destination/a@2"}
    assert "on hit 0.7" in refused["destination/a@1"].message
    assert kept(tmp_path) == ["destination/a@1"]


def test_a_router_hears_of_them_within_a_second(store: DeliveryStore) -> None:
    async def hear() -> None:
        board = Board()
        view = Quarantine(board, 0, store)
        follow = asyncio.create_task(view.follow())
        board.post(entry())
        for _ in range(2000):
            if view.refused:
                break
            await asyncio.sleep(0.01)
        assert view.refused
        follow.cancel()

    assert quarantine.EVERY_S < 1
    asyncio.run(hear())


def test_lifting_is_heard_by_all_and_forgotten_on_each_shard(store: DeliveryStore, tmp_path: Path) -> None:
    board = Board()
    board.post(entry())
    with_store = Quarantine(board, 0, store)
    other_store = DeliveryStore(delivery_path(tmp_path, 1))
    other = Quarantine(board, 1, other_store)
    assert with_store.lift("destination/a@1")
    assert not with_store.lift("destination/a@1")
    assert with_store.refused == {}
    other.refresh()
    assert other.refused == {}
    assert kept(tmp_path) == []
    board.post(entry())
    with_store.refresh()
    assert kept(tmp_path) == ["destination/a@1"], "a script that hangs again is put away again"
    other_store.close()


def test_a_batch_alone_is_refused_where_it_hung_over_one_and_a_hit_weighs_more(store: DeliveryStore) -> None:
    board = Board()
    view = Quarantine(board, 0, store)
    board.post(entry(hit=""))
    view.refresh()
    assert view.refused["destination/a@1"].batches_only
    board.post(entry(shard=1, hit="1.3", since_ms=99))
    view.refresh()
    refusal = view.refused["destination/a@1"]
    assert not refusal.batches_only
    assert "on hit 1.3" in refusal.message


def test_a_file_that_cannot_be_written_is_tried_again(store: DeliveryStore, tmp_path: Path) -> None:
    board = Board()
    view = Quarantine(board, 0, store)
    board.post(entry())
    other = sqlite3.connect(delivery_path(tmp_path, 0), isolation_level=None)
    store._connection.execute("PRAGMA busy_timeout = 0")
    other.execute("BEGIN IMMEDIATE")
    view.refresh()
    assert view.refused, "it holds all the same"
    other.execute("ROLLBACK")
    other.close()
    assert kept(tmp_path) == []
    view.refresh()
    assert kept(tmp_path) == ["destination/a@1"]
