"""`firsthand events show` has words for every state of a tag, with the reason where there is one."""

from __future__ import annotations

from typing import get_args

from runtime.cli.trace_text import STATES
from runtime.model.event import TagState

WITHOUT_REASON = {"not_triggered", "paused"}


def test_every_state_has_words() -> None:
    states = set(get_args(TagState)) - {"fired"}
    assert states <= set(STATES)
    assert {state for state in states if "{}" not in STATES[state]} == WITHOUT_REASON


def test_the_reason_is_told() -> None:
    assert STATES["limited"].format("event 0") == "once a hit only, and it had event 0"
    assert STATES["held"].format("setup ping: denied") == "held back: setup ping: denied"
