"""The mark in shared memory: what a reader may trust."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from runtime.supervise.watch import Call, Marker


def in_child(work: Callable[[], None]) -> None:
    """Runs something in a forked process, as a router does, and waits for its end."""
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


def test_a_reader_in_another_process_sees_who_is_at_work_on_what() -> None:
    marker = Marker()
    in_child(lambda: marker.enter("destination/meta@1", "0.17"))
    call = marker.call()
    assert call == Call(marker.number, "destination/meta@1", "0.17")
    assert call.number % 2 == 1


def test_outside_of_a_script_there_is_no_call() -> None:
    marker = Marker()
    assert marker.call() is None

    def work() -> None:
        marker.enter("client/json@1", "0.1")
        marker.leave()

    in_child(work)
    assert marker.call() is None
    assert marker.number == 0


def test_every_call_has_a_number_of_its_own_also_after_a_restart() -> None:
    marker = Marker()
    in_child(lambda: marker.enter("client/json@1", "0.1"))
    first = marker.number
    marker.wipe()
    assert marker.call() is None
    in_child(lambda: marker.enter("client/json@1", ""))
    second = marker.call()
    assert second is not None
    assert second.number > first
    assert (second.script, second.hit) == ("client/json@1", ""), "nothing of the process before"


def test_names_follow_each_other_whatever_their_length() -> None:
    marker = Marker()
    for script, hit in (("a" * 400, "12.3456789"), ("b", "1.2"), ("b", ""), ("c" * 1000, "1" * 200), ("ü", "0.1")):
        marker.enter(script, hit)
        call = marker.call()
        assert call is not None
        assert (call.script, call.hit) == (script[:448], hit[:64])
        marker.leave()


def test_what_a_writer_that_never_rests_leaves_is_never_read_in_half() -> None:
    marker = Marker()
    pid = os.fork()
    if pid == 0:
        while True:
            for letter in "ab":
                marker.enter(letter * 300, letter * 40)
                marker.leave()
    try:
        seen = {(call.script, call.hit) for call in (marker.call() for _ in range(50_000)) if call}
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    # The names of a call under way are whole; those of one that was over by then were not given out.
    assert seen <= {("a" * 300, "a" * 40), ("b" * 300, "b" * 40)}
