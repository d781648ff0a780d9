"""Decides the consent of a hit, with the reason for each purpose.

Of each purpose the first that speaks counts: what the client reads of the hit, the container's sources in their order,
the default of the visitor's region, the default. What cannot be understood is denied. A hit of several events has the
tightest of what they say, because one answer, and one set of cookies, serves them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from runtime.edge.consent_sources import client_voice, container_voices
from runtime.edge.documents import Document
from runtime.edge.incoming import Incoming
from runtime.edge.sources import Reader, compile_sources
from runtime.model.consent import PURPOSES, Consent
from runtime.model.consent_rule import ConsentRule, Default, RegionalDefault
from runtime.model.manifest import Source
from runtime.text.consent_statement import Answer, Statement, all_purposes, tightest
from runtime.text.consent_words import WordReader
from runtime.text.limited_data_use import says_ldu

Geo = Mapping[str, str]

_LDU = (
    Source(query="dpo"),
    Source(form="dpo"),
    Source(pointer="/data_processing_options"),
    Source(pointer="/dpo"),
)
"""Where a hit of Meta's formats says it (wire format of the pixel, and of the Conversions API)."""
_CUT = all_purposes(granted=False, why="the hit has more events than are looked at")


class Decision(NamedTuple):
    """What holds for a hit."""

    consent: Consent
    why: dict[str, str]
    """Purpose to what decided it, without those that the default decided."""


def default_statement(default: Default, why: str = "") -> Statement:
    """Returns the answers of a default: one word for all purposes, or one for each; what is left out is denied."""
    if isinstance(default, str):
        return all_purposes(granted=default == "granted", why=why and f"{why}: {default}")
    words = {purpose: default.get(purpose, "denied") for purpose in PURPOSES}
    return {purpose: Answer(word == "granted", why and f"{why}: {word}") for purpose, word in words.items()}


class ConsentDecider:
    """Decides for the requests of one client. `facts` are the places that its manifest names."""

    def __init__(self, rule: ConsentRule, facts: Iterable[Source]) -> None:
        words = WordReader(rule.tcf)
        self._voices = [client_voice(source, words) for source in facts]
        for source in rule.sources:
            self._voices += container_voices(source, words, rule.tcf)
        self._base = default_statement(rule.default)
        self._regions = {region: _regional(region, entry) for entry in rule.regions for region in entry.regions}
        self._order = [region for entry in rule.regions for region in entry.regions]
        self._ldu = rule.ldu
        self._ldu_readers = compile_sources(_LDU) if rule.ldu else ()
        self._silent = _decided(self._base) if not (self._voices or self._regions or self._ldu) else None
        self.needs_json = bool(rule.ldu) or any(voice.needs_json for voice in self._voices)
        """Whether it looks into the events of a body."""

    def __call__(self, incoming: Incoming, documents: list[Document | None], geo: Geo) -> Decision:
        if self._silent is not None:
            return self._silent
        base = self._base if not self._regions else self._base | self._region(geo)
        if len(documents) == 1:
            said = base | self._said(incoming, documents[0])
        else:
            said = tightest([base | self._said(incoming, document) for document in documents])
        if self.needs_json and incoming.documents.is_cut:
            said = tightest([said, _CUT])  # nobody looked at what the rest says
        return _decided(said)

    def _region(self, geo: Geo) -> Statement:
        country = geo.get("country", "")
        here = (country, f"{country}-{geo.get('region', '')}")
        return next((self._regions[region] for region in self._order if region in here), {})

    def _said(self, incoming: Incoming, document: Document | None) -> Statement:
        """Returns what one event says, and the hit around it: of each purpose the first word."""
        said: Statement = {}
        for voice in self._voices:
            found = voice.read(incoming, document)
            if found is None or found == "":
                continue
            said = voice.understand(found) | said
            if len(said) == len(PURPOSES):
                break
        if self._ldu and _any_ldu(self._ldu_readers, incoming, document):
            said = said | dict.fromkeys(self._ldu, Answer(False, "limited data use"))
        return said


def _regional(region: str, entry: RegionalDefault) -> Statement:
    return default_statement(entry.default, f"region {region}")


def _decided(said: Statement) -> Decision:
    return Decision(
        {purpose: said[purpose].granted for purpose in PURPOSES},
        {purpose: said[purpose].why for purpose in PURPOSES if said[purpose].why},
    )


def _any_ldu(readers: Iterable[Reader], incoming: Incoming, document: Document | None) -> bool:
    found: Iterable[Any] = (read(incoming, document) for read in readers)
    return any(says_ldu(value) for value in found)
