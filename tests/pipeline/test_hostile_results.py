"""What scripts return where a text is expected: a fault of the script, never an exception of ours."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.errors import ScriptFault
from runtime.model.manifest import AgeRule
from runtime.pipeline.age import compile_expiry
from runtime.pipeline.envelope import read_envelope
from runtime.pipeline.placeholder import BODY, ITEMS, TIME
from runtime.pipeline.verdict import read_verdict


def nested(message: str) -> str:
    """Returns the mark of an HMAC over a message."""
    return f"\0hmac:KEY:{message.encode().hex()}\0"


ODD: tuple[Any, ...] = ({}, [], {"a": 1}, [1], 5, 1e300, True, "", "\0", "\n")


@pytest.mark.parametrize("value", ODD)
def test_a_method_that_is_none(value: Any) -> None:
    with pytest.raises(ScriptFault, match="the method must be one of"):
        read_envelope({"method": value, "url": "https://sink.example/"})


@pytest.mark.parametrize("value", ODD)
def test_a_disposition_that_is_none(value: Any) -> None:
    for said in ({"disposition": value}, {"disposition": "retry", "items": [{"index": 1, "disposition": value}]}):
        with pytest.raises(ScriptFault, match="a disposition must be one of"):
            read_verdict(said, 1)


@pytest.mark.parametrize("value", [*ODD, 1e18, -1e300, 2**63 - 1, "9" * 64, "1e300", "-1"])
def test_a_time_that_is_none_never_expires_out_of_range(value: Any) -> None:
    expiry = compile_expiry(AgeRule(time="time", unit="us", limit_days=7), {})
    assert abs(expiry({"time": value})) < 2**53


@pytest.mark.parametrize(
    "described",
    [
        {"body": ITEMS * 5},
        {"body": {"a": [ITEMS] * 5}},
        {"body": ITEMS * 100_000},
        {"headers": {"a": nested(BODY * 5)}},
        {"headers": {"a": nested(nested(BODY * 5))}},
        {"url": "https://sink.example/?a=" + TIME * 65},
    ],
)
def test_what_would_grow_without_bound_as_it_is_filled_in(described: dict[str, Any]) -> None:
    with pytest.raises(ScriptFault, match="a request can hold 64 placeholders"):
        read_envelope({"url": "https://sink.example/"} | described)
