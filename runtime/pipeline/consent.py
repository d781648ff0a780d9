"""Consent: what the edge decided for the hit, tightened by what the event itself says. Never loosened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runtime.model.consent import PURPOSES, Consent, Purpose
from runtime.pipeline.scope import Scope


def decide_consent(scope: Scope, edge: Consent) -> Consent:
    """Returns the consent in force for the scope's event, all four purposes; from now on the scope has it too."""
    said = scope.event.get("consent_state")
    consent = scope.consent = tighten(edge, said)
    if scope.trace is not None:
        scope.trace.consent = {"edge": edge, "event": said, "in_force": consent}
    return consent


def tighten(edge: Consent, said: Any) -> Consent:
    """Returns the edge's decision without the purposes that an event's `consent_state` does not grant.

    A purpose that `consent_state` leaves out stays as it was. What is neither true nor "granted" denies, and a
    `consent_state` that is no table denies everything: what cannot be read is no permission.
    """
    consent: Consent = {purpose: edge.get(purpose) is True for purpose in PURPOSES}
    # An empty Lua table arrives as an empty table or an empty list; either says nothing.
    if said is None or said == {} or said == []:
        return consent
    if not isinstance(said, dict):
        return {purpose: False for purpose in PURPOSES}
    for purpose in PURPOSES:
        if purpose in said and not _grants(said[purpose]):
            consent[purpose] = False
    return consent


def _grants(value: Any) -> bool:
    return value is True or value == "granted"


def missing(needed: Sequence[Purpose], consent: Consent) -> tuple[Purpose, ...]:
    """Returns the purposes that a tag needs and the visitor has not granted."""
    return tuple(purpose for purpose in needed if not consent[purpose])
