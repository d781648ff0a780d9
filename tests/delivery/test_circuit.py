from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.delivery.circuit import Circuit
from runtime.delivery.retry import Backoff, retry_after

LONGEST = Backoff(base_s=1, cap_s=300, uniform=lambda low, high: high)


@given(st.integers(0, 10_000), st.floats(0, 100_000))
def test_backoff_stays_between_what_the_vendor_asks_and_the_cap(failures: int, asked: float) -> None:
    wait = Backoff().wait(failures, asked)
    assert min(asked, 3600) <= wait <= max(300, min(asked, 3600))


def test_backoff_doubles_up_to_its_cap() -> None:
    assert [LONGEST.wait(n) for n in (0, 1, 2, 8, 9, 5000)] == [1, 2, 4, 256, 300, 300]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120), (" 7 ", 7), ("0", 0), ("-1", 0), ("soon", 0), ("", 0), ("٣", 0),
        ("Thu, 01 Jan 1970 00:16:50 GMT", 10), ("Thu, 01 Jan 1970 00:00:01 GMT", 0),
    ],
)  # fmt: skip
def test_retry_after_is_a_count_or_a_date(header: str, seconds: float) -> None:
    assert retry_after({"retry-after": header}, 1000.0) == seconds


def test_no_header_asks_for_nothing() -> None:
    assert retry_after({}, 1000.0) == 0


def test_a_closed_circuit_gives_the_free_places() -> None:
    assert Circuit().room(0.0, 4, 1) == 3


def test_an_open_circuit_waits_then_lets_one_probe_go() -> None:
    circuit = Circuit(LONGEST)
    circuit.fail(10.0, 9.0, "timeout")
    assert [circuit.room(now, 4, 0) for now in (10.0, 10.9, 11.0)] == [0, 0, 1]
    assert circuit.room(11.0, 4, 1) == 0


def test_failures_of_batches_already_under_way_do_not_lengthen_the_wait() -> None:
    circuit = Circuit(LONGEST)
    circuit.fail(10.0, 9.0, "timeout")
    circuit.fail(10.5, 9.5, "timeout")
    assert (circuit.failures, circuit.until) == (1, 11.0)
    circuit.fail(10.6, 9.5, "429", retry_after_s=30)
    assert circuit.until == pytest.approx(40.6)


def test_each_failed_probe_doubles_the_wait_and_an_answer_ends_it() -> None:
    circuit = Circuit(LONGEST)
    now = 0.0
    for wait in (1, 2, 4):
        circuit.fail(now, now, "connect")
        assert circuit.until == now + wait
        now = circuit.until
    circuit.succeed()
    assert (circuit.state, circuit.room(now, 4, 0)) == ("closed", 4)


def test_a_stopped_circuit_probes_at_a_fixed_pace_and_at_once_when_settings_change() -> None:
    circuit = Circuit(LONGEST, stopped_probe_s=300)
    circuit.fail(0.0, 0.0, "token", stop=True)
    assert (circuit.state, circuit.until) == ("stopped", 300.0)
    circuit.probe_now()
    assert circuit.room(1.0, 4, 0) == 1
    circuit.fail(1.0, 1.0, "token", stop=True)
    assert circuit.until == 301.0
