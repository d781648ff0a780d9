"""Decides the consent of a hit: what it says holds for that hit, what it does not say is the container's default.

What cannot be understood is denied. A hit of several events has the tightest of what they say, because one answer,
and one set of cookies, serves them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from runtime.model.consent import PURPOSES, Consent, Purpose
from runtime.model.container import ConsentRule

Statement = dict[Purpose, bool]
"""What somebody said, by purpose; absent = nothing."""

_WORDS = {"granted": True, "denied": False}

# `gcs` of Google's consent mode. The order of its two signs is Stape's reading of it; Google documents neither text.
_GCS = re.compile(r"G1([01-])([01-])")
_GCS_PURPOSES: tuple[Purpose, ...] = ("ad_storage", "analytics_storage")
_GCS_SIGNS = {"1": True, "0": False}

# `gcd`: four letters, each followed by a digit, and an end that varies. Form, order and letters are third parties'
# findings: what holds by the page's default, its update or both. `l` is unset; a letter that nobody knows says nothing.
_GCD = re.compile(r"1\d((?:[A-Za-z]\d){4})[0-9A-Za-z]{0,32}", re.ASCII)
_GCD_PURPOSES: tuple[Purpose, ...] = ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization")
_GCD_SIGNS = dict.fromkeys("mpqu", False) | dict.fromkeys("nrtv", True)


def default_consent(rule: ConsentRule) -> Consent:
    """Returns the four purposes as the container's rule has them."""
    given = rule.default
    if isinstance(given, str):
        return dict.fromkeys(PURPOSES, given == "granted")
    return {purpose: given.get(purpose) == "granted" for purpose in PURPOSES}


def read_statement(said: Any) -> Statement:
    """Reads an object of purposes (booleans, "granted", "denied"), its JSON text, one word for all purposes, or a
    text of Google's consent mode (`gcs`, `gcd`). Any other text denies."""
    if said is None:
        return {}
    if isinstance(said, str):
        signs = _consent_mode(said)
        if signs is not None:
            return signs
        said = _from_text(said)
    if isinstance(said, bool):
        return dict.fromkeys(PURPOSES, said)
    if not isinstance(said, dict):
        return dict.fromkeys(PURPOSES, False)
    return {purpose: _granted(said[purpose]) for purpose in PURPOSES if purpose in said}


def join_statements(said: Iterable[Any]) -> Statement:
    """Returns what the sources of one event say together: of each purpose the first word; "" is none."""
    joined: Statement = {}
    for each in said:
        if each != "":
            joined = read_statement(each) | joined
        if len(joined) == len(PURPOSES):
            break
    return joined


def decide_consent(default: Consent, said: Iterable[Statement]) -> Consent:
    """Returns what holds for a hit whose events said this: a purpose is granted where it is granted for every event."""
    states = [default | statement for statement in said]
    return {purpose: all(state[purpose] for state in states) for purpose in PURPOSES} if states else default


def _consent_mode(text: str) -> Statement | None:
    """Returns what a text of Google's consent mode says, None where it is none."""
    if found := _GCS.fullmatch(text):
        return _signs(_GCS_PURPOSES, "".join(found.groups()), _GCS_SIGNS)
    if found := _GCD.fullmatch(text):
        return _signs(_GCD_PURPOSES, found[1][::2], _GCD_SIGNS)
    return None


def _signs(purposes: tuple[Purpose, ...], signs: str, meanings: dict[str, bool]) -> Statement:
    return {purpose: meanings[sign] for purpose, sign in zip(purposes, signs, strict=True) if sign in meanings}


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
