"""Look-ups: requests that a variable's `lookup` describes, checked like a tag's, and what `resolve` gets of them.

Where a look-up may lead is decided before anybody asks whether its answer is recorded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.errors import ScriptFault
from runtime.model.delivery import Envelope
from runtime.model.lookup import (
    FAILED_TTL_S,
    MOST_TIMEOUT_MS,
    MOST_TTL_S,
    TIMEOUT_MS,
    TTL_S,
    Answer,
    Lookup,
)
from runtime.model.manifest import FromSetting, LookupSpec
from runtime.model.snapshot import Template
from runtime.pipeline import placeholder
from runtime.pipeline.age import number
from runtime.pipeline.encode import encode
from runtime.pipeline.envelope import check_host, check_secrets, read_envelope
from runtime.pipeline.given import Given
from runtime.pipeline.hosts import allowed_hosts
from runtime.text.jsons import decode_json
from runtime.text.malformed import Malformed
from runtime.text.redaction import mask_members

METHODS = frozenset({"GET", "POST"})

_FUNCTION = "lookup"
_SHOWN = 2000
"""Characters of an answer in a trace."""


class Asker:
    """How one variable asks: what its template is granted, and the figures of its settings."""

    __slots__ = ("_denied", "_given", "_hosts", "_settings", "_template", "_variable", "figures")

    def __init__(self, variable: str, template: Template, given: Given, settings: Mapping[str, Any]) -> None:
        """`settings` are the instance's own, with references as they are written: a host that a variable would fill in
        is none that they name."""
        assert template.manifest.lookup is not None
        self._variable, self._template, self._denied = variable, template.key, template.denied
        self._given, self._settings = given, settings
        self._hosts = allowed_hosts(template.manifest, settings)
        self.figures = _figures(template.manifest.lookup, settings)

    def read(self, returned: Sequence[Any]) -> Lookup | None:
        """Returns the look-up that the script described, checked; None where it wants none. Raises ScriptFault."""
        described = returned[0] if returned else None
        if described is None:
            return None
        if isinstance(described, dict):
            described = {"method": "GET"} | described
        envelope = read_envelope(described, function=_FUNCTION)
        texts = (envelope.url, envelope.body, *envelope.headers.values())
        if envelope.method not in METHODS:
            raise ScriptFault("result", f"a look-up is a GET or a POST, not a {envelope.method}")
        if placeholder.count_marks(texts)[1]:
            raise ScriptFault("result", "a look-up has no batch: `batch.items` and `batch.body` mean nothing in it")
        check_host(envelope.url, self._hosts, self._settings, self._denied.hosts, function=_FUNCTION)
        check_secrets(envelope, self._given, self._denied.secrets, function=_FUNCTION)
        return Lookup(_key(self._template, envelope), self._variable, envelope, self._hosts, *self.figures)


def _figures(spec: LookupSpec, settings: Mapping[str, Any]) -> tuple[int, int, int]:
    """Returns timeout (ms), lifetime of an answer and of a failure (s)."""

    def whole(given: FromSetting | int, otherwise: int, most: int) -> int:
        found = number(given, settings)
        return min(max(0, otherwise if found is None else int(found)), most)

    return (
        max(1, whole(spec.timeout_ms, TIMEOUT_MS, MOST_TIMEOUT_MS)),
        whole(spec.ttl_s, TTL_S, MOST_TTL_S),
        whole(spec.failed_ttl_s, FAILED_TTL_S, MOST_TTL_S),
    )


def _key(template: str, envelope: Envelope) -> str:
    """Returns what a look-up is known by. Secrets stand in the envelope as marks, so that a key tells none."""
    asked = [template, envelope.method, envelope.url, envelope.headers, envelope.body]
    return hashlib.sha256(encode(asked)).hexdigest()[:32]


def answer_table(answer: Answer) -> dict[str, Any] | None:
    """Returns an answer as `resolve` receives it; None where there was none, in time or at all."""
    if answer.failed:
        return None
    table: dict[str, Any] = {"status": answer.status, "body": answer.body}
    try:
        decoded = decode_json(answer.body)
        encode(decoded)  # Numbers past 64 bits are JSON, and nothing that a script can have.
    except (Malformed, ScriptFault):
        return table
    return table | {"json": decoded}


def record_of(lookup: Lookup, answer: Answer | None) -> dict[str, Any]:
    """Returns a look-up for a trace; `asked_ms` tells when the server was asked."""
    envelope = lookup.envelope
    request = {"method": envelope.method, "url": envelope.url, "headers": envelope.headers, "body": envelope.body}
    record: dict[str, Any] = {"key": lookup.key, "request": request, "recorded": answer is not None}
    if answer is None:
        return record
    record["asked_ms"] = answer.at_ms
    if answer.failed:
        return record | {"failed": answer.failed}
    return record | {"answer": {"status": answer.status, "body": _excerpt(answer.body)}}


def _excerpt(body: str) -> str:
    """Returns what a trace shows of an answer. A beginning of JSON is none, so its members are masked here."""
    return body if len(body) <= _SHOWN else mask_members(body[:_SHOWN].rpartition(",")[0]) + " …"
