from __future__ import annotations

from runtime.delivery.backlog import Backlog
from runtime.delivery.batch import Bunch, Collector
from runtime.delivery.ports import Tuning
from runtime.model.delivery import Item, TagPlan


def item(seq: int, *, key: str = "", data: bytes = b"{}") -> Item:
    return Item(seq=seq, pos=0, version=1, data=data, key=key, event_id=str(seq), expires_s=0)


def seqs(bunch: Bunch | None) -> list[int] | None:
    return None if bunch is None else [item.seq for item in bunch.items]


def test_a_batch_is_full_by_count() -> None:
    collector = Collector(2, 1000, 10)
    for n in range(3):
        collector.add(item(n), 0.0)
    assert seqs(collector.take(0.0)) == [0, 1]
    assert collector.take(0.0) is None
    assert (collector.items, collector.bytes) == (1, 3)


def test_a_batch_is_full_by_bytes_before_the_item_that_does_not_fit() -> None:
    collector = Collector(100, 10, 10)
    for n in range(3):
        collector.add(item(n, data=b"12345"), 0.0)
    assert seqs(collector.take(0.0)) == [0]
    assert seqs(collector.take(0.0)) == [1]


def test_an_item_larger_than_a_batch_goes_alone() -> None:
    collector = Collector(100, 10, 10)
    for n, data in enumerate((b"1", b"x" * 50, b"2")):
        collector.add(item(n, data=data), 0.0)
    assert [seqs(collector.take(99.0)) for _ in range(3)] == [[0], [1], [2]]


def test_keys_never_share_a_batch_and_each_lingers_by_itself() -> None:
    collector = Collector(100, 1000, 5)
    collector.add(item(0, key="a"), 0.0)
    collector.add(item(1, key="b"), 3.0)
    collector.add(item(2, key="a"), 4.0)
    assert collector.due() == 5.0
    assert collector.take(4.9) is None
    assert seqs(collector.take(5.0)) == [0, 2]
    assert collector.take(7.9) is None
    assert seqs(collector.take(8.0)) == [1]
    assert collector.due() is None


def test_removed_items_leave_the_rest_ready() -> None:
    collector = Collector(2, 1000, 5)
    for n in range(5):
        collector.add(item(n), 0.0)
    assert [gone.seq for gone in collector.remove(lambda item: item.seq % 2 == 0)] == [0, 2, 4]
    assert seqs(collector.take(0.1)) == [1, 3]
    assert (collector.items, collector.bytes) == (0, 0)


def backlog(queue_bytes: int = 1000) -> Backlog:
    plan = TagPlan(tag="t", template="x", max_items=1, linger_ms=0)
    return Backlog(plan, Tuning(queue_items=10, queue_bytes=queue_bytes))


def test_failed_batches_take_turns_with_new_ones() -> None:
    queue = backlog()
    queue.add([item(1), item(2)], 0.0)
    queue.hold(Bunch([item(0)], failures=1))
    first = queue.next(0.0)
    assert seqs(first) == [0]
    assert first is not None
    queue.hold(first)
    assert [seqs(queue.next(0.0)) for _ in range(4)] == [[1], [0], [2], None]


def test_halves_of_a_refused_batch_go_first_in_their_order() -> None:
    queue = backlog()
    queue.add([item(9)], 0.0)
    for half in (Bunch([item(2)]), Bunch([item(1)])):
        queue.hold(half, first=True)
    assert [seqs(queue.next(0.0)) for _ in range(3)] == [[1], [2], [9]]


def test_room_shrinks_with_items_and_with_bytes() -> None:
    queue = backlog(queue_bytes=8)
    assert queue.room == 10
    queue.add([item(1)], 0.0)
    assert queue.room == 9
    queue.add([item(2, data=b"x" * 10)], 0.0)
    assert queue.room == 0


def test_removing_reaches_held_batches_too() -> None:
    queue = backlog()
    queue.add([item(1)], 0.0)
    queue.hold(Bunch([item(2), item(3)]))
    queue.hold(Bunch([item(4)]))
    assert sorted(gone.seq for gone in queue.remove(lambda item: item.seq != 3)) == [1, 2, 4]
    assert len(queue) == 1
    assert seqs(queue.next(0.0)) == [3]
