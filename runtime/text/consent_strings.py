"""What the IAB's strings say about our purposes, by the container's rule. A broken string denies all of them."""

from __future__ import annotations

from runtime.model.consent import PURPOSES, Purpose
from runtime.model.consent_rule import TcfRule
from runtime.model.consent_source import ADS
from runtime.text.consent_statement import Answer, Statement, all_purposes, tightest
from runtime.text.gpp import NAMES, TCF_EU, US_PRIVACY, OptOut, read_gpp, read_us_privacy, read_us_section
from runtime.text.tcf import TcfString, read_tcf

_SERVICE_SPECIFIC_SINCE = 4
"""The policy from which the framework takes strings for one service only."""


def tcf_statement(text: str, rule: TcfRule) -> Statement:
    """Returns what a string of the Transparency and Consent Framework says."""
    try:
        said = read_tcf(text)
    except ValueError as problem:
        return all_purposes(granted=False, why=f"tcf: {problem}")
    if said.policy < rule.policy:
        return all_purposes(granted=False, why=f"tcf: it is of policy {said.policy}")
    if rule.policy >= _SERVICE_SPECIFIC_SINCE and not said.is_service_specific:
        return all_purposes(granted=False, why="tcf: it is not for this service alone")
    return {purpose: _tcf_answer(said, needed, rule) for purpose in PURPOSES if (needed := rule.needs(purpose))}


def gpp_statement(text: str, rule: TcfRule) -> Statement:
    """Returns what a string of the Global Privacy Platform says. Of several sections each must agree; one that is not
    known here denies, since it may."""
    try:
        sections = read_gpp(text)
    except ValueError as problem:
        return all_purposes(granted=False, why=f"gpp: {problem}")
    return tightest(_section(number, section, rule) for number, section in sections)


def us_privacy_statement(text: str) -> Statement:
    """Returns what the US Privacy string says about advertising."""
    try:
        return _opt_out("us_privacy", read_us_privacy(text))
    except ValueError as problem:
        return all_purposes(granted=False, why=f"us_privacy: {problem}")


def gpc_statement(text: str) -> Statement:
    """Returns what Global Privacy Control says: `1` opts out of advertising, anything else says nothing."""
    return dict.fromkeys(ADS, Answer(False, "Global Privacy Control")) if text.strip() == "1" else {}


def _tcf_answer(said: TcfString, needed: tuple[int, ...], rule: TcfRule) -> Answer:
    for number in needed:
        by_interest = number in rule.legitimate_interest
        if not said.allows(number, by_interest=by_interest):
            return Answer(False, f"tcf: purpose {number} not granted")
        for vendor in rule.vendors:
            if not said.allows(number, vendor, by_interest=by_interest):
                return Answer(False, f"tcf: purpose {number} not granted to vendor {vendor}")
    return Answer(True, f"tcf: purpose {' and '.join(map(str, needed))} granted")


def _section(number: int, text: str, rule: TcfRule) -> Statement:
    if number == TCF_EU:
        return tcf_statement(text, rule)
    name = NAMES.get(number, f"section {number}")
    try:
        if number == US_PRIVACY:
            return _opt_out("gpp uspv1", read_us_privacy(text))
        if number in NAMES:
            return _opt_out(f"gpp {name}", read_us_section(number, text))
    except ValueError as problem:
        return all_purposes(granted=False, why=f"gpp {name}: {problem}")
    return all_purposes(granted=False, why=f"gpp: {name} is not known here")


def _opt_out(name: str, said: OptOut) -> Statement:
    if said.opted_out is None:
        return {}
    why = f"{name}: opted out of {said.of}" if said.opted_out else f"{name}: not opted out"
    answer = Answer(not said.opted_out, why)
    purposes: tuple[Purpose, ...] = ADS
    return dict.fromkeys(purposes, answer)
