"""The facts that must be known before the answer: page, referrer, click and browser id, and the visitor's consent.

They are read natively from the places that the client's manifest declares. A body that cannot be read holds no facts;
it never refuses a hit.
"""

from __future__ import annotations

import msgspec

from runtime.edge.consent import ConsentDecider, Geo
from runtime.edge.documents import Document
from runtime.edge.incoming import Incoming
from runtime.edge.sources import Reader, compile_sources
from runtime.model.consent import Consent
from runtime.model.consent_rule import ConsentRule
from runtime.model.manifest import Facts as Declared

MAX_URL = 8192
MAX_ID = 1024
NOWHERE: Geo = {}
_ONLY_NONE: list[Document | None] = [None]


class Facts(msgspec.Struct, frozen=True):
    """What a request says about its page and its visitor; "" where it says nothing."""

    page_url: str
    referrer: str
    fbp: str
    fbc: str
    consent: Consent
    consent_from: dict[str, str]
    """Purpose to what decided it, where the default did not."""


class FactReader:
    """Reads the facts of one client's requests; consent is decided by the container's rule."""

    def __init__(self, declared: Declared, rule: ConsentRule) -> None:
        self._page_url = compile_sources(declared.page_url)
        self._referrer = compile_sources(declared.referrer)
        self._fbp = compile_sources(declared.fbp)
        self._fbc = compile_sources(declared.fbc)
        self._decide = ConsentDecider(rule, declared.consent)
        others = declared.page_url + declared.referrer + declared.fbp + declared.fbc
        self._needs_json = self._decide.needs_json or any(source.pointer is not None for source in others)

    def __call__(self, incoming: Incoming, geo: Geo = NOWHERE) -> Facts:
        """Returns the facts; `geo` is where the visitor is, as far as that is known."""
        documents: list[Document | None] = _ONLY_NONE
        if self._needs_json and incoming.documents.items:
            documents = [*incoming.documents.items]
        decision = self._decide(incoming, documents, geo)
        return Facts(
            page_url=web_url(_text(self._page_url, incoming, documents, MAX_URL)),
            referrer=web_url(_text(self._referrer, incoming, documents, MAX_URL)),
            fbp=_text(self._fbp, incoming, documents, MAX_ID),
            fbc=_text(self._fbc, incoming, documents, MAX_ID),
            consent=decision.consent,
            consent_from=decision.why,
        )


def _text(readers: tuple[Reader, ...], incoming: Incoming, documents: list[Document | None], limit: int) -> str:
    """Returns the first text that a source holds, of the first document with one; too long a text counts as none."""
    if not readers:
        return ""
    for document in documents:
        for read in readers:
            found = read(incoming, document)
            if found and isinstance(found, str) and len(found) <= limit:
                return found.replace("\0", "")
    return ""


def web_url(text: str) -> str:
    """Returns an http or https URL as it is, "" for anything else."""
    return text if text[:8].lower().startswith(("http://", "https://")) else ""
