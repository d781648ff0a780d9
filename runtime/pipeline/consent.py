"""Consent: what the edge decided for the hit, tightened by what the event itself says. Never loosened."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from runtime.model.consent import PURPOSES, Consent, Purpose
from runtime.model.consent_rule import ConsentRule, TcfRule
from runtime.pipeline.condition import Path, compile_path, read_path
from runtime.pipeline.scope import Scope
from runtime.text.consent_words import WordReader
from runtime.text.limited_data_use import says_ldu

LDU_FIELD = "x-fb-data_processing_options"
_PLAIN = ConsentRule()
_PLAIN_TCF = TcfRule()


def decide_consent(scope: Scope, edge: Consent, rule: ConsentRule = _PLAIN) -> Consent:
    """Returns the consent in force for the scope's event, all four purposes; from now on the scope has it too."""
    said = read_path(scope.event, _path(rule.field))
    consent = tighten(edge, said, rule.tcf)
    if rule.ldu and says_ldu(scope.event.get(LDU_FIELD)):
        consent = consent | dict.fromkeys(rule.ldu, False)
    scope.consent = consent
    if scope.trace is not None:
        why = _reasons(scope, edge, said, consent, rule)
        scope.trace.consent = {"edge": edge, "event": said, "in_force": consent, "why": why}
    return consent


def tighten(edge: Consent, said: Any, tcf: TcfRule = _PLAIN_TCF) -> Consent:
    """Returns the edge's decision without the purposes that an event's own word does not grant.

    A purpose that it leaves out stays as it was. In a table, what is neither true nor "granted" denies. A text is read
    as the edge reads it. Anything else denies everything: what cannot be read is no permission.
    """
    consent: Consent = {purpose: edge.get(purpose) is True for purpose in PURPOSES}
    # An empty Lua table arrives as an empty table or an empty list; either says nothing.
    if said is None or said == {} or said == []:
        return consent
    if isinstance(said, str):
        said = {purpose: answer.granted for purpose, answer in WordReader(tcf).read(said).items()}
    if not isinstance(said, dict):
        return {purpose: False for purpose in PURPOSES}
    for purpose in PURPOSES:
        if purpose in said and not _grants(said[purpose]):
            consent[purpose] = False
    return consent


@lru_cache(maxsize=64)
def _path(dotted: str) -> Path:
    return compile_path(dotted)


def _grants(value: Any) -> bool:
    return value is True or value == "granted"


def _reasons(scope: Scope, edge: Consent, said: Any, consent: Consent, rule: ConsentRule) -> dict[str, str]:
    """Returns what decided each purpose, where it is more than the container's default."""
    reasons = dict(scope.hit.hit.consent_from) if scope.hit is not None else {}
    by_event = tighten(edge, said, rule.tcf)
    for purpose in PURPOSES:
        if edge.get(purpose) is True and not consent[purpose]:
            reasons[purpose] = "event: limited data use" if by_event[purpose] else f"event: {rule.field}"
    return reasons


def missing(needed: Sequence[Purpose], consent: Consent) -> tuple[Purpose, ...]:
    """Returns the purposes that a tag needs and the visitor has not granted."""
    return tuple(purpose for purpose in needed if not consent[purpose])
