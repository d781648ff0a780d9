"""Reads whatever a hit or an event says about consent in words of its own: plain words, objects of our purposes, the
texts of Google's consent mode, strings of the IAB. What cannot be understood denies all purposes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

from runtime.model.consent import PURPOSES, Purpose
from runtime.model.consent_rule import TcfRule
from runtime.text.consent_statement import UNREADABLE, Answer, Statement, all_purposes
from runtime.text.consent_strings import gpp_statement, tcf_statement

_WORDS = {"granted": True, "denied": False}
_REMEMBERED = 1024
_LONGEST_REMEMBERED = 1024

# `gcs` of Google's consent mode. The order of its two signs is Stape's reading of it; Google documents neither text.
_GCS = re.compile(r"G1([01-])([01-])")
_GCS_PURPOSES: tuple[Purpose, ...] = ("ad_storage", "analytics_storage")
_GCS_SIGNS = {"1": True, "0": False}

# `gcd`: four letters, each followed by a digit, and an end that varies. Form, order and letters are third parties'
# findings: what holds by the page's default, its update or both. `l` is unset; a letter that nobody knows says nothing.
_GCD = re.compile(r"1\d((?:[A-Za-z]\d){4})[0-9A-Za-z]{0,32}", re.ASCII)
_GCD_PURPOSES: tuple[Purpose, ...] = ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization")
_GCD_SIGNS = dict.fromkeys("mpqu", False) | dict.fromkeys("nrtv", True)

# Version 2 of the framework's strings begins with C, version 1 of the platform's with DB: both are the first bits.
_TCF = re.compile(r"C[A-Za-z0-9_-]{30,}(?:\.[A-Za-z0-9_-]+)*", re.ASCII)
_GPP = re.compile(r"DB[A-Za-z0-9_-]+(?:~[A-Za-z0-9._-]*)+", re.ASCII)


class WordReader:
    """Reads such words by a container's rule. Texts are remembered: visitors say the same few."""

    def __init__(self, rule: TcfRule) -> None:
        self._rule = rule
        self._remembered = lru_cache(_REMEMBERED)(self._read_text)

    def read(self, said: Any) -> Statement:
        """Reads an object of purposes (booleans, "granted", "denied"), its JSON text, one word for all purposes, a text
        of Google's consent mode, or a string of the IAB. The result is shared: nobody may change it."""
        if isinstance(said, str):
            return self._remembered(said) if len(said) <= _LONGEST_REMEMBERED else self._read_text(said)
        return _from_value(said)

    def _read_text(self, text: str) -> Statement:
        signs = google_mode(text)
        if signs is not None:
            return signs
        if _TCF.fullmatch(text):
            return tcf_statement(text, self._rule)
        if _GPP.fullmatch(text):
            return gpp_statement(text, self._rule)
        word = text.strip().lower()
        return _from_value(_WORDS[word] if word in _WORDS else _from_json(text))


def google_mode(text: str) -> Statement | None:
    """Returns what a text of Google's consent mode says, None where it is none."""
    if found := _GCS.fullmatch(text):
        return _signs(_GCS_PURPOSES, "".join(found.groups()), _GCS_SIGNS)
    if found := _GCD.fullmatch(text):
        return _signs(_GCD_PURPOSES, found[1][::2], _GCD_SIGNS)
    return None


def _signs(purposes: tuple[Purpose, ...], signs: str, meanings: dict[str, bool]) -> Statement:
    return {purpose: Answer(meanings[sign]) for purpose, sign in zip(purposes, signs, strict=True) if sign in meanings}


def _from_value(said: Any) -> Statement:
    if said is None:
        return {}
    if isinstance(said, bool):
        return all_purposes(granted=said)
    if not isinstance(said, dict):
        return all_purposes(granted=False, why=UNREADABLE)
    return {purpose: Answer(_granted(said[purpose])) for purpose in PURPOSES if purpose in said}


def _from_json(text: str) -> Any:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ()
    return () if found is None else found


def _granted(value: Any) -> bool:
    return _WORDS.get(value.lower(), False) if isinstance(value, str) else value is True
