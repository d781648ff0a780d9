"""TLS for the tests' own vendors, from an authority that lives no longer than the test: no key lies in the tree."""

from __future__ import annotations

import datetime
import ssl
from dataclasses import dataclass

import trustme


def certified(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Returns what a server of that name speaks TLS with, and what a client needs that trusts it."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(name).configure_cert(server)
    authority.configure_trust(client)
    return server, client


@dataclass(frozen=True)
class Certificates:
    """What a vendor may show, and what a client trusts that takes only the first of them."""

    good: ssl.SSLContext
    other_name: ssl.SSLContext
    expired: ssl.SSLContext
    self_signed: ssl.SSLContext
    trust: ssl.SSLContext


def certificates(name: str) -> Certificates:
    """Returns certificates for the name, three of them of no use."""
    authority, stranger = trustme.CA(), trustme.CA()
    trust, self_signed = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(trust)
    with stranger.cert_pem.tempfile() as cert, stranger.private_key_pem.tempfile() as key:
        self_signed.load_cert_chain(cert, key)
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    return Certificates(
        good=_speaks(authority.issue_cert(name)),
        other_name=_speaks(authority.issue_cert(f"other-{name}")),
        expired=_speaks(authority.issue_cert(name, not_after=yesterday)),
        self_signed=self_signed,
        trust=trust,
    )


def _speaks(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
