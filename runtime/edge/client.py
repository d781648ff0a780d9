"""One client of a version, compiled: everything that its manifest and settings declare for the edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from runtime.edge.answers import ClientAnswers
from runtime.edge.cookies import KNOWN_COOKIES
from runtime.edge.cors import VARY
from runtime.edge.facts import FactReader
from runtime.edge.incoming import Incoming
from runtime.edge.redact import Redactor, credential_names
from runtime.edge.verify import NONE, Credential, Verifier, accepted_tokens
from runtime.edge.wanted import Wanted, wanted_cookies, wanted_headers
from runtime.errors import SenderError
from runtime.model.consent_rule import ConsentRule
from runtime.model.container import Client
from runtime.model.manifest import ClientSpec, Count, Facts, Verify
from runtime.model.snapshot import Snapshot
from runtime.text.batches import DECODERS
from runtime.text.malformed import Malformed

Secrets = Callable[[str], str]
"""Returns a secret's value by its name; raises `OperatorError` where there is none."""


@dataclass(frozen=True, slots=True)
class EdgeClient:
    """What the edge does for one client. Its parts are functions of a request, named after their step."""

    id: str
    body_limit: int
    trust: str
    """What a verified sender is: `server` or `browser`."""
    may_set: frozenset[str]
    """Cookies that the answer may set."""
    cors: bool
    cookie_names: frozenset[str]
    """Cookies that are stored whoever may read them."""
    wanted_cookies: Wanted
    wanted_headers: Wanted
    facts: FactReader
    verifier: Verifier | None
    redactor: Redactor | None
    counted: Count | None
    answers: ClientAnswers

    def verify(self, incoming: Incoming) -> Credential:
        """Returns the sender's credential; raises `SenderError` where it is missing or wrong."""
        return NONE if self.verifier is None else self.verifier(incoming)

    def count(self, incoming: Incoming) -> int:
        """Returns the number of events, 1 where the manifest declares no decoder; raises `SenderError` (400)."""
        if self.counted is None:
            return 1
        try:
            decode = DECODERS[self.counted.decoder]
            return len(decode(incoming.query, incoming.body, incoming.content_type, self.counted.max).events)
        except Malformed as error:
            raise SenderError(400, error.reason, error.message) from error


def compile_client(id: str, client: Client, snapshot: Snapshot, consent: ConsentRule, secrets: Secrets) -> EdgeClient:
    """Compiles a client of a container that was checked. Raises `OperatorError` where a secret is missing."""
    spec = spec_of(client, snapshot)
    settings = snapshot.settings("client", client.template, client.settings)
    verify = spec.verify
    tokens = {} if verify is None else accepted_tokens(verify.setting, settings.get(verify.setting), secrets)
    names = credential_names(spec.redact, verify.sources if verify else ())
    return EdgeClient(
        id=id,
        body_limit=spec.max_body,
        trust=spec.trust,
        may_set=snapshot.template("client", client.template).settable_cookies,
        cors=spec.cors,
        cookie_names=KNOWN_COOKIES | _fact_cookies(spec.facts),
        wanted_cookies=wanted_cookies(snapshot, _credentials(verify, "cookie")),
        wanted_headers=wanted_headers(snapshot, _credentials(verify, "header")),
        facts=FactReader(spec.facts, consent),
        verifier=None if verify is None else Verifier(verify, tokens),
        redactor=Redactor(names, tokens) if names or tokens else None,
        counted=spec.count,
        answers=ClientAnswers(spec.answers, [VARY] if spec.cors else []),
    )


def spec_of(client: Client, snapshot: Snapshot) -> ClientSpec:
    """Returns the client part of an instance's manifest; templates of the kind client always have one."""
    spec = snapshot.template("client", client.template).manifest.client
    if spec is None:
        raise ValueError(f"the template {client.template!r} is no client")
    return spec


def _credentials(verify: Verify | None, kind: Literal["cookie", "header"]) -> frozenset[str]:
    """Returns the names of cookies or headers that hold the sender's credential; headers in lower case."""
    names = [getattr(source, kind) for source in verify.sources] if verify else []
    return frozenset(name.lower() if kind == "header" else name for name in names if name)


def _fact_cookies(facts: Facts) -> frozenset[str]:
    sources = facts.page_url + facts.referrer + facts.fbp + facts.fbc + facts.consent
    return frozenset(source.cookie for source in sources if source.cookie)
