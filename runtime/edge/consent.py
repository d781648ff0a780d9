"""Decides the consent of a hit: what it says holds for that hit, what it does not say is the container's default.

What cannot be understood is denied. A hit of several events has the tightest of what they say, because one answer,
and one set of cookies, serves them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from runtime.model.consent import PURPOSES, Consent, Purpose
from runtime.model.container import ConsentRule

Statement = dict[Purpose, bool]
"""What somebody said, by purpose; absent = nothing."""

_WORDS = {"granted": True, "denied": False}


def default_consent(rule: ConsentRule) -> Consent:
    """Returns the four purposes as the container's rule has them."""
    given = rule.default
    if isinstance(given, str):
        return dict.fromkeys(PURPOSES, given == "granted")
    return {purpose: given.get(purpose) == "granted" for purpose in PURPOSES}


def read_statement(said: Any) -> Statement:
    """Reads an object of purposes (booleans, "granted", "denied"), its JSON text, or one word for all purposes."""
    if said is None:
        return {}
    if isinstance(said, str):
        said = _from_text(said)
    if isinstance(said, bool):
        return dict.fromkeys(PURPOSES, said)
    if not isinstance(said, dict):
        return dict.fromkeys(PURPOSES, False)
    return {purpose: _granted(said[purpose]) for purpose in PURPOSES if purpose in said}


def decide_consent(default: Consent, said: Iterable[Statement]) -> Consent:
    """Returns what holds for a hit whose events said this: a purpose is granted where it is granted for every event."""
    states = [default | statement for statement in said]
    return {purpose: all(state[purpose] for state in states) for purpose in PURPOSES} if states else default


def _from_text(text: str) -> Any:
    word = text.strip().lower()
    if word in _WORDS:
        return _WORDS[word]
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _granted(value: Any) -> bool:
    return _WORDS.get(value.lower(), False) if isinstance(value, str) else value is True
