"""Makes the hit that is stored of a request: what the edge decided, and the raw parts without credentials."""

from __future__ import annotations

import msgspec

from runtime.edge.claim import Claim
from runtime.edge.client import EdgeClient
from runtime.edge.client_ip import Sender
from runtime.edge.config import Placed
from runtime.edge.cookies import Identity, stored_cookies
from runtime.edge.facts import Facts
from runtime.edge.headers import stored_headers
from runtime.edge.hosts import Host
from runtime.edge.incoming import Incoming
from runtime.edge.redact import Redactor
from runtime.edge.repairs import repairs_of
from runtime.edge.verify import Credential
from runtime.model.hit import Hit


class Decided(msgspec.Struct, frozen=True):
    """All that the edge decided about one request."""

    placed: Placed
    received_us: int
    host: Host
    claim: Claim[EdgeClient]
    sender: Sender
    facts: Facts
    credential: Credential
    trust: str
    identity: Identity
    geo: dict[str, str]
    """Where the visitor is, as far as it is known and anybody asks."""


def make_hit(incoming: Incoming, decided: Decided) -> Hit:
    """Returns the hit; where its client handles credentials, without any of them."""
    client, facts, identity, placed = decided.claim.client, decided.facts, decided.identity, decided.placed
    headers = stored_headers(incoming, client.wanted_headers)
    hit = Hit(
        client=client.id,
        version=placed.config.version,
        received_us=decided.received_us,
        method=incoming.method,
        scheme=decided.sender.scheme,
        host=decided.host.text,
        path=incoming.path,
        query=incoming.query,
        headers=headers,
        cookies=stored_cookies(incoming, client.cookie_names, client.wanted_cookies),
        client_ip=decided.sender.ip,
        route=decided.claim.route,
        page_url=facts.page_url,
        referrer=facts.referrer,
        consent=facts.consent,
        fbp=identity.fbp,
        fbc=identity.fbc,
        visitor_id=identity.visitor_id,
        issued=identity.issued,
        verified=decided.credential.id,
        trust=decided.trust,
        body=incoming.body,
        repairs=repairs_of(incoming, decided.sender, facts, identity, headers, trust=decided.trust),
        environment=placed.environment,
        preview=placed.preview,
        sends=placed.sends,
        geo=decided.geo,
        consent_from=facts.consent_from,
    )
    return hit if client.redactor is None else _redact(hit, incoming, client.redactor, decided.credential)


def _redact(hit: Hit, incoming: Incoming, redactor: Redactor, credential: Credential) -> Hit:
    return msgspec.structs.replace(
        hit,
        path=redactor.text(hit.path, credential),
        query=redactor.query(incoming, credential),
        headers=redactor.texts(hit.headers, credential),
        cookies=redactor.texts(hit.cookies, credential),
        route=redactor.texts(hit.route, credential),
        page_url=redactor.text(hit.page_url, credential),
        referrer=redactor.text(hit.referrer, credential),
        body=redactor.body(incoming, credential),
    )
